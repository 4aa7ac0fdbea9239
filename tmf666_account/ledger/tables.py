"""The records of the ledger. Postings and entries are written once and never changed; sums follow them."""

from __future__ import annotations

from common.store.description import Of, RecordTable

# Held while anything is posted on the account, whether its document is here or not.
BOOKS = RecordTable("tmf666_book", {"account": Of.TEXT}, key=("account",))
# What happened (`cause`, which counts once), in words that people know it by (`reference`: a bill's number).
POSTINGS = RecordTable(
    "tmf666_posting",
    {
        "id": Of.TEXT,
        "cause": Of.TEXT,
        "kind": Of.TEXT,
        "reference": Of.TEXT,
        "account": Of.TEXT,
        "entity": Of.TEXT,
        "at": Of.INSTANT,
    },
    key=("id",),
    unique=(("cause",),),
    indexes=(("account", "at"),),
)
ENTRIES = RecordTable(
    "tmf666_entry",
    {
        "posting": Of.TEXT,
        "position": Of.INTEGER,
        "account": Of.TEXT,
        "entity": Of.TEXT,
        "ledger_account": Of.TEXT,
        "currency": Of.TEXT,
        "amount": Of.NUMBER,
        "at": Of.INSTANT,
    },
    key=("posting", "position"),
    indexes=(("at",), ("account", "ledger_account", "at")),
)
# What all entries of a customer's account come to, for each ledger account.
SUMS = RecordTable(
    "tmf666_sum",
    {
        "account": Of.TEXT,
        "entity": Of.TEXT,
        "ledger_account": Of.TEXT,
        "currency": Of.TEXT,
        "amount": Of.NUMBER,
    },
    key=("account", "entity", "ledger_account", "currency"),
)
# What a posting changed of what the customer owes; postings that leave it as it is have no line.
LINES = RecordTable(
    "tmf666_statement_line",
    {
        "account": Of.TEXT,
        "currency": Of.TEXT,
        "at": Of.INSTANT,
        "posting": Of.TEXT,
        "amount": Of.NUMBER,
    },
    key=("account", "currency", "at", "posting"),
)
# What was charged for days that had not gone by: `net` of it in all, `recognised` as revenue so far; `is_open` while
# more of it has to be. Days are written YYYY-MM-DD, `end` is not among them.
DEFERRALS = RecordTable(
    "tmf666_deferral",
    {
        "item": Of.TEXT,
        "account": Of.TEXT,
        "entity": Of.TEXT,
        "currency": Of.TEXT,
        "net": Of.NUMBER,
        "recognised": Of.NUMBER,
        "start": Of.TEXT,
        "end": Of.TEXT,
        "is_open": Of.FLAG,
    },
    key=("item",),
    indexes=(("account", "is_open"),),
)

TABLES = (BOOKS, POSTINGS, ENTRIES, SUMS, LINES, DEFERRALS)
