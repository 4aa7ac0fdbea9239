"""The records of corrections."""

from __future__ import annotations

from common.store.description import Of, RecordTable

CREDIT_NOTE, DISPUTE, ADJUSTMENT, WRITE_OFF = "creditNote", "dispute", "adjustment", "writeOff"
KINDS = (CREDIT_NOTE, DISPUTE, ADJUSTMENT, WRITE_OFF)

# One decision. `external` is what whoever decided calls it, and `mark` what they asked for: asked again it counts once.
# `amount` is gross and positive; `doc` is the document as it is shown, without its address.
CORRECTIONS = RecordTable(
    "tmf678_correction",
    {
        "id": Of.TEXT,
        "kind": Of.TEXT,
        "account": Of.TEXT,
        "bill": Of.TEXT,
        "external": Of.TEXT,
        "mark": Of.TEXT,
        "state": Of.TEXT,
        "currency": Of.TEXT,
        "amount": Of.NUMBER,
        "at": Of.INSTANT,
        "doc": Of.DOCUMENT,
    },
    key=("id",),
    unique=(("kind", "external"),),
    indexes=(("account", "kind", "state"), ("bill", "kind"), ("kind", "id")),
    optional=frozenset({"bill", "external"}),
)
# How much of an item of a bill was credited, with the item's own sign; never more than the item.
CREDITED = RecordTable(
    "tmf678_credited_item",
    {"item": Of.TEXT, "bill": Of.TEXT, "net": Of.NUMBER, "tax": Of.NUMBER},
    key=("item",),
    indexes=(("bill",),),
)

TABLES = (CORRECTIONS, CREDITED)
