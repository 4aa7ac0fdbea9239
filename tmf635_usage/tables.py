"""The records of rated usage: what was priced how, what is left of allowances, how far tiers are."""

from __future__ import annotations

from common.store.description import Of, RecordTable

# Which records of which source are here, so that none counts twice.
KEYS = RecordTable(
    "tmf635_usage_key",
    {"source": Of.TEXT, "external": Of.TEXT, "usage": Of.TEXT, "fingerprint": Of.TEXT},
    key=("source", "external"),
    indexes=(("usage",),),
)
# What transactions that rate the same product or sharing group wait at; rows that buckets and counters hang on.
SCOPES = RecordTable("tmf635_scope", {"scope": Of.TEXT, "product": Of.TEXT}, key=("scope",))
# One rating of a usage; `doc` has its draws, its counts and why it is as it is. `number` counts ratings of one usage.
RATINGS = RecordTable(
    "tmf635_rating",
    {
        "usage": Of.TEXT,
        "number": Of.INTEGER,
        "product": Of.TEXT,
        "account": Of.TEXT,
        "at": Of.INSTANT,
        "rated_at": Of.INSTANT,
        "is_current": Of.FLAG,
        "doc": Of.DOCUMENT,
    },
    key=("usage", "number"),
    indexes=(("product", "at"),),
    optional=frozenset({"account"}),
    monthly="at",
)
# `state`: charged (by a bill), prepaid (a balance pays for it, and no bill shows it), or void (a line and its reversal
# that no bill ever saw). `claim` is the number of the bill that takes it up among those of its account (`claims`).
# Amounts are unrounded.
LINES = RecordTable(
    "tmf635_rated_line",
    {
        "id": Of.TEXT,
        "usage": Of.TEXT,
        "number": Of.INTEGER,
        "place": Of.INTEGER,
        "product": Of.TEXT,
        "account": Of.TEXT,
        "at": Of.INSTANT,
        "usage_type": Of.TEXT,
        "kind": Of.TEXT,
        "price": Of.TEXT,
        "version": Of.TEXT,
        "quantity": Of.NUMBER,
        "unit": Of.TEXT,
        "amount": Of.NUMBER,
        "currency": Of.TEXT,
        "state": Of.TEXT,
        "claim": Of.INTEGER,
        "reverses": Of.TEXT,
    },
    key=("id",),
    indexes=(("usage", "number"), ("account", "claim"), ("product", "at")),
    optional=frozenset({"account", "currency", "reverses"}),
    monthly="at",
    # What a bill sums up: the lines of an account lie in as many places as there are lines.
    covering={
        ("account", "claim"): (
            *("product", "price", "version", "usage_type", "kind", "unit", "currency"),
            *("at", "state", "quantity", "amount"),
        )
    },
)
BUCKETS = RecordTable(
    "tmf635_bucket",
    {
        "scope": Of.TEXT,
        "allowance": Of.TEXT,
        "start": Of.INSTANT,
        "unit": Of.TEXT,
        "granted": Of.NUMBER,
        "used": Of.NUMBER,
        "rolled": Of.NUMBER,
        "end": Of.INSTANT,
        "expires": Of.INSTANT,
    },
    key=("scope", "allowance", "start"),
    indexes=(("scope", "expires"),),
)
COUNTERS = RecordTable(
    "tmf635_counter",
    {"scope": Of.TEXT, "price": Of.TEXT, "start": Of.INSTANT, "quantity": Of.NUMBER, "end": Of.INSTANT},
    key=("scope", "price", "start"),
    indexes=(("scope", "end"),),
)
# An online charging session. `doc` has its services, what they used, and the answer to the request `sequence`.
# `state`: open, released, lapsed.
SESSIONS = RecordTable(
    "tmf635_session",
    {
        "id": Of.TEXT,
        "product": Of.TEXT,
        "state": Of.TEXT,
        "sequence": Of.INTEGER,
        "started": Of.INSTANT,
        "expires": Of.INSTANT,
        "doc": Of.DOCUMENT,
    },
    key=("id",),
    # What changes with every request is in no index.
    indexes=(("state", "started"),),
)
# Free units that a session was granted and did not report yet: nobody else draws them meanwhile.
HOLDS = RecordTable(
    "tmf635_hold",
    {
        "session": Of.TEXT,
        "service": Of.TEXT,
        "scope": Of.TEXT,
        "allowance": Of.TEXT,
        "start": Of.INSTANT,
        "is_rolled": Of.FLAG,
        "quantity": Of.NUMBER,
    },
    key=("session", "service", "scope", "allowance", "start", "is_rolled"),
    indexes=(("scope",),),
)
# What the lines have in common that one sum of billed lines is of, but for the period.
SUMMED = ("account", "product", "price", "version", "usage_type", "kind", "unit", "currency")
# What the lines of one claim come to that say the same, and the item that charges them. `start` begins the cycle period
# that their usage lies in, and all of it was before `end`.
BILLED_SUMS = RecordTable(
    "tmf635_billed_sum",
    {
        **dict.fromkeys(SUMMED, Of.TEXT),
        "start": Of.INSTANT,
        "claim": Of.INTEGER,
        "end": Of.INSTANT,
        "quantity": Of.NUMBER,
        "amount": Of.NUMBER,
        "lines": Of.INTEGER,
        "bill_item": Of.TEXT,
    },
    key=(*SUMMED, "start", "claim"),
    indexes=(("bill_item",),),
)
# The open claim of an account: the lines with its number, or a higher one, are on no bill yet. Usage from `until` on is
# expected to be for the one after it.
CLAIMS = RecordTable(
    "tmf635_claim",
    {"account": Of.TEXT, "number": Of.INTEGER, "until": Of.INSTANT},
    key=("account",),
    optional=frozenset({"until"}),
)
# What the billed lines of months that were given up came to (`retire`).
RETIRED_SUMS = RecordTable(
    "tmf635_retired_sum",
    {
        **dict.fromkeys(SUMMED, Of.TEXT),
        "claim": Of.INTEGER,
        "quantity": Of.NUMBER,
        "amount": Of.NUMBER,
        "lines": Of.INTEGER,
    },
    key=(*SUMMED, "claim"),
)
# Before this instant usage was given up, and none is taken in.
HORIZON = RecordTable("tmf635_horizon", {"kind": Of.TEXT, "before": Of.INSTANT}, key=("kind",))

TABLES = (KEYS, SCOPES, RATINGS, LINES, BUCKETS, COUNTERS, SESSIONS, HOLDS, BILLED_SUMS, CLAIMS, RETIRED_SUMS, HORIZON)
CHARGED, PREPAID, VOID = "charged", "prepaid", "void"
