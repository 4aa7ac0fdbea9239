"""Which version of a price a product has."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from common.settings import Settings
from tests.fakes import rule_context
from tmf637_inventory.prices import keep_versions


class Sold:
    """The offer of a catalogue (`soldPrices`) that knows the latest of some."""

    def __init__(self, **versions: str | None) -> None:
        self._versions = versions

    def meant(self, agreed: list[Any], library: object) -> list[Any]:
        ids = [one["productOfferingPrice"]["id"] for one in agreed]
        return [{"id": id, "version": self._versions[id]} if id in self._versions else None for id in ids]


def product(*prices: str) -> dict[str, Any]:
    """`a:1` is a price in a version, `a` one without; `a/b` is altered by b; `own` stands by value."""
    return {"productPrice": [_entry(one) for one in prices]}


def _entry(text: str) -> dict[str, Any]:
    price, _, alteration = text.partition("/")
    entry: dict[str, Any] = {"name": text} if price == "own" else {"productOfferingPrice": _reference(price)}
    return entry | ({"priceAlteration": [_entry(alteration)]} if alteration else {})


def _reference(text: str) -> dict[str, Any]:
    id, _, version = text.partition(":")
    return {"id": id} | ({"version": version} if version else {})


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        ([], ["a"], ["a:2"]),
        ([], ["a:1"], ["a:1"]),
        ([], ["a/b"], ["a:2/b:3"]),
        ([], ["own", "a"], ["own", "a:2"]),
        ([], ["elsewhere", "unversioned"], ["elsewhere", "unversioned"]),
        (["a:1"], ["a"], ["a:1"]),
        (["a:1/b:1"], ["a/b"], ["a:1/b:1"]),
        (["a:1"], ["a:2"], ["a:2"]),  # who says a version means it
        (["a:1"], ["b", "a"], ["b:3", "a:1"]),
        (["a:1"], ["a", "a"], ["a:1", "a:2"]),
        (["a:1"], ["a", "a:1"], ["a:2", "a:1"]),  # the one that it had is still there
        (["a:1", "a:2"], ["a", "a"], ["a:1", "a:2"]),
        (["a"], ["a"], ["a:2"]),
        (["elsewhere:1"], ["elsewhere"], ["elsewhere:1"]),
    ],
)
def test_a_price_without_a_version_is_of_the_one_that_the_product_had_else_of_the_latest(
    before: list[str], after: list[str], kept: list[str]
) -> None:
    context = rule_context("product")
    context.offered = {"soldPrices": Sold(a="2", b="3", unversioned=None)}.get
    was, found = product(*before), product(*after)

    keep_versions(was, found, context)

    assert found == product(*kept)
    assert was == product(*before)


def test_what_a_patch_left_alone_stays_as_it_was_before_it() -> None:
    context = rule_context("product")
    context.offered = {"soldPrices": Sold(a="2")}.get
    before = product("a")
    after = dict(before)  # as patching does, which copies only what it changes

    keep_versions(before, after, context)

    assert (before, after) == (product("a"), product("a:2"))


def test_prices_that_follow_the_catalogue_keep_to_no_version() -> None:
    context = rule_context("product")
    context.settings = Settings(unversioned_prices="follow")
    context.offered = {"soldPrices": Sold(a="2")}.get
    found = product("a", "a:1")

    keep_versions(product("a:1"), found, context)

    assert found == product("a", "a:1")


@pytest.mark.parametrize("offered", [None, {}.get])
def test_without_a_catalogue_here_nothing_is_said(offered: Any) -> None:
    context = rule_context("product")
    context.offered = offered
    sent = product("a", "b:1")
    found = copy.deepcopy(sent)

    keep_versions({}, found, context)

    assert found == sent


def test_a_product_without_prices_stays_without() -> None:
    found: dict[str, Any] = {"name": "sim"}

    keep_versions({}, found, rule_context("product"))

    assert found == {"name": "sim"}
