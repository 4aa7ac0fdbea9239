"""The worked tables of docs/billing.md come true, bill by bill."""

from __future__ import annotations

from datetime import date

import pytest

from tests.tmf678_bill.billing.accounts import Billed
from tests.tmf678_bill.billing.worked import STORIES, Story, names, worked
from tmf678_bill.billing.values import Item, RateSource, Statement


def shown(item: Item) -> str:
    charge = item.charge
    text = f"{charge.purpose.name} {charge.span.start}..{charge.span.end} {charge.amount.amount}"
    if item.applied.source is RateSource.EXEMPT:
        return f"{text} exempt {item.applied.certificate}"
    if item.tax.is_zero:
        return text
    return f"{text} {'incl.' if item.applied.is_inclusive else '+'} {item.tax.amount}"


def rows(story: Story, cutoffs: list[str]) -> list[list[str]]:
    """The rows of the bills at these cutoffs, each made twice: the second time there is nothing left."""
    billed, before, found = Billed(), None, []
    for text in cutoffs:
        cutoff = date.fromisoformat(text)
        facts = story.at(cutoff, before)
        made = billed.run(facts, cutoff, story.policy, story.rates, story.exemptions)
        found.append([text, *_cells(made)])
        before = cutoff
        again = billed.run(story.at(cutoff, before), cutoff, story.policy, story.rates, story.exemptions)
        assert again is None
    return found


def _cells(made: Statement | None) -> list[str]:
    if made is None:
        return ["no bill", "", "", ""]
    items = "; ".join(shown(item) for item in made.items)
    return [items, *(str(one.amount) for one in (made.net, made.tax, made.gross))]


def test_every_worked_table_has_an_account() -> None:
    assert sorted(names()) == sorted(STORIES)


@pytest.mark.parametrize("name", STORIES)
def test_a_worked_table_comes_true(name: str) -> None:
    expected = worked(name)

    assert rows(STORIES[name], [row[0] for row in expected]) == expected
