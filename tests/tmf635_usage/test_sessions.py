"""Charging sessions without a database: how requests are read, what a request's number means, what is held."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from common.errors import InvalidBody
from tmf635_usage.holds import held_by, holding, letting_go
from tmf635_usage.rating.tally import Tally
from tmf635_usage.rating.values import Bucket, BucketKey, Draw, State
from tmf635_usage.reading import read
from tmf635_usage.session_request import Amount, Ask, read_create, read_update
from tmf635_usage.session_state import (
    LAPSED,
    OPEN,
    RELEASED,
    OtherRequest,
    SequenceGap,
    SequenceOld,
    Service,
    Session,
    SessionEnded,
    usage_as,
    usage_of,
    values_of,
)

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
MONTH = BucketKey("month", "line-7", AT)
WANTED = {"ratingGroup": "1", "usageType": "data", "requestedUnit": {"amount": 10, "units": "MB"}}


def create(**changes):
    return {"subscriber": {"msisdn": "+491700000007"}, "service": [WANTED], **changes}


def session(sequence=3, state=OPEN, mark="mark"):
    service = Service("1", "voice", {"calledNumber": "+43123"}, "s", AT, Decimal("90.5"), Decimal(60))
    subscriber = {"msisdn": "+491700000007", "product": "line-7"}
    return Session("s1", "line-7", "acc-7", state, sequence, AT, AT, subscriber, {"1": service}, mark, {"id": "s1"})


def ask(sequence, mark="mark"):
    return Ask(sequence, (), mark)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"amount": 10, "units": "MB"}, Amount(Decimal(10_000_000), "B")),
        ({"amount": Decimal("1.5"), "units": "min"}, Amount(Decimal(90), "s")),
        ({"amount": 1, "units": "KiB"}, Amount(Decimal(1024), "B")),
        ({"units": "1"}, Amount(None, "event")),
    ],
)
def test_amounts_are_read_in_base_units(given, expected):
    [service] = read_create(create(service=[{**WANTED, "requestedUnit": given}])).services

    assert service.requested == expected


def test_attributes_are_texts_whatever_they_were():
    attributes = {"roaming": True, "slice": "1-000001", "cell": 7}

    [service] = read_create(create(service=[{**WANTED, "attributes": attributes}])).services

    assert service.attributes == {"roaming": "true", "slice": "1-000001", "cell": "7"}


def test_the_same_request_has_the_same_mark_in_any_order_of_names():
    one, other = create(id="s1"), dict(reversed(create(id="s1").items()))

    assert read_create(one).mark == read_create(other).mark
    assert read_create(one).mark != read_create(create(id="s2")).mark


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/service", "/subscriber"]),
        ([], [""]),
        (create(service=[]), ["/service"]),
        (create(service=[WANTED] * 21), ["/service"]),
        (create(service=[WANTED, WANTED]), ["/service/1/ratingGroup"]),
        (create(service=[{"ratingGroup": "1"}]), ["/service/0"]),
        (create(service=[{**WANTED, "usedUnit": {"amount": 1, "units": "B"}}]), ["/service/0/usedUnit"]),
        (
            create(service=[{**WANTED, "requestedUnit": {"amount": 0, "units": "B"}}]),
            ["/service/0/requestedUnit/amount"],
        ),
        (
            create(service=[{**WANTED, "requestedUnit": {"amount": -1, "units": "B"}}]),
            ["/service/0/requestedUnit/amount"],
        ),
        (create(service=[{**WANTED, "attributes": {"x": ["y"]}}]), ["/service/0/attributes/x"]),
        (create(sequence="1"), ["/sequence"]),
        (create(sequence=True), ["/sequence"]),
        (create(id="x" * 129), ["/id"]),
        (create(id="a/b"), ["/id"]),
        (create(service=[{**WANTED, "ratingGroup": "a/b"}]), ["/service/0/ratingGroup"]),
    ],
)
def test_what_is_wrong_with_an_opening(body, pointers):
    with pytest.raises(InvalidBody) as refused:
        read_create(body)

    assert sorted(one.pointer for one in refused.value.violations) == pointers


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"service": [WANTED]}, ["/sequence"]),
        ({"sequence": 1}, ["/service"]),
        ({"sequence": 1, "status": "open", "service": [WANTED]}, ["/status"]),
        ({"sequence": 1, "status": "released", "service": [WANTED]}, ["/service/0/requestedUnit"]),
        (
            {"sequence": 1, "service": [{"ratingGroup": "1", "usedUnit": {"units": "s"}}]},
            ["/service/0/usedUnit/amount"],
        ),
        (
            {"sequence": 1, "service": [{**WANTED, "usedUnit": {"amount": 1, "units": "s"}}]},
            ["/service/0/usedUnit/units"],
        ),
        (
            {
                "sequence": 1,
                "service": [
                    {"ratingGroup": "1", "usedUnit": {"amount": 1, "units": "s", "startDateTime": "yesterday"}}
                ],
            },
            ["/service/0/usedUnit/startDateTime"],
        ),
    ],
)
def test_what_is_wrong_with_an_update(body, pointers):
    with pytest.raises(InvalidBody) as refused:
        read_update(body)

    assert [one.pointer for one in refused.value.violations] == pointers


@pytest.mark.parametrize(
    ("state", "sequence", "mark", "expected"),
    [
        (OPEN, 4, "new", None),
        (LAPSED, 4, "new", None),
        (OPEN, 3, "mark", {"id": "s1"}),
        (RELEASED, 3, "mark", {"id": "s1"}),
        (OPEN, 3, "new", OtherRequest),
        (OPEN, 2, "mark", SequenceOld),
        (OPEN, 5, "new", SequenceGap),
        (RELEASED, 4, "new", SessionEnded),
    ],
)
def test_what_the_number_of_a_request_means(state, sequence, mark, expected):
    if isinstance(expected, type):
        with pytest.raises(expected):
            session(state=state).answered(ask(sequence, mark))
    else:
        assert session(state=state).answered(ask(sequence, mark)) == expected


def test_a_session_is_read_back_as_it_was_written():
    assert Session.of(session().row) == session()


def test_a_part_of_a_session_is_read_as_usage_that_has_something_before_it():
    kept = session()
    service = kept.services["1"]
    values = values_of(kept, service, AT, Decimal(30), Decimal("90.5"))
    document = usage_of(kept, service, values, "4/1/used")

    reading = read({**document, "creationDate": "2026-03-01T13:00:00.000Z"})

    assert reading.usage == usage_as(service, AT, values), "it is rated as it will be rated over"

    assert (reading.at, reading.product, reading.identifiers) == (AT, "line-7", (("msisdn", "+491700000007"),))
    assert (reading.usage.quantity, reading.usage.unit, reading.usage.before) == (30, "s", Decimal("90.5"))
    assert (reading.usage.attributes["destination"], reading.usage.attributes["ratingGroup"]) == ("+43123", "1")
    assert document["externalIdentifier"][0]["id"] == "s1/4/1/used"


def test_held_units_count_as_drawn_until_they_are_let_go_of():
    tally = Tally(State({MONTH: Bucket(MONTH, "B", Decimal(100), Decimal(10), Decimal(5), AT, AT)}))
    rows = held_by("s1", "1", [Draw(MONTH, Decimal(20), False), Draw(MONTH, Decimal(3), True)])

    counted = holding(tally, rows)
    assert (tally.held[MONTH].used, tally.held[MONTH].rolled) == (30, 8)

    letting_go(tally, counted)
    assert (tally.held[MONTH].used, tally.held[MONTH].rolled) == (10, 5)


def test_what_is_held_in_a_bucket_that_is_gone_counts_nothing():
    tally = Tally(State())

    assert holding(tally, held_by("s1", "1", [Draw(MONTH, Decimal(20), False)])) == []
