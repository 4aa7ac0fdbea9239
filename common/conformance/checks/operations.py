"""The five operations: what each answers when all is well, and that it did what it says."""

from __future__ import annotations

from common.conformance.check import CONTRACT, HTTP, PART_1, PROFILE, Level, Rule, check, expect, need
from common.conformance.subject import Subject
from common.conformance.values import difference
from common.spec.contract import Verb

MUST, SHOULD = Level.MUST, Level.SHOULD


@check("operations.list", Rule(PART_1, "1.3", MUST, "A list is there and answers 200 (206 for a part)"), Verb.LIST)
def list_answers(subject: Subject) -> None:
    answer = subject.listing()
    expect(answer.status in (200, 206), "status 200", answer.told, answer)
    expect(isinstance(answer.json, list), "a JSON array", answer.told, answer)


@check("operations.create", Rule(PART_1, "3.3", MUST, "A create answers 201"), Verb.CREATE)
def create_answers_201(subject: Subject) -> None:
    answer = subject.create(subject.body())
    statuses = subject.resource.operations[Verb.CREATE].statuses
    # A task that is done at once and stored nowhere may answer 200, where the contract says so.
    allowed = {201, *({202} & set(statuses)), *({200} if 201 not in statuses else ())}
    expect(answer.status in allowed, "status 201 for a valid body", answer.told, answer)


@check(
    "operations.location",
    Rule(PART_1, "1.6", MUST, "The answer to a create has a Location header"),
    Verb.CREATE,
)
def create_has_location(subject: Subject) -> None:
    made = subject.minimal.exchange
    expect("location" in made.headers, "a Location header", dict(made.headers), made)


@check(
    "operations.location_leads_there",
    Rule(PART_1, "1.6", MUST, "Location is the address of what was created"),
    Verb.CREATE,
    Verb.RETRIEVE,
)
def location_leads_to_the_resource(subject: Subject) -> None:
    made = subject.minimal
    location = made.exchange.headers.get("location", "")
    need(bool(location), "there is no Location header")
    answer = subject.target.request("GET", subject.target.absolute(location))
    expect(answer.ok and answer.document.get("id") == made.id, f"the resource {made.id}", answer.told, answer)


@check(
    "operations.location_is_href",
    Rule(PROFILE, "resource", MUST, "href in the body and the Location header say the same address"),
    Verb.CREATE,
)
def location_is_href(subject: Subject) -> None:
    made = subject.minimal
    location, href = made.exchange.headers.get("location"), made.document.get("href")
    need(bool(location and href), "Location or href is missing")
    absolute = subject.target.absolute
    expect(absolute(str(location)) == absolute(str(href)), f"href {href}", f"Location {location}", made.exchange)


@check("operations.retrieve", Rule(PART_1, "3.3", MUST, "A resource is there at its address: 200"), Verb.RETRIEVE)
def retrieve_answers_200(subject: Subject) -> None:
    id = subject.minimal.id if subject.has(Verb.CREATE) else str(subject.population[0].get("id"))
    answer = subject.get(id)
    expect(answer.status == 200, "status 200", answer.told, answer)
    expect(answer.document.get("id") == id, f"the resource with id {id}", answer.told, answer)


@check("operations.listed", Rule(PART_1, "4.3", MUST, "What was created is in the list"), Verb.CREATE, Verb.LIST)
def created_is_listed(subject: Subject) -> None:
    id = subject.new().id
    listed = {one.get("id") for one in subject.everything()}
    expect(id in listed, f"{id} among the {len(listed)} of the list", "it is not there", subject.target.exchanges[-1])


@check(
    "operations.ids_differ",
    Rule(PART_1, "2.3", MUST, "Two creates of the same body make two resources"),
    Verb.CREATE,
)
def ids_differ(subject: Subject) -> None:
    body = subject.body()
    need("id" not in body, "the body says its id")
    first, second = subject.create(body), subject.create(body)
    need(first.ok and second.ok, f"the same body is not taken twice: {second.told}")
    expect(first.document.get("id") != second.document.get("id"), "two ids", first.document.get("id"), first, second)


@check("operations.patch", Rule(PART_1, "3.3", MUST, "A patch answers 200 with the whole resource"), Verb.PATCH)
def patch_answers_200(subject: Subject) -> None:
    document = subject.changeable()
    if subject.has(Verb.RETRIEVE):
        document = subject.stored(str(document["id"]))
    answer = subject.patch(str(document["id"]), subject.change, "application/json")
    expect(answer.status == 200, "status 200", answer.told, answer)
    missing = document.keys() - answer.document.keys() - subject.change.keys()
    expect(not missing, "the whole resource", f"without {', '.join(sorted(missing))}", answer)


