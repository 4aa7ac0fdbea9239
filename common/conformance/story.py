"""One story of a resource, told to listeners: registered, created, changed twice, moved, deleted.

It is played once for a resource; every check on events judges what was heard of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from common.conformance.check import need
from common.conformance.listener import Listener, Received
from common.conformance.subject import Subject
from common.conformance.target import JSON, Exchange
from common.domain.query import Document
from common.spec.contract import EventKind, Verb

ALL, CREATES, GONE = "all", "creates", "gone"


@dataclass
class Story:
    """What was done and what was heard.

    Shapes: `hubs` the registrations by name; `done` the changes in order; `heard` the events about the resource by
    listener, in the order of their arrival.
    """

    hubs: dict[str, Exchange] = field(default_factory=dict)
    removed: Exchange | None = None
    id: str = ""
    done: list[tuple[EventKind, Exchange]] = field(default_factory=list)
    heard: dict[str, list[Received]] = field(default_factory=dict)

    @property
    def all(self) -> list[Received]:
        return self.heard.get(ALL, [])

    def did(self, kind: EventKind) -> list[Exchange]:
        return [exchange for one, exchange in self.done if one is kind]


def told_of(event: Document) -> Document:
    """The resource that an event carries: the object under `event` (or `payload`), whatever it is called."""
    body = event.get("event", event.get("payload"))
    if not isinstance(body, dict):
        return {}
    return next((value for value in body.values() if isinstance(value, dict) and "id" in value), {})


def registered(subject: Subject, callback: str, query: str | None = None) -> Exchange:
    """A POST on the hub; removed at the end of the run."""
    body = {"callback": callback, **({"query": query} if query else {})}
    if not subject.contract.is_v4:
        body["@type"] = "Hub"
    answer = subject.target.request("POST", "/hub", body)
    if answer.ok and "id" in answer.document:
        subject.ledger.entries[f"/hub/{answer.document['id']}"] = "hub"
    return answer


def play(subject: Subject, listener: Listener) -> Story:
    """Do it all, and hear what is told of it."""
    need(subject.has(Verb.CREATE), "the contract has no create")
    story = Story()
    kinds = subject.resource.events
    prefix = f"{subject.tag}-{subject.resource.name}"
    creating = kinds[EventKind.CREATE].type if EventKind.CREATE in kinds else "KitNoSuchEvent"
    for name, query in ((ALL, None), (CREATES, f"eventType={creating}"), (GONE, None)):
        story.hubs[name] = registered(subject, listener.callback(f"{prefix}-{name}"), query)
    need(story.hubs[ALL].ok, f"nobody can register: {story.hubs[ALL].told}")
    gone = story.hubs[GONE].document.get("id")
    if gone is not None:
        story.removed = subject.target.request("DELETE", f"/hub/{gone}")
    listener.on_arrival(lambda event: _look(subject, event))
    made = subject.new()
    story.id = made.id
    story.done.append((EventKind.CREATE, made.exchange))
    # The create event first: when it comes, the resource must be there to be looked at.
    come = listener.wait(f"{prefix}-{ALL}", lambda come: bool(_about(story, come)))
    _act(subject, story)
    if come:  # else nobody tells anything: waiting again would say nothing new
        listener.wait(f"{prefix}-{ALL}", lambda come: _whole(subject, story, come))
    listener.settle()
    for name in (ALL, CREATES, GONE):
        story.heard[name] = _about(story, listener.wait(f"{prefix}-{name}", lambda come: True))
    for hub in (story.hubs[ALL], story.hubs[CREATES]):
        if "id" in hub.document:
            subject.target.request("DELETE", f"/hub/{hub.document['id']}")
    return story


def _about(story: Story, come: list[Received]) -> list[Received]:
    return [one for one in come if told_of(one.document).get("id") == story.id]


def _act(subject: Subject, story: Story) -> None:
    if subject.has(Verb.PATCH):
        name, value = next(iter(subject.change.items()))
        values = [value] if subject.config.patch else [f"first {subject.tag}", f"second {subject.tag}"]
        for one in values:
            answer = subject.patch(story.id, {name: one}, JSON)
            if answer.ok:
                story.done.append((EventKind.ATTRIBUTE_VALUE_CHANGE, answer))
        if subject.config.next_state and subject.resource.state_attribute:
            answer = subject.patch(story.id, {subject.resource.state_attribute: subject.config.next_state}, JSON)
            if answer.ok:
                story.done.append((EventKind.STATE_CHANGE, answer))
    if subject.has(Verb.DELETE):
        answer = subject.delete(story.id)
        if answer.ok:
            story.done.append((EventKind.DELETE, answer))


def _whole(subject: Subject, story: Story, come: list[Received]) -> bool:
    """Whether every change of the story has been told at least."""
    heard = _about(story, come)
    for kind, event in subject.resource.events.items():
        count = len({one.id for one in heard if one.type == event.type})
        if count < len(story.did(kind)):
            return False
    return True


def _look(subject: Subject, event: Document) -> int:
    """The status of the resource at the moment when its event arrives; 0 when nothing can be asked."""
    id = told_of(event).get("id")
    if not isinstance(id, str) or not subject.has(Verb.RETRIEVE):
        return 0
    return subject.target.request("GET", subject.item(id)).status
