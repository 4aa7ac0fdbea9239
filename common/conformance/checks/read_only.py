"""What the server sets and no client may: id, href, its dates, the first state."""

from __future__ import annotations

from common.conformance.check import CONTRACT, PART_1, Level, Rule, check, expect, need
from common.conformance.subject import Subject
from common.conformance.values import instant
from common.spec.contract import Verb

MUST, SHOULD = Level.MUST, Level.SHOULD
_ELSEWHERE = "https://elsewhere.example/kit"


@check("read_only.id", Rule(PART_1, "2.3", MUST, "Every resource has an id, a text"), Verb.LIST)
def id_is_set(subject: Subject) -> None:
    need(bool(subject.population), "there is nothing to list")
    answer = subject.lists()
    for document in answer.documents:
        id = document.get("id")
        expect(isinstance(id, str) and id != "", "an id", document, answer)


@check("read_only.href", Rule(PART_1, "2.3", MUST, "Every resource has an href, a text"), Verb.LIST)
def href_is_set(subject: Subject) -> None:
    for document in subject.population:
        href = document.get("href")
        expect(isinstance(href, str) and href != "", "an href", document, subject.target.exchanges[-1])


@check("read_only.href_leads_there", Rule(PART_1, "2.3", MUST, "href is the resource's own address"), Verb.RETRIEVE)
def href_leads_there(subject: Subject) -> None:
    document = subject.any
    need(isinstance(document.get("href"), str), "there is no href")
    answer = subject.target.request("GET", subject.target.absolute(document["href"]))
    expect(
        answer.ok and answer.document.get("id") == document["id"],
        f"the resource {document['id']} at {document['href']}",
        answer.told,
        answer,
    )


@check(
    "read_only.created_at",
    Rule(CONTRACT, "the date of creation", SHOULD, "The server says when it was created"),
    Verb.CREATE,
)
def creation_date_is_set(subject: Subject) -> None:
    _said(subject, subject.resource.created_at, "the contract has no date of creation")


@check(
    "read_only.updated_at",
    Rule(CONTRACT, "the date of change", SHOULD, "The server says when it was changed last"),
    Verb.CREATE,
)
def update_date_is_set(subject: Subject) -> None:
    _said(subject, subject.resource.updated_at, "the contract has no date of change")


def _said(subject: Subject, name: str | None, otherwise: str) -> None:
    """A date-time of the server's in the answer to a create."""
    need(name is not None, otherwise)
    made = subject.minimal
    said = instant(made.document.get(name or ""))
    expect(said is not None, f"{name}, a date-time", made.exchange.told, made.exchange)


@check(
    "read_only.updated_at_moves",
    Rule(CONTRACT, "the date of change", SHOULD, "A change moves the date of change on"),
    Verb.CREATE,
    Verb.PATCH,
)
def update_date_moves(subject: Subject) -> None:
    name = subject.resource.updated_at or ""
    made = subject.new()
    before = instant(made.document.get(name))
    need(before is not None, "the server sets no date of change")
    answer = subject.patch(made.id, subject.change, "application/json")
    need(answer.ok, f"the patch is refused: {answer.told}")
    after = instant(subject.stored(made.id).get(name))
    expect(after is not None and before is not None and after >= before, f"{name} not before {before}", after, answer)


@check("read_only.first_state", Rule(CONTRACT, "lifecycle", SHOULD, "A new resource has a state"), Verb.CREATE)
def first_state_is_set(subject: Subject) -> None:
    name = subject.resource.state_attribute
    need(name is not None, "the contract has no state")
    made = subject.minimal
    need(name not in made.sent, "the body says the state")
    expect(bool(made.document.get(name or "")), f"{name} with a value", made.exchange.told, made.exchange)


@check(
    "read_only.href_is_the_servers",
    Rule(PART_1, "2.3", MUST, "The server says href; a client's is refused or not kept"),
    Verb.CREATE,
)
def href_of_a_client_is_not_kept(subject: Subject) -> None:
    answer = subject.create(subject.body(href=_ELSEWHERE))
    need(answer.ok or answer.status in (400, 422), f"neither taken nor refused: {answer.told}")
    if answer.ok:
        expect(
            answer.document.get("href") != _ELSEWHERE, "an href of the server's", answer.document.get("href"), answer
        )


@check(
    "read_only.dates_are_the_servers",
    Rule(CONTRACT, "dates", SHOULD, "A date that the create schema leaves out is the server's"),
    Verb.CREATE,
)
def dates_of_a_client_are_not_kept(subject: Subject) -> None:
    dates = {subject.resource.created_at, subject.resource.updated_at} - {None} - subject.resource.settable
    need(bool(dates), "the contract has no date that only the server sets")
    name, value = str(sorted(map(str, dates))[0]), "2001-02-03T04:05:06.000Z"
    answer = subject.create(subject.body(**{name: value}))
    need(answer.ok or answer.status in (400, 422), f"neither taken nor refused: {answer.told}")
    if answer.ok:
        expect(instant(answer.document.get(name)) != instant(value), f"a {name} of the server's", value, answer)


@check("read_only.id_is_kept", Rule(PART_1, "PATCH", MUST, "id and href never change"), Verb.PATCH, Verb.RETRIEVE)
def id_and_href_are_kept(subject: Subject) -> None:
    document = subject.changeable()
    id = str(document["id"])
    before = subject.stored(id)
    for name, value in (("id", f"other-{subject.tag}"), ("href", _ELSEWHERE)):
        answer = subject.patch(id, {name: value}, "application/json")
        after = subject.get(id)
        expect(after.ok, f"the resource still at {id}", after.told, answer, after)
        expect(after.document.get(name) == before.get(name), f"{name} {before.get(name)}", after.told, answer, after)


@check("read_only.id_change_is_refused", Rule(PART_1, "PATCH", SHOULD, "A patch of the id is 400"), Verb.PATCH)
def id_change_is_refused(subject: Subject) -> None:
    document = subject.changeable()
    answer = subject.patch(str(document["id"]), {"id": f"other-{subject.tag}"}, "application/json")
    expect(answer.status in (400, 409, 422), "status 400", answer.told, answer)


@check("read_only.same_id_is_accepted", Rule(PART_1, "PATCH", SHOULD, "A patch may repeat the id it has"), Verb.PATCH)
def same_id_is_accepted(subject: Subject) -> None:
    document = subject.changeable()
    same = {name: document[name] for name in ("id", "@type") if name in document}
    answer = subject.patch(str(document["id"]), {**same, **subject.change}, "application/json")
    expect(answer.ok, "status 200", answer.told, answer)


CHECKS = (
    id_is_set,
    href_is_set,
    href_leads_there,
    creation_date_is_set,
    update_date_is_set,
    update_date_moves,
    first_state_is_set,
    href_of_a_client_is_not_kept,
    dates_of_a_client_are_not_kept,
    id_and_href_are_kept,
    id_change_is_refused,
    same_id_is_accepted,
)