@check(
    "operations.patch_is_stored",
    Rule(PART_1, "3.3", MUST, "What a patch answers is what is read afterwards"),
    Verb.PATCH,
    Verb.RETRIEVE,
)
def patch_is_stored(subject: Subject) -> None:
    id = str(subject.changeable()["id"])
    answer = subject.patch(id, subject.change, "application/json")
    need(answer.ok, f"the patch is refused: {answer.told}")
    stored = subject.stored(id)
    ((name, value),) = subject.change.items()
    expect(stored.get(name) == value, f"{name}: {value}", stored.get(name), answer, subject.target.exchanges[-1])


@check("operations.delete", Rule(PART_1, "3.3", MUST, "A delete answers 204"), Verb.DELETE, Verb.CREATE)
def delete_answers_204(subject: Subject) -> None:
    answer = subject.delete(subject.new().id)
    # 202, where the contract says so: the resource goes later.
    allowed = {204, *({202} & set(subject.resource.operations[Verb.DELETE].statuses))}
    expect(answer.status in allowed, "status 204", answer.told, answer)


@check("operations.delete_is_empty", Rule(HTTP, "15.3.5", MUST, "204 has no body"), Verb.DELETE, Verb.CREATE)
def delete_has_no_body(subject: Subject) -> None:
    answer = subject.delete(subject.new().id)
    need(answer.ok, f"it cannot be deleted: {answer.told}")
    expect(answer.content == b"", "no body", answer.told, answer)


@check(
    "operations.deleted_is_gone",
    Rule(PROFILE, "delete", MUST, "What was deleted is not found any more"),
    Verb.DELETE,
    Verb.CREATE,
    Verb.RETRIEVE,
)
def deleted_is_gone(subject: Subject) -> None:
    id = subject.new().id
    subject.stored(id)
    deleted = subject.delete(id)
    need(deleted.ok, f"it cannot be deleted: {deleted.told}")
    answer = subject.get(id)
    expect(answer.status in (404, 410), "status 404", answer.told, deleted, answer)


@check(
    "operations.deleted_is_not_listed",
    Rule(PART_1, "4.3", MUST, "What was deleted is in no list"),
    Verb.DELETE,
    Verb.CREATE,
    Verb.LIST,
)
def deleted_is_not_listed(subject: Subject) -> None:
    id = subject.new().id
    need(id in {one.get("id") for one in subject.everything()}, "what is created is not listed")
    deleted = subject.delete(id)
    need(deleted.ok, f"it cannot be deleted: {deleted.told}")
    listed = {one.get("id") for one in subject.everything()}
    expect(id not in listed, f"a list without {id}", "it is still there", deleted, subject.target.exchanges[-1])


@check(
    "operations.delete_again",
    Rule(PART_1, "3.3", MUST, "Deleting what is gone is 404"),
    Verb.DELETE,
    Verb.CREATE,
)
def delete_again_is_404(subject: Subject) -> None:
    id = subject.new().id
    first = subject.delete(id)
    need(first.ok, f"it cannot be deleted: {first.told}")
    again = subject.delete(id)
    expect(again.status in (404, 410), "status 404", again.told, first, again)


@check("operations.json", Rule(PART_1, "1.6", MUST, "Answers are application/json"), Verb.LIST)
def answers_are_json(subject: Subject) -> None:
    answer = subject.listing()
    need(answer.ok, f"the list cannot be read: {answer.told}")
    expect(answer.media_type == "application/json", "application/json", answer.media_type, answer)


@check(
    "operations.retrieved_is_created",
    Rule(CONTRACT, "GET by id", MUST, "What is read is what the create answered"),
    Verb.CREATE,
    Verb.RETRIEVE,
)
def retrieved_is_created(subject: Subject) -> None:
    made = subject.new()
    answer = subject.get(made.id)
    need(answer.ok, f"it cannot be read back: {answer.told}")
    found = difference(made.document, answer.document)
    expect(found is None, "the same document", found, made.exchange, answer)


@check(
    "operations.listed_is_retrieved",
    Rule(CONTRACT, "GET", MUST, "An element of a list is the whole resource, as it is at its own address"),
    Verb.LIST,
    Verb.RETRIEVE,
)
def listed_is_retrieved(subject: Subject) -> None:
    document = subject.any
    retrieved = subject.target.exchanges[-1]
    found = [one for one in subject.everything() if one.get("id") == document["id"]]
    need(bool(found), "it is not in the list")
    told = difference(document, found[0])
    expect(told is None, "the same document", told, retrieved, subject.target.exchanges[-1])


CHECKS = (
    list_answers,
    create_answers_201,
    create_has_location,
    location_leads_to_the_resource,
    location_is_href,
    retrieve_answers_200,
    created_is_listed,
    ids_differ,
    patch_answers_200,
    patch_is_stored,
    delete_answers_204,
    delete_has_no_body,
    deleted_is_gone,
    deleted_is_not_listed,
    delete_again_is_404,
    answers_are_json,
    retrieved_is_created,
    listed_is_retrieved,
)
