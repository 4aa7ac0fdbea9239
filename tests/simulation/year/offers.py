"""What an operator sells in a year, by whom it is billed, and who is exempt: as documents and files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from common.domain.clock import instant_text
from common.domain.query import Document
from tests.scenarios.billing import taxed
from tests.scenarios.corrections import Clerk
from tests.simulation.year.bills import rounded
from tests.simulation.year.world import VAT, Entity, Tariff, amount

MAIN = Entity("main", False, False, 14, (3, 7), ((3, "reminder"), (10, "suspend"), (45, "writeOff")), False)
_FIVE = ((2, "reminder"), (9, "reminder"), (16, "suspend"), (40, "terminate"), (60, "writeOff"))
NORTH = Entity("north", True, True, 20, (5,), _FIVE, True)


def policies() -> str:
    """The billing file."""
    lines = ["legalEntities:"]
    for one in (MAIN, NORTH):
        steps = ", ".join(f"{{afterDays: {days}, action: {action}}}" for days, action in one.steps)
        lines += [
            f"  {one.id}:",
            f"    rounding: {'half-up' if one.is_half_up else 'half-even'}",
            f"    taxRounding: {'perRate' if one.is_per_rate else 'perLine'}",
            f"    paymentDays: {one.payment_days}",
            f"    taxRelief: {'true' if one.has_tax_relief else 'false'}",
            '    numbers: {bill: "{entity}-B-{sequence}", creditNote: "{entity}-C-{sequence}"}',
            f"    dunning: {{steps: [{steps}]}}",
            f"    collection: {{retryAfterDays: [{', '.join(map(str, one.retries))}]}}",
        ]
    return "\n".join(lines)


def plans(currency: str, chance: Random) -> Iterator[Tariff]:
    """One of each kind; amounts by chance."""

    def value(*euros: str) -> str:
        return amount(chance.choice(euros), currency)

    def voice() -> str:
        return chance.choice(("0.0123", "0.00333", "0.05", "0.000077"))

    bases = ("9.99", "31", "20.05", "14.5")
    yield Tariff(f"a-{currency}", currency, value(*bases), setup=value("10", "7.77"), voice=voice())
    yield Tariff(f"b-{currency}", currency, value(*bases), in_advance=True, leaving=value("25"), voice=voice())
    yield Tariff(f"c-{currency}", currency, value(*bases), is_inclusive=True, in_advance=True, setup=value("5.55"))
    yield Tariff(f"d-{currency}", currency, value(*bases), discount=(chance.choice((10, 33)), 2), voice=voice())
    yield Tariff(f"e-{currency}", currency, value("5", "3.33"), least=value("20", "17.77"), voice=voice())
    yield Tariff(f"f-{currency}", currency, value(*bases), by_activation=True, in_advance=chance.random() < 0.5)
    yield Tariff(f"g-{currency}", currency, value(*bases), is_taxed=False, is_undivided=True)
    yield Tariff(f"i-{currency}", currency, value("29.99", "60"), in_advance=chance.random() < 0.8, months=3)
    yield Tariff(f"h-{currency}", currency, value(*bases), in_advance=chance.random() < 0.5, voice=voice())


def publish(office: Clerk, tariff: Tariff) -> None:
    """The prices of a version, and the plan with the first."""
    version = f"{tariff.version}.0"
    more: Document = {"currency": tariff.currency, "version": version}
    tax: Any = VAT if tariff.is_taxed else None
    base_tax = tax
    if tariff.is_inclusive:
        inside = rounded(Fraction(tariff.base) * VAT / (100 + VAT), tariff.currency)
        base_tax = (VAT, f"{Decimal(inside.numerator) / Decimal(inside.denominator):f}")
    prices = [
        office.recurring(
            tariff.price("base"),
            tariff.base,
            f"{tariff.months} month",
            tax=base_tax,
            inAdvance=tariff.in_advance,
            proration="none" if tariff.is_undivided else "day",
            anchor="activation" if tariff.by_activation else "cycle",
            **more,
        )
    ]
    for part, charged_on in (("setup", "activation"), ("leaving", "termination")):
        value = getattr(tariff, part)
        if value is not None:
            prices.append(office.one_time(tariff.price(part), value, tax=tax, chargedOn=charged_on, **more))
    if tariff.discount is not None:
        off, months = tariff.discount
        prices.append(
            office.discount(tariff.price("off"), f"{off} %", prices[0], durationPeriods=months, version=version)
        )
    if tariff.least is not None:
        prices.append(
            office.commitment(tariff.price("least"), tariff.least, tax=tax, period={"units": "month"}, **more)
        )
    if tariff.voice is not None:
        prices.append(
            office.price(tariff.price("voice"), "voice", tariff.voice, "1 s", **more, **taxed(VAT, tariff.currency))
        )
    if tariff.version == 1:
        office.plan(tariff.id, *prices)


def parties(entity: Entity) -> list[Document]:
    person = {"@type": "PartyRef", "id": "anna", "name": "Anna", "@referredType": "Individual"}
    firm = {"@type": "PartyRef", "id": entity.id, "name": entity.id, "@referredType": "Organization"}
    kind = "RelatedPartyRefOrPartyRoleRef"
    return [
        {"@type": kind, "role": "owner", "partyOrPartyRole": person},
        {"@type": kind, "role": "legalEntity", "partyOrPartyRole": firm},
    ]


def certificate(days: tuple[date, date], zone: ZoneInfo) -> Document:
    start, end = (instant_text(datetime.combine(day, datetime.min.time(), zone).astimezone(UTC)) for day in days)
    definition = {"@type": "TaxDefinition", "name": "VAT", "taxType": "VAT"}
    return {
        "@type": "TaxExemptionCertificate",
        "certificateNumber": "X-17",
        "validFor": {"startDateTime": start, "endDateTime": end},
        "taxDefinition": [definition],
    }
