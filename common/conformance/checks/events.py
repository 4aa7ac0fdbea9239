"""The hub, and the events of one story: all of them, once, in order, after the fact, with the contract's content."""

from __future__ import annotations

from common.conformance.check import CONTRACT, PART_1, Level, Profile, Rule, check, expect, need
from common.conformance.listener import Received
from common.conformance.story import ALL, CREATES, GONE, Story, registered, told_of
from common.conformance.subject import Subject
from common.conformance.values import instant
from common.spec.contract import EventKind, Verb

MUST, SHOULD = Level.MUST, Level.SHOULD


def _rule(text: str, level: Level = MUST) -> Rule:
    return Rule(PART_1, "notifications", level, text)


def _hub(subject: Subject) -> None:
    hub = subject.contract.hub
    need(hub is not None and hub.creatable, "the contract has no hub")


def _story(subject: Subject) -> Story:
    _hub(subject)
    return subject.story


def _heard(subject: Subject) -> tuple[Story, list[Received]]:
    story = _story(subject)
    need(bool(story.all), "no event was heard")
    return story, story.all


@check("events.hub", _rule("Registering a listener answers 201"), Verb.LIST)
def registering_is_201(subject: Subject) -> None:
    _hub(subject)
    answer = registered(subject, "https://listener.example/kit")
    expect(answer.status == 201, "status 201", answer.told, answer)


@check("events.hub_id", _rule("The registration has an id and says its callback"), Verb.LIST)
def registration_has_an_id(subject: Subject) -> None:
    _hub(subject)
    answer = registered(subject, "https://listener.example/kit")
    need(answer.ok, f"nobody can register: {answer.told}")
    expect(isinstance(answer.document.get("id"), str), "an id", answer.told, answer)
    expect(answer.document.get("callback") == "https://listener.example/kit", "the callback", answer.told, answer)


@check("events.hub_delete", _rule("Removing a listener is 204, and 404 when it is gone"), Verb.LIST)
def removing_is_204(subject: Subject) -> None:
    _hub(subject)
    answer = registered(subject, "https://listener.example/kit")
    need(answer.ok and "id" in answer.document, f"nobody can register: {answer.told}")
    first = subject.target.request("DELETE", f"/hub/{answer.document['id']}")
    expect(first.status == 204, "status 204", first.told, first)
    again = subject.target.request("DELETE", f"/hub/{answer.document['id']}")
    expect(again.status in (404, 410), "status 404", again.told, again)


@check("events.hub_callback", _rule("A registration without a callback is 400"), Verb.LIST)
def callback_is_mandatory(subject: Subject) -> None:
    _hub(subject)
    works = registered(subject, "https://listener.example/kit")
    need(works.ok, f"nobody can register: {works.told}")
    answer = subject.target.request("POST", "/hub", {} if subject.contract.is_v4 else {"@type": "Hub"})
    expect(answer.status in (400, 422), "status 400", answer.told, answer)


def _told(subject: Subject, kind: EventKind) -> None:
    """As many events of a kind as there were changes of it."""
    story = _story(subject)
    need(kind in subject.resource.events, "the contract has no such event")
    did = story.did(kind)
    need(bool(did), "nothing of the kind could be done")
    type = subject.resource.events[kind].type
    count = len({one.id for one in story.all if one.type == type})
    enough = count >= len(did) if kind is EventKind.ATTRIBUTE_VALUE_CHANGE else count == len(did)
    heard = [one.type for one in story.all]
    expect(enough, f"{len(did)} {type}", f"{count}; heard: {heard}", story.hubs[ALL], *did)


@check("events.create", _rule("A create is told"), Verb.CREATE)
def create_is_told(subject: Subject) -> None:
    _told(subject, EventKind.CREATE)


@check("events.attribute_value_change", _rule("A change of attributes is told"), Verb.CREATE, Verb.PATCH)
def change_is_told(subject: Subject) -> None:
    _told(subject, EventKind.ATTRIBUTE_VALUE_CHANGE)


@check("events.state_change", _rule("A change of the state is told"), Verb.CREATE, Verb.PATCH)
def state_change_is_told(subject: Subject) -> None:
    story = _story(subject)
    need(EventKind.STATE_CHANGE in subject.resource.events, "the contract has no such event")
    did = story.did(EventKind.STATE_CHANGE)
    need(bool(did), "no state to go to is known; the configuration may name one (next_state)")
    type, name = subject.resource.events[EventKind.STATE_CHANGE].type, subject.resource.state_attribute or ""
    states = [told_of(one.document).get(name) for one in story.all if one.type == type]
    expect(subject.config.next_state in states, f"{type} with {name} {subject.config.next_state}", states, *did)


@check("events.delete", _rule("A delete is told"), Verb.CREATE, Verb.DELETE)
def delete_is_told(subject: Subject) -> None:
    _told(subject, EventKind.DELETE)


@check("events.once", _rule("One change is told once: no event comes twice", SHOULD), Verb.CREATE)
def events_come_once(subject: Subject) -> None:
    story, heard = _heard(subject)
    ids = [one.id for one in heard]
    twice = sorted({one.type for one in heard if ids.count(one.id) > 1})
    expect(not twice, "every event once", f"twice: {twice}", story.hubs[ALL])


