"""Bills to render, small and large, as views."""

from __future__ import annotations

import struct
import zlib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from common.domain.money import Money
from tmf678_bill.document.appearance import Appearance, appearance
from tmf678_bill.document.view import (
    Bank,
    BillView,
    Issuer,
    Item,
    PaymentSlip,
    ProductItems,
    Recipient,
    Span,
    TaxGroup,
    UsageRow,
)

BANK = Bank(
    holder="Larkwing Mobile GmbH",
    iban="DE75512108001245126199",
    bic="SOLADEST600",
    name="Musterbank",
    reference_prefix="",
)
ISSUER = Issuer(
    id="main",
    name="Larkwing Mobile GmbH",
    address=("Hafenstraße 12", "20457 Hamburg"),
    tax_number="DE811234567",
    register="Amtsgericht Hamburg HRB 12345",
    contact=("www.larkwing.example", "+49 40 555 0100"),
    bank=BANK,
)
AMELIE = Recipient("Amelie Brandt", ("Kastanienallee 7", "10435 Berlin"))
OCTOBER = Span(date(2026, 10, 1), date(2026, 11, 1))
ZERO = Decimal(0)


def money(value: str, currency: str = "EUR") -> Money:
    return Money(Decimal(value), currency)


def item(id: str, name: str, net: str, tax: str, gross: str, currency: str = "EUR", **more: object) -> Item:
    given: dict[str, object] = {
        "kind": "recurring",
        "span": OCTOBER,
        "tax_category": "VAT",
        "tax_rate": Decimal(19),
        **more,
    }
    return Item(id, name, net=money(net, currency), tax=money(tax, currency), gross=money(gross, currency), **given)  # type: ignore[arg-type]


def bill(products: tuple[ProductItems, ...], groups: tuple[TaxGroup, ...], **more: object) -> BillView:
    """A view whose totals are those of its tax groups, by transfer to Larkwing's bank."""
    currency = groups[0].net.currency if groups else "EUR"
    nothing = Money(ZERO, currency)
    net, tax, gross = (
        sum((getattr(group, name) for group in groups), start=nothing) for name in ("net", "tax", "gross")
    )
    given: dict[str, object] = {
        "id": "b-1",
        "number": "LW-2026-00102",
        "kind": "bill",
        "issued": date(2026, 11, 1),
        "period": OCTOBER,
        "due": date(2026, 11, 15),
        "issuer": ISSUER,
        "recipient": AMELIE,
        "account": "acc-brandt",
        "account_name": "Amelie Brandt",
        "language": "en",
        "currency": currency,
        "remaining": gross,
        **more,
    }
    remaining = given["remaining"]
    assert isinstance(remaining, Money)
    given.setdefault("slip", PaymentSlip(BANK, str(given["number"]), remaining, given["due"]))  # type: ignore[arg-type]
    return BillView(products=products, tax_groups=groups, net=net, tax=tax, gross=gross, **given)  # type: ignore[arg-type]


def group(net: str, tax: str, gross: str, rate: str = "19", currency: str = "EUR", exemption: str = "") -> TaxGroup:
    return TaxGroup("VAT", Decimal(rate), money(net, currency), money(tax, currency), money(gross, currency), exemption)


def short(**more: object) -> BillView:
    """One line with a discount, calls and an option."""
    items = (
        item("i1", "Plan M", "15.12", "2.87", "17.99", quantity=Decimal(1), unit="", unit_price=Decimal("15.12")),
        item(
            "i2", "Welcome discount", "-4.20", "-0.80", "-5.00", kind="discount", description="Second of three months"
        ),
        item(
            "i3",
            "Calls to other countries",
            "1.81",
            "0.34",
            "2.15",
            kind="usage",
            quantity=Decimal(1440),
            unit="s",
            usages=3,
        ),
    )
    option = item("i4", "Extra data 5 GB", "4.20", "0.80", "5.00", kind="oneTime", span=None)
    return bill(
        (
            ProductItems("prod-line", "Plan M", items, "+49 170 5550101"),
            ProductItems("prod-data", "Extra data 5 GB", (option,)),
        ),
        (group("16.93", "3.21", "20.14"),),
        **more,
    )


def with_usage(lines: int, **more: object) -> BillView:
    """The short bill with so many usages behind it."""

    def detail() -> list[UsageRow]:
        start = datetime(2026, 10, 1, 6, 30, tzinfo=UTC)
        kinds = [
            ("voice", Decimal(205), "s", Decimal("0.17083333333333333333")),
            ("data", Decimal("289.2"), "MB", Decimal("2.4")),
            ("sms", Decimal(1), "event", Decimal("0.09")),
        ]
        return [
            UsageRow("prod-line", start + timedelta(minutes=97 * n), *_kind(kinds[n % 3]), f"+44 20 7946 {n:04}")
            for n in range(lines)
        ]

    return short(usage=detail, **more)


def _kind(kind: tuple[str, Decimal, str, Decimal]) -> tuple[str, Decimal, str, Decimal]:
    return kind


def plain() -> Appearance:
    return appearance({}, Path())


def png(width: int, height: int, red: int, green: int, blue: int) -> bytes:
    """A picture of one colour."""

    def chunk(name: bytes, content: bytes) -> bytes:
        check = zlib.crc32(name + content).to_bytes(4, "big")
        return len(content).to_bytes(4, "big") + name + content + check

    rows = (b"\0" + bytes([red, green, blue]) * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
