"""The records of payments: money to a customer's credit and what it paid, what is asked of the provider, and dunning.

They are the truth; payments, refunds and bills show it. Allocations, returns and steps are written once and never
changed: what was wrong is taken back by another one.
"""

from __future__ import annotations

from common.store.description import Of, RecordTable

# Money that came in (`payment`), or is the customer's by a credit note (`creditNote`); `left` pays no bill yet.
CREDITS = RecordTable(
    "tmf676_credit",
    {
        "id": Of.TEXT,
        "kind": Of.TEXT,
        "account": Of.TEXT,
        "entity": Of.TEXT,
        "currency": Of.TEXT,
        "amount": Of.NUMBER,
        "left": Of.NUMBER,
        "is_left": Of.FLAG,
        "name": Of.TEXT,
        "at": Of.INSTANT,
    },
    key=("id",),
    indexes=(("account", "is_left"),),
)
# What of a credit went to a bill; below zero where it was taken off again.
ALLOCATIONS = RecordTable(
    "tmf676_allocation",
    {"id": Of.TEXT, "credit": Of.TEXT, "bill": Of.TEXT, "amount": Of.NUMBER, "cause": Of.TEXT, "at": Of.INSTANT},
    key=("id",),
    indexes=(("credit",), ("bill",)),
)
# Money that goes back: a refund, or a charge-back by the customer's bank. `state`: open, done, failed.
RETURNS = RecordTable(
    "tmf676_return",
    {
        "id": Of.TEXT,
        "kind": Of.TEXT,
        "credit": Of.TEXT,
        "refund": Of.TEXT,
        "account": Of.TEXT,
        "currency": Of.TEXT,
        "amount": Of.NUMBER,
        "state": Of.TEXT,
        "at": Of.INSTANT,
    },
    key=("id",),
    indexes=(("credit",), ("refund",)),
)
# The number that a payment or refund has where it comes from, so that it counts once.
KEYS = RecordTable(
    "tmf676_key",
    {"resource": Of.TEXT, "external": Of.TEXT, "document": Of.TEXT},
    key=("resource", "external"),
)
# What is asked of the provider, by the id of the payment or refund, which is the id it knows it by.
# `operation`: authorise, capture, refund. `state`: open, done, declined. `is_pending` while the provider says that it
# is not decided. `bill` is the one it is collected for.
CHARGES = RecordTable(
    "tmf676_charge",
    {
        "id": Of.TEXT,
        "resource": Of.TEXT,
        "account": Of.TEXT,
        "currency": Of.TEXT,
        "amount": Of.NUMBER,
        "method": Of.TEXT,
        "token": Of.TEXT,
        "original": Of.TEXT,
        "bill": Of.TEXT,
        "operation": Of.TEXT,
        "state": Of.TEXT,
        "is_pending": Of.FLAG,
        "tries": Of.INTEGER,
        "reference": Of.TEXT,
        "code": Of.TEXT,
        "reason": Of.TEXT,
        "at": Of.INSTANT,
        "due": Of.INSTANT,
    },
    key=("id",),
    indexes=(("account", "state"), ("bill",)),
    optional=frozenset({"original", "bill", "reference", "code", "reason", "due"}),
)
# Operations that were asked of the provider: what stands here is asked for its status before it is asked again.
ASKED = RecordTable(
    "tmf676_asked", {"charge": Of.TEXT, "operation": Of.TEXT, "at": Of.INSTANT}, key=("charge", "operation")
)
# What the provider told by itself; each of its notices counts once.
NOTICES = RecordTable(
    "tmf676_notice", {"id": Of.TEXT, "charge": Of.TEXT, "type": Of.TEXT, "at": Of.INSTANT}, key=("id",)
)
# A bill that is collected from its due date on. `state`: waiting, asked, ended. `tries` payments were made for it.
COLLECTIONS = RecordTable(
    "tmf676_collection",
    {
        "bill": Of.TEXT,
        "account": Of.TEXT,
        "state": Of.TEXT,
        "tries": Of.INTEGER,
        "due": Of.INSTANT,
        "reason": Of.TEXT,
    },
    key=("bill",),
    indexes=(("account",),),
    optional=frozenset({"reason"}),
)
# An account in arrears. `number` counts its cases; `steps` of this one were taken, the last at `stepped_at`.
# `state`: none, arrears, recovering.
DUNNING = RecordTable(
    "tmf676_dunning",
    {
        "account": Of.TEXT,
        "state": Of.TEXT,
        "number": Of.INTEGER,
        "steps": Of.INTEGER,
        "since": Of.INSTANT,
        "stepped_at": Of.INSTANT,
        "next": Of.INSTANT,
        "hold_until": Of.INSTANT,
        "hold_reason": Of.TEXT,
    },
    key=("account",),
    indexes=(("state",),),
    optional=frozenset({"since", "stepped_at", "next", "hold_until", "hold_reason"}),
)
STEPS = RecordTable(
    "tmf676_dunning_step",
    {
        "account": Of.TEXT,
        "number": Of.INTEGER,
        "step": Of.INTEGER,
        "action": Of.TEXT,
        "currency": Of.TEXT,
        "amount": Of.NUMBER,
        "bills": Of.DOCUMENT,
        "orders": Of.DOCUMENT,
        "at": Of.INSTANT,
    },
    key=("account", "number", "step"),
)
# What the built-in provider remembers of what it was asked, as a bank would. `rule` is the position of the rule of its
# script that it follows, -1 for none.
SANDBOX = RecordTable(
    "tmf676_sandbox",
    {
        "key": Of.TEXT,
        "operation": Of.TEXT,
        "outcome": Of.TEXT,
        "currency": Of.TEXT,
        "amount": Of.NUMBER,
        "asked": Of.INTEGER,
        "code": Of.TEXT,
        "reason": Of.TEXT,
        "decided_at": Of.INSTANT,
        "rule": Of.INTEGER,
    },
    key=("key", "operation"),
    indexes=(("rule",),),
)

TABLES = (*(CREDITS, ALLOCATIONS, RETURNS, KEYS, CHARGES, ASKED, NOTICES, COLLECTIONS, DUNNING, STEPS, SANDBOX),)