@check("events.order", _rule("The events of a resource come in the order of its changes"), Verb.CREATE)
def events_come_in_order(subject: Subject) -> None:
    story, heard = _heard(subject)
    expected = [subject.resource.events[kind].type for kind, _ in story.done if kind in subject.resource.events]
    first: list[str] = list(dict.fromkeys(one.type for one in heard if one.type in expected))
    need(len(first) > 1, "too few kinds of events were heard")
    wanted = [one for one in dict.fromkeys(expected) if one in first]
    # What a create or a change brings about by itself may be told between: only first and last are fixed.
    fixed = (first[0], first[-1]) if EventKind.DELETE in dict(story.done) else (first[0], None)
    due = (wanted[0], wanted[-1] if fixed[1] else None)
    expect(fixed == due, f"{wanted}", first, story.hubs[ALL])
    name = next(iter(subject.change)) if subject.has(Verb.PATCH) else ""
    values = [told_of(one.document).get(name) for one in heard if name in told_of(one.document)]
    sent = [exchange.document.get(name) for exchange in story.did(EventKind.ATTRIBUTE_VALUE_CHANGE)]
    if len(sent) == 2 and set(sent) <= set(values):
        expect(values.index(sent[0]) < values.index(sent[1]), f"{sent}", values, story.hubs[ALL])


@check(
    "events.after_the_fact", _rule("An event comes when its change can be read, not before"), Verb.CREATE, Verb.RETRIEVE
)
def events_come_after_the_fact(subject: Subject) -> None:
    story, heard = _heard(subject)
    need(EventKind.CREATE in subject.resource.events, "the contract has no create event")
    creating = subject.resource.events[EventKind.CREATE].type
    seen = [one.seen for one in heard if one.type == creating]
    need(bool(seen), "no create event was heard")
    expect(seen[0] == 200, "200 for the resource when its create event arrives", seen[0], story.hubs[ALL])


@check(
    "events.envelope", Rule(CONTRACT, "events", MUST, "An event has an id, a time with zone and its type"), Verb.CREATE
)
def envelope_is_whole(subject: Subject) -> None:
    story, heard = _heard(subject)
    for one in heard:
        expect(bool(one.id), "eventId", one.document, story.hubs[ALL])
        expect(
            instant(one.document.get("eventTime")) is not None, "eventTime, a date-time", one.document, story.hubs[ALL]
        )
        expect(bool(one.type), "eventType", one.document, story.hubs[ALL])


@check("events.type", Rule(CONTRACT, "events", MUST, "eventType is one of the contract's"), Verb.CREATE)
def types_are_declared(subject: Subject) -> None:
    story, heard = _heard(subject)
    declared = set(subject.contract.events) | {one.type for one in subject.contract.events.values()}
    unknown = sorted({one.type for one in heard} - declared)
    expect(not unknown, f"one of {len(declared)} declared types", unknown, story.hubs[ALL])


@check(
    "events.payload",
    Rule(CONTRACT, "events", MUST, "A create event carries the resource as it is, under its name"),
    Verb.CREATE,
)
def create_carries_the_resource(subject: Subject) -> None:
    story, heard = _heard(subject)
    need(EventKind.CREATE in subject.resource.events, "the contract has no create event")
    event = subject.resource.events[EventKind.CREATE]
    found = [one for one in heard if one.type == event.type]
    need(bool(found), "no create event was heard")
    body = found[0].document.get(event.body_key)
    carried = body.get(event.payload_key) if isinstance(body, dict) else None
    expect(isinstance(carried, dict), f"{event.body_key}.{event.payload_key}", found[0].document, story.hubs[ALL])
    made = story.did(EventKind.CREATE)[0].document
    wanted = {name: made.get(name) for name in ("id", *subject.texts[:1]) if name in made}
    got = {name: (carried or {}).get(name) for name in wanted}
    expect(got == wanted, str(wanted), got, story.hubs[ALL])


@check(
    "events.href",
    Rule(CONTRACT, "events", SHOULD, "The resource in an event has its href"),
    Verb.CREATE,
    profile=Profile.FULL,
)
def payload_has_href(subject: Subject) -> None:
    story, heard = _heard(subject)
    for one in heard:
        expect(bool(told_of(one.document).get("href")), "href", one.document, story.hubs[ALL])


@check("events.query", _rule("A listener's query says which events it gets"), Verb.CREATE)
def query_is_kept(subject: Subject) -> None:
    story, _ = _heard(subject)
    need(story.hubs[CREATES].ok, f"a query is refused: {story.hubs[CREATES].told}")
    need(EventKind.CREATE in subject.resource.events, "the contract has no create event")
    creating = subject.resource.events[EventKind.CREATE].type
    need(any(one.type == creating for one in story.all), "no create event was heard")
    types = [one.type for one in story.heard[CREATES]]
    other = sorted(set(types) - {creating})
    expect(not other, f"{creating} alone", types, story.hubs[CREATES])
    expect(bool(types), creating, "nothing", story.hubs[CREATES])


@check("events.removed_is_silent", _rule("A listener that was removed hears nothing"), Verb.CREATE)
def removed_listener_hears_nothing(subject: Subject) -> None:
    story, _ = _heard(subject)
    need(story.removed is not None and story.removed.ok, "no listener could be removed")
    heard = [one.type for one in story.heard[GONE]]
    expect(not heard, "nothing", heard, story.hubs[GONE], *([story.removed] if story.removed else []))


CHECKS = (
    registering_is_201,
    registration_has_an_id,
    removing_is_204,
    callback_is_mandatory,
    create_is_told,
    change_is_told,
    state_change_is_told,
    delete_is_told,
    events_come_once,
    events_come_in_order,
    events_come_after_the_fact,
    envelope_is_whole,
    types_are_declared,
    create_carries_the_resource,
    payload_has_href,
    query_is_kept,
    removed_listener_hears_nothing,
)
