"""The records of billing: when accounts are billed, what was billed, what is open of it, numbers, tax rates, runs.

They are the truth; the documents of the standard are written from them in the same transaction. Heads and items never
change; what moves of a bill (what was paid, what remains) is its receivable.
"""

from __future__ import annotations

from common.store.description import Of, RecordTable

# One account that is billed. `anchor` is an ISO date on which a cycle of it begins, a cycle is `count` times `unit`
# (day, week, month) long; `billed_until` is the cutoff of its last bill run, `next` that of the one to come (none: the
# account is closed). `bills` counts what was issued; `problem` is why the last run failed.
# What was due by `opened` was billed elsewhere, on bills that were loaded. Every period that ended by the day `closed`
# is charged as it is due, as long as what lies before it has this `fingerprint` (facts.py).
BILLING = RecordTable(
    "tmf678_billing",
    {
        "account": Of.TEXT,
        "specification": Of.TEXT,
        "zone": Of.TEXT,
        "anchor": Of.TEXT,
        "unit": Of.TEXT,
        "count": Of.INTEGER,
        "since": Of.INSTANT,
        "opened": Of.INSTANT,
        "billed_until": Of.INSTANT,
        "next": Of.INSTANT,
        "currency": Of.TEXT,
        "bills": Of.INTEGER,
        "closed": Of.TEXT,
        "fingerprint": Of.TEXT,
        "problem": Of.TEXT,
    },
    key=("account",),
    indexes=(("next",), ("specification",)),
    optional=frozenset(
        {"specification", "opened", "billed_until", "next", "currency", "closed", "fingerprint", "problem"}
    ),
)
# A cycle that an account had before, until an ISO date, the local day from which the next one counts.
EARLIER = RecordTable(
    "tmf678_earlier_cycle",
    {"account": Of.TEXT, "until": Of.TEXT, "anchor": Of.TEXT, "unit": Of.TEXT, "count": Of.INTEGER},
    key=("account", "until"),
)
# One bill or credit note, as it was issued. `place` counts those of an account, `series` is bill or creditNote; the
# period is [start, end); `doc` has parties, tax groups and what else documents show.
HEADS = RecordTable(
    "tmf678_bill_head",
    {
        "bill": Of.TEXT,
        "account": Of.TEXT,
        "place": Of.INTEGER,
        "entity": Of.TEXT,
        "series": Of.TEXT,
        "sequence": Of.INTEGER,
        "number": Of.TEXT,
        "category": Of.TEXT,
        "run_type": Of.TEXT,
        "run": Of.TEXT,
        "issued_at": Of.INSTANT,
        "start": Of.INSTANT,
        "end": Of.INSTANT,
        "due": Of.INSTANT,
        "currency": Of.TEXT,
        "net": Of.NUMBER,
        "tax": Of.NUMBER,
        "gross": Of.NUMBER,
        "items": Of.INTEGER,
        "doc": Of.DOCUMENT,
    },
    key=("bill",),
    unique=(("account", "place"), ("entity", "series", "sequence")),
    indexes=(("account", "issued_at"), ("run",)),
    optional=frozenset({"run", "due"}),
)
# One item of a bill. All items of one `key` and `origin` charge are what was charged for one thing (docs/billing.md);
# those of the origin correction (credit notes for what people decided) count for nothing there. `amount` is as the
# price is written; `first` and `last` are the local dates [first, last) of the service period; the period that the key
# is about ends at `until`.
ITEMS = RecordTable(
    "tmf678_bill_item",
    {
        "id": Of.TEXT,
        "bill": Of.TEXT,
        "place": Of.INTEGER,
        "account": Of.TEXT,
        "origin": Of.TEXT,
        "key": Of.TEXT,
        "kind": Of.TEXT,
        "name": Of.TEXT,
        "product": Of.TEXT,
        "price": Of.TEXT,
        "version": Of.TEXT,
        "first": Of.TEXT,
        "last": Of.TEXT,
        "until": Of.TEXT,
        "amount": Of.NUMBER,
        "currency": Of.TEXT,
        "net": Of.NUMBER,
        "tax": Of.NUMBER,
        "gross": Of.NUMBER,
        "category": Of.TEXT,
        "rate": Of.NUMBER,
        "is_inclusive": Of.FLAG,
        "quantity": Of.NUMBER,
        "unit": Of.TEXT,
        "usages": Of.INTEGER,
        "doc": Of.DOCUMENT,
    },
    key=("id",),
    unique=(("bill", "place"),),
    indexes=(("account", "until"),),
    optional=frozenset({"product", "price", "version", "first", "last", "category", "rate", "quantity", "unit"}),
)
# What is open of a bill: its amount, less what was applied, is what remains; `disputed` is the part of the bill that
# nobody asks for meanwhile, as far as it remains: what was paid of it may be owed again.
RECEIVABLES = RecordTable(
    "tmf678_receivable",
    {
        "bill": Of.TEXT,
        "account": Of.TEXT,
        "entity": Of.TEXT,
        "number": Of.TEXT,
        "issued_at": Of.INSTANT,
        "due": Of.INSTANT,
        "currency": Of.TEXT,
        "amount": Of.NUMBER,
        "remaining": Of.NUMBER,
        "disputed": Of.NUMBER,
        "is_open": Of.FLAG,
    },
    key=("bill",),
    indexes=(("account", "is_open"), ("is_open", "due")),
)
# What was applied to a bill: `kind` is payment, credit or writeOff, `cause` the id of the payment (credit note ...).
APPLIED = RecordTable(
    "tmf678_applied",
    {"bill": Of.TEXT, "kind": Of.TEXT, "cause": Of.TEXT, "amount": Of.NUMBER, "currency": Of.TEXT, "at": Of.INSTANT},
    key=("bill", "kind", "cause"),
    indexes=(("cause",),),
)
# The last number that was given out in a series of a legal entity; locked by whoever numbers a bill until it commits.
NUMBERS = RecordTable(
    "tmf678_number", {"entity": Of.TEXT, "series": Of.TEXT, "last": Of.INTEGER}, key=("entity", "series")
)
# The rate (percent) of a tax category at a place (a country, `DE`, or a part of one, `US-CA`) from a day on; ISO dates.
TAX_RATES = RecordTable(
    "tmf678_tax_rate",
    {"category": Of.TEXT, "place": Of.TEXT, "since": Of.TEXT, "until": Of.TEXT, "rate": Of.NUMBER},
    key=("category", "place", "since"),
    optional=frozenset({"until"}),
)
# The cycles that bills were issued in, so that each has one billCycle.
CYCLES = RecordTable("tmf678_cycle", {"id": Of.TEXT, "cutoff": Of.INSTANT}, key=("id",))
# One `bss bill run`, and what came of each account in it: billed, nothing or failed.
RUNS = RecordTable(
    "tmf678_run",
    {"id": Of.TEXT, "asked": Of.TEXT, "until": Of.INSTANT, "started_at": Of.INSTANT, "ended_at": Of.INSTANT},
    key=("id",),
    indexes=(("started_at",),),
    optional=frozenset({"ended_at"}),
)
OUTCOMES = RecordTable(
    "tmf678_run_outcome",
    {"run": Of.TEXT, "account": Of.TEXT, "outcome": Of.TEXT, "bills": Of.INTEGER, "reason": Of.TEXT},
    key=("run", "account"),
    indexes=(("run", "outcome"),),
    optional=frozenset({"reason"}),
)

TABLES = (BILLING, EARLIER, HEADS, ITEMS, RECEIVABLES, APPLIED, NUMBERS, TAX_RATES, CYCLES, RUNS, OUTCOMES)
CHARGE, CORRECTION = "charge", "correction"
BILLS, CREDIT_NOTES = "bill", "creditNote"
