"""Pages: how many, which ones, and what the headers say of the rest."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from common.conformance.check import PART_1, Level, Profile, Rule, check, expect, need
from common.conformance.subject import Subject
from common.conformance.target import Exchange
from common.conformance.values import ids
from common.spec.contract import Verb

MUST, SHOULD = Level.MUST, Level.SHOULD
_SIZE = 2
_PAGES_MAX = 50
_BEYOND = 100_000


def _rule(level: Level, text: str) -> Rule:
    return Rule(PART_1, "4.5", level, text)


def _enough(subject: Subject) -> list[str]:
    need(bool(subject.population), "there is nothing to list")
    listed = ids(subject.everything())
    need(len(listed) > _SIZE, f"a list of {len(listed)} has no pages")
    return listed


def _in_order(subject: Subject, listed: list[str], right: bool) -> None:
    """A list whose order changes says nothing of its pages; it has a check of its own."""
    need(right or ids(subject.everything()) == listed, "the order of the list changes")


def _page(subject: Subject, **asked: int) -> Exchange:
    """A page no longer than asked for; else the check on limits tells."""
    answer = subject.listing(urlencode(asked))
    need(answer.ok and isinstance(answer.json, list), f"the page cannot be read: {answer.told}")
    need(len(answer.documents) <= asked.get("limit", _BEYOND), "limit is not kept")
    return answer


@check("paging.limit", _rule(MUST, "limit is how many there are at most"), Verb.LIST)
def limit_is_kept(subject: Subject) -> None:
    _enough(subject)
    answer = subject.listing(f"limit={_SIZE}")
    expect(answer.ok, "a page", answer.told, answer)
    expect(len(answer.documents) == _SIZE, f"{_SIZE} resources", f"{len(answer.documents)}", answer)


@check("paging.offset", _rule(MUST, "offset is how many are passed over"), Verb.LIST)
def offset_is_kept(subject: Subject) -> None:
    listed = _enough(subject)
    answer = _page(subject, offset=1, limit=_SIZE)
    _in_order(subject, listed, ids(answer.documents) == listed[1 : 1 + _SIZE])
    expect(ids(answer.documents) == listed[1 : 1 + _SIZE], str(listed[1 : 1 + _SIZE]), ids(answer.documents), answer)


@check("paging.pages_meet", _rule(MUST, "The pages make the list: nothing is left out, nothing comes twice"), Verb.LIST)
def pages_make_the_list(subject: Subject) -> None:
    listed = _enough(subject)
    size = max(_SIZE, len(listed) // _PAGES_MAX + 1)
    found: list[str] = []
    while page := ids(_page(subject, offset=len(found), limit=size).documents):
        found += page
        if len(found) > len(listed):
            break
    twice = sorted({one for one in found if found.count(one) > 1})
    expect(not twice, "every resource once", f"twice: {twice}", subject.target.exchanges[-1])
    missing = sorted(set(listed) - set(found))
    expect(not missing, f"the {len(listed)} of the list", f"without {missing}", subject.target.exchanges[-1])


@check("paging.partial", _rule(SHOULD, "A part of a list is 206"), Verb.LIST)
def part_is_206(subject: Subject) -> None:
    _enough(subject)
    answer = _page(subject, limit=_SIZE)
    expect(answer.status == 206, "status 206", f"{answer.status}", answer)


@check("paging.total_count", _rule(MUST, "X-Total-Count is how many there are in all"), Verb.LIST)
def total_is_told(subject: Subject) -> None:
    listed = _enough(subject)
    answer = subject.listing(f"limit={_SIZE}")
    need(answer.ok, f"the page cannot be read: {answer.told}")
    told = answer.headers.get("x-total-count")
    expect(told == str(len(listed)), f"X-Total-Count: {len(listed)}", told or "no such header", answer)


@check("paging.result_count", _rule(SHOULD, "X-Result-Count is how many the answer has"), Verb.LIST)
def result_is_told(subject: Subject) -> None:
    _enough(subject)
    answer = subject.listing(f"limit={_SIZE}")
    need(answer.ok, f"the page cannot be read: {answer.told}")
    told = answer.headers.get("x-result-count")
    expect(
        told == str(len(answer.documents)), f"X-Result-Count: {len(answer.documents)}", told or "no such header", answer
    )


@check("paging.link_next", _rule(SHOULD, "Link rel=next leads to the page that follows"), Verb.LIST)
def link_leads_on(subject: Subject) -> None:
    listed = _enough(subject)
    answer = _page(subject, limit=_SIZE)
    found = re.search(r'<([^>]*)>\s*;\s*rel="?next"?', answer.headers.get("link", ""))
    if found is None:
        expect(False, "a Link header with rel=next", answer.headers.get("link", "no Link header"), answer)
        return
    after = subject.target.request("GET", subject.target.absolute(found.group(1)))
    need(len(after.documents) <= _SIZE, "limit is not kept")
    expected = listed[_SIZE : 2 * _SIZE]
    _in_order(subject, listed, ids(after.documents) == expected)
    expect(ids(after.documents) == expected, str(expected), ids(after.documents), answer, after)


@check("paging.beyond_the_end", _rule(SHOULD, "Beyond the end there is nothing: 200 and an empty list"), Verb.LIST)
def beyond_the_end_is_empty(subject: Subject) -> None:
    _enough(subject)
    answer = subject.listing(f"offset={_BEYOND}&limit={_SIZE}")
    expect(answer.status in (200, 206) and answer.json == [], "200 and []", answer.told, answer)


@check("paging.bad_limit", _rule(SHOULD, "A limit that is no number of resources is 400"), Verb.LIST)
def bad_limit_is_400(subject: Subject) -> None:
    need(subject.listing().ok, "the list cannot be read")
    for value in ("0", "-1", "many"):
        answer = subject.listing(f"limit={value}")
        expect(answer.status in (400, 422), f"status 400 for limit={value}", answer.told, answer)


@check(
    "paging.bad_offset", _rule(SHOULD, "An offset below zero, or no number, is 400"), Verb.LIST, profile=Profile.FULL
)
def bad_offset_is_400(subject: Subject) -> None:
    need(subject.listing().ok, "the list cannot be read")
    for value in ("-1", "few"):
        answer = subject.listing(f"offset={value}")
        expect(answer.status in (400, 422), f"status 400 for offset={value}", answer.told, answer)


@check(
    "paging.total_of_a_filter",
    _rule(MUST, "X-Total-Count is counted after the filter, before the page"),
    Verb.LIST,
    Verb.CREATE,
)
def total_of_a_filter_is_told(subject: Subject) -> None:
    mark = subject.mark
    wanted = [one[mark] for one in subject.population if mark in one]
    need(len(wanted) > 1, "the server does not keep the run's mark")
    query = urlencode({mark: ",".join(wanted)})
    whole = subject.listing(query)
    need(whole.ok and len(whole.documents) == len(wanted), "filters by several values do not work")
    answer = subject.listing(query + "&limit=1")
    told = answer.headers.get("x-total-count")
    expect(told == str(len(wanted)), f"X-Total-Count: {len(wanted)}", told or "no such header", answer)


@check("paging.stable", _rule(MUST, "The order of a list is the same at every request"), Verb.LIST)
def order_is_stable(subject: Subject) -> None:
    need(bool(subject.population), "there is nothing to list")
    first, second = ids(subject.everything()), ids(subject.everything())
    expect(first == second, "the same order twice", "another order", subject.target.exchanges[-1])


CHECKS = (
    limit_is_kept,
    offset_is_kept,
    pages_make_the_list,
    part_is_206,
    total_is_told,
    result_is_told,
    link_leads_on,
    beyond_the_end_is_empty,
    bad_limit_is_400,
    bad_offset_is_400,
    total_of_a_filter_is_told,
    order_is_stable,
)
