"""The records of balances: what each bucket holds, every movement of it, what is held back, and what is added up.

They are the truth; the documents of the standard are written from them in the same transaction.
"""

from __future__ import annotations

from common.store.description import Of, RecordTable

# `granted` is all that ever came in; `remaining` has what is `reserved` in it and never goes below `floor`.
# `spent` is what was used in the month `spent_in`, up to `spending_limit`.
BALANCES = RecordTable(
    "tmf654_balance",
    {
        "bucket": Of.TEXT,
        "usage_type": Of.TEXT,
        "unit": Of.TEXT,
        "account": Of.TEXT,
        "status": Of.TEXT,
        "granted": Of.NUMBER,
        "remaining": Of.NUMBER,
        "reserved": Of.NUMBER,
        "floor": Of.NUMBER,
        "threshold": Of.NUMBER,
        "spending_limit": Of.NUMBER,
        "spent": Of.NUMBER,
        "spent_in": Of.TEXT,
        "start": Of.INSTANT,
        "expires": Of.INSTANT,
    },
    key=("bucket",),
    indexes=(("account",),),
    optional=frozenset({"account", "threshold", "spending_limit", "start", "expires"}),
)
# Whose usage a bucket pays for: `product/ID`, or `account/ID` where it names no product.
OWNERS = RecordTable(
    "tmf654_owner", {"owner": Of.TEXT, "bucket": Of.TEXT}, key=("owner", "bucket"), indexes=(("bucket",),)
)
# `posting` is what entered it in the ledger (`posting`), as the ledger knows it; None while nothing has.
MOVEMENTS = RecordTable(
    "tmf654_movement",
    {
        "id": Of.TEXT,
        "bucket": Of.TEXT,
        "amount": Of.NUMBER,
        "kind": Of.TEXT,
        "cause": Of.TEXT,
        "at": Of.INSTANT,
        "posting": Of.TEXT,
    },
    key=("id",),
    # What happened counts once.
    unique=(("bucket", "kind", "cause"),),
    indexes=(("cause",), ("bucket", "posting")),
    optional=frozenset({"posting"}),
)
# `state`: held, committed, released. `used` is what was taken in the end.
RESERVATIONS = RecordTable(
    "tmf654_reservation",
    {
        "id": Of.TEXT,
        "bucket": Of.TEXT,
        "amount": Of.NUMBER,
        "used": Of.NUMBER,
        "expires": Of.INSTANT,
        "state": Of.TEXT,
    },
    key=("id",),
    indexes=(("bucket", "state"),),
)
# The number that an action has where it comes from, so that it counts once.
KEYS = RecordTable(
    "tmf654_action_key",
    {"resource": Of.TEXT, "external": Of.TEXT, "action": Of.TEXT},
    key=("resource", "external"),
)
TOTALS = RecordTable(
    "tmf654_total",
    {"account": Of.TEXT, "usage_type": Of.TEXT, "unit": Of.TEXT, "document": Of.TEXT, "total": Of.NUMBER},
    key=("account", "usage_type", "unit"),
)

TABLES = (BALANCES, OWNERS, MOVEMENTS, RESERVATIONS, KEYS, TOTALS)
# The usage type of buckets that hold money.
MONEY = "monetary"
HELD, COMMITTED, RELEASED = "held", "committed", "released"
