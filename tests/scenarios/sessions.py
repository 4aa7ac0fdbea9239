"""What stories of charging sessions are told with: a network element that asks for quota and reports what was used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from common.domain.query import AllOf, Document
from tests.client import Answer, Suite
from tests.scenarios.charging import Network, plain
from tests.tmf654_balance.kit import check as check_balances
from tests.tmf654_balance.kit import topped_up
from tmf635_usage.tables import BUCKETS, HOLDS, KEYS, LINES, RATINGS, SESSIONS
from tmf654_balance.tables import MOVEMENTS

SESSIONS_PATH = "/tmf-api/charging/v1/session"


def service(kind: str, group: str = "1", want: str | None = None, used: str | None = None, **more: Any) -> Document:
    """A service of a request; amounts as in `60 s`, the attributes of `more` are what prices match."""
    found: Document = {"ratingGroup": group}
    if kind:
        found["usageType"] = kind
    if want is not None:
        found["requestedUnit"] = _size(want)
    if used is not None:
        found["usedUnit"] = _size(used)
    if "at" in more:
        found["usedUnit"]["startDateTime"] = more.pop("at")
    if more:
        found["attributes"] = more
    return found


def _size(text: str) -> Document:
    amount, _, units = text.rpartition(" ")
    return {"amount": Decimal(amount), "units": units} if amount else {"units": units}


@dataclass
class Call:
    """A session as its network element sees it: `granted` as `60 s`, `60 s final` or the code of a refusal."""

    suite: Suite
    id: str
    kind: str
    sequence: int = 0
    last: Document = field(default_factory=dict)

    def ask(
        self, used: str | None = None, want: str | None = None, group: str = "1", kind: str = "", **more: Any
    ) -> str:
        self.sequence += 1
        asked = service(kind, group, want, used, **more)
        return self._told(self.send({"sequence": self.sequence, "service": [asked]}))

    def end(self, used: str | None = None, group: str = "1") -> str:
        self.sequence += 1
        services = [] if used is None else [service("", group, used=used)]
        return self._told(self.send({"sequence": self.sequence, "status": "released", "service": services}))

    def send(self, body: Document) -> Answer:
        return self.suite.patch(f"{SESSIONS_PATH}/{self.id}", body)

    def _told(self, answer: Answer) -> str:
        assert answer.status == 200, answer.content
        self.last = answer.json
        return granted(answer.json)

    @property
    def usages(self) -> list[tuple[str, str | None]]:
        """What became of what was reported last: status and reason."""
        listed = [usage for one in self.last["service"] for usage in one.get("usage", ())]
        return [(one["status"], one.get("statusReason", {}).get("code")) for one in listed]

    @property
    def shown(self) -> Document:
        answer = self.suite.get(f"{SESSIONS_PATH}/{self.id}")
        assert answer.status == 200, answer.content
        return dict(answer.json)


def granted(reply: Mapping[str, Any]) -> str:
    """What each service was granted, in a line."""
    told = []
    for one in reply["service"]:
        amount = one.get("grantedUnit")
        if amount is not None:
            told.append(f"{plain(amount['amount'])} {amount['units']}" + (" final" if one["finalUnit"] else ""))
        elif one["resultCode"] != "success":
            told.append(one["resultCode"])
    return ", ".join(told)


@dataclass
class Element:
    """A network element."""

    network: Network

    @property
    def suite(self) -> Suite:
        return self.network.shop.suite

    def open(self, kind: str, want: str, id: str | None = None, product: str | None = None, **attributes: Any) -> Call:
        """A session of one service that is granted something."""
        body = session_of(product or self.network.sold, service(kind, want=want, **attributes), id=id)
        made = self.suite.created(SESSIONS_PATH, body)
        return Call(self.suite, made["id"], kind, 0, made)

    def refused(self, kind: str, want: str, product: str | None = None, **attributes: Any) -> str:
        """The code of why no session is opened."""
        before = records(self.suite)
        answer = self.suite.post(
            SESSIONS_PATH, session_of(product or self.network.sold, service(kind, want=want, **attributes))
        )
        assert answer.status >= 400, answer.content
        assert records(self.suite) == before, "what is refused leaves nothing"
        return str(answer.json["code"])

    def fill(self, amount: str, units: str = "EUR", product: str | None = None, **more: Any) -> None:
        product = product or self.network.sold
        topped_up(self.suite, f"credit-{product}", Decimal(amount), units=units, product=[{"id": product}], **more)

    def left(self, product: str | None = None) -> Decimal:
        return checked(self.suite)[f"credit-{product or self.network.sold}"]

    def held(self) -> list[str]:
        """Free units that sessions hold: `month 60`."""
        with self.suite.installation.database.read() as uow:
            rows = uow.records(HOLDS.name).find({}, order=["allowance", "start", "session"])
        return [f"{row['allowance']} {plain(row['quantity'])}" for row in rows]

    def reserved(self) -> Decimal:
        """Money that sessions hold."""
        shown = self.suite.get("/tmf-api/prepayBalanceManagement/v4/bucket").json
        return sum((Decimal(one["reservedValue"]["amount"]) for one in shown), Decimal(0))


def session_of(product: str, *services: Document, id: str | None = None) -> Document:
    body: Document = {"subscriber": {"product": product}, "service": list(services)}
    return body if id is None else {"id": id, **body}


def records(suite: Suite) -> dict[str, Any]:
    """Everything that charging writes."""
    with suite.installation.database.read() as uow:
        names = (SESSIONS.name, HOLDS.name, RATINGS.name, LINES.name, BUCKETS.name, KEYS.name, MOVEMENTS.name)
        return {name: uow.records(name).find({}) for name in names}


def checked(suite: Suite) -> dict[str, Decimal]:
    """What must be true at any time; what is left in each bucket of money.

    Received = rated + rejected + waiting, each part of a session once; what sessions used is what their usages say;
    free units drawn and held are within what was granted; charges of money are the lines of prepaid usage.
    """
    left = check_balances(suite)
    found = records(suite)
    with suite.installation.database.read() as uow:
        usages = {
            one["id"]: one for one in suite.installation.library(uow).find("productUsage", AllOf(()), limit=10_000)
        }
    of_sessions = {row["usage"]: row["external"] for row in found[KEYS.name] if row["source"] == "charging-session"}
    assert of_sessions.keys() <= usages.keys()
    current = {row["usage"] for row in found[RATINGS.name] if row["is_current"]}
    assert {id for id in of_sessions if usages[id]["status"] == "rated"} == current & of_sessions.keys()
    assert {usages[id]["status"] for id in of_sessions} <= {"rated", "rejected", "initialized"}
    used: dict[tuple[str, str], Decimal] = {}
    for id, external in of_sessions.items():
        session, _, group, _ = external.rsplit("/", 3)
        said = {one["name"]: one["value"] for one in usages[id]["usageCharacteristic"]}
        used[session, group] = used.get((session, group), Decimal(0)) + said["quantity"]
    for row in found[SESSIONS.name]:
        for one in row["doc"]["services"]:
            assert Decimal(one["used"]) == used.pop((row["id"], one["rating_group"]), Decimal(0)), row["id"]
    assert used == {}
    held: dict[tuple[Any, ...], Decimal] = {}
    for row in found[HOLDS.name]:
        key = (row["scope"], row["allowance"], row["start"])
        held[key] = held.get(key, Decimal(0)) + row["quantity"]
    for row in found[BUCKETS.name]:
        key = (row["scope"], row["allowance"], row["start"])
        assert row["used"] + row["rolled"] + held.pop(key, Decimal(0)) <= row["granted"], row
    assert held == {}
    charged = sum((row["amount"] for row in found[MOVEMENTS.name] if row["kind"] in ("usage", "reversal")), Decimal(0))
    prepaid = {row["cause"] for row in found[MOVEMENTS.name] if row["kind"] == "usage"}
    lines = sum(
        (row["amount"] for row in found[LINES.name] if f"{row['usage']}/{row['number']}" in prepaid), Decimal(0)
    )
    assert charged == -lines
    return left
