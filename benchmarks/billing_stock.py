"""Many accounts like one: an account is made by the suite itself, and its rows are copied under other names by COPY.

Whatever is the account's has a token in its ids: it is given them, or, where ids are made, their last digits are
replaced by it. A copy is the text of the rows with a number in place of the token.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg

from common.domain.clock import SettableClock, instant_text
from common.installation import Installation
from common.rest.actions import acting
from common.settings import Settings
from tests.client import Suite
from tmf635_usage.tables import CHARGED, CLAIMS, LINES
from tmf678_bill.batch import BillRun
from tmf678_bill.cycles import account_cycle
from tmf678_bill.facts import content_of, read_facts
from tmf678_bill.policies import entity_of, policy_of
from tmf678_bill.shared import Shared
from tmf678_bill.tables import BILLING, HEADS

TOKEN, USAGES, MONTHS = "4242424", 200, 2
ACCOUNT = f"acc-{TOKEN}"
# What is on bills begins here; the last month is the one that is billed when it is measured.
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_AMOUNTS = {"bundle": "5.00", "line": "29.90", "tv": "12.10", "voice": "0.12"}
_UUID = re.compile(r"([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{5})[0-9a-f]{7}")
_CATALOGUE = "/tmf-api/productCatalogManagement/v5/productOfferingPrice"
_PRODUCTS = "/tmf-api/productInventoryManagement/v5/product"
_ACCOUNTS = "/tmf-api/accountManagement/v5/billingAccount"
_PEOPLE = "/tmf-api/partyManagement/v5/individual"
# What a run reads and writes that is one account's, in an order in which it may be written.
TABLES = (
    *("tmf632_individual", "tmf632_individual_lookup", "tmf666_billing_account", "tmf666_billing_account_lookup"),
    *("tmf637_product", "tmf637_product_lookup", "tmf637_product_span", "tmf635_scope", "tmf635_claim"),
    *("tmf635_billed_sum", "tmf635_rated_line", "tmf678_billing", "tmf678_bill_head", "tmf678_bill_item"),
    *("tmf678_receivable", "tmf678_customer_bill", "tmf678_customer_bill_lookup"),
    "tmf678_applied_customer_billing_rate",
    *("tmf666_book", "tmf666_posting", "tmf666_entry", "tmf666_sum", "tmf666_statement_line", "tmf666_deferral"),
    *("tmf676_collection", "work", "outbox", "tmf678_run_outcome"),
)
_LINES = "tmf635_rated_line"


def after(months: int) -> datetime:
    """Some hours into the month after so many."""
    return datetime(2026 + months // 12, months % 12 + 1, 1, 6, tzinfo=UTC)


def installation(url: str, months: int) -> Installation:
    """The suite at the moment when so many months are over."""
    return Installation.assemble(Settings(database_url=url, log_level="error"), SettableClock(after(months)))


def stock(url: str) -> None:
    """One account with three products, billed for all months but the last, with the usage of the last one."""
    made = Suite(Settings(database_url=url, log_level="error"), SettableClock(BEGIN))
    _sell(made)
    for month in range(1, MONTHS):
        _use(made, month)
        made.installation.clock.move(after(month))  # type: ignore[attr-defined]
        report = BillRun(made.installation).run()
        assert [len(one.bills) for one in report.outcomes] == [1], report
    _use(made, MONTHS)
    with made.installation.database.write() as uow:
        for number, row in enumerate(uow.records(HEADS.name).find({}, order=["sequence"])):
            sequence = int(f"{number + 1}{TOKEN}")
            uow.records(HEADS.name).update({"bill": row["bill"]}, {"sequence": sequence, "number": f"B-{sequence}"})
        uow.commit()


def _sell(made: Suite) -> None:
    def price(kind: str, id: str, **more: Any) -> None:
        whole = {"@type": kind, "@baseType": "ProductOfferingPrice", "id": id, "name": id, "version": "1.0"}
        tax = [{"@type": "TaxItem", "taxCategory": "VAT", "taxRate": Decimal(20)}]
        made.created(_CATALOGUE, {**whole, "lifecycleStatus": "Active", "isBundle": False, "tax": tax, **more})

    def monthly(id: str, amount: str) -> None:
        every = {"recurringChargePeriodType": "month", "recurringChargePeriodLength": 1, "inAdvance": True}
        price("RecurringPrice", id, priceType="recurring", price=_eur(amount), **every)

    monthly("bundle", "5.00")
    monthly("line", "29.90")
    monthly("tv", "12.10")
    every = {"recurringChargePeriodType": "month", "recurringChargePeriodLength": 1}
    lowers = [{"@type": "ProductOfferingPriceRelationship", "id": "bundle", "relationshipType": "discounts"}]
    of = {"popRelationship": lowers, "percentage": Decimal(10)}
    price("DiscountPrice", "together", priceType="discount", **of, **every)
    minute = {"unitOfMeasure": {"amount": 1, "units": "min"}, "price": _eur("0.12")}
    price("UsagePrice", "voice", priceType="usage", usageType="voice", **minute)
    address = {"@type": "GeographicAddressContactMedium", "contactType": "home", "street1": "Ring 1"}
    media = [{**address, "postCode": "1010", "city": "Wien", "country": "AT"}]
    person = f"per-{TOKEN}"
    made.created(
        _PEOPLE, {"@type": "Individual", "id": person, "givenName": "Ann", "familyName": "Ott", "contactMedium": media}
    )
    reference = {"@type": "PartyRef", "id": person, "name": "Ann", "@referredType": "Individual"}
    owner = {"@type": "RelatedPartyRefOrPartyRoleRef", "role": "owner", "partyOrPartyRole": reference}
    account = {"@type": "BillingAccount", "id": ACCOUNT, "name": ACCOUNT, "accountType": "billing", "state": "Active"}
    made.created(_ACCOUNTS, {**account, "relatedParty": [owner]})
    parts = [
        {"@type": "ProductRelationship", "id": f"{one}-{TOKEN}", "relationshipType": "bundles"}
        for one in ("line", "tv")
    ]
    _product(made, "line", ["line", "voice"])
    _product(made, "tv", ["tv"])
    _product(made, "bundle", ["bundle", "together"], productRelationship=parts)


def _product(made: Suite, name: str, prices: Sequence[str], **more: Any) -> None:
    account = {"@type": "BillingAccountRef", "id": ACCOUNT, "@referredType": "BillingAccount"}
    document = {
        "@type": "Product",
        "id": f"{name}-{TOKEN}",
        "name": name,
        "status": "active",
        "billingAccount": account,
    }
    listed = [_agreed(one) for one in prices]
    made.created(_PRODUCTS, {**document, "startDate": instant_text(BEGIN), "productPrice": listed, **more})


def _agreed(price: str) -> dict[str, Any]:
    types = {"voice": "usage", "together": "discount"}
    reference = {
        "@type": "ProductOfferingPriceRef",
        "id": price,
        "version": "1.0",
        "@referredType": "ProductOfferingPrice",
    }
    amount = {"dutyFreeAmount": _eur(_AMOUNTS[price])} if price in _AMOUNTS else {"percentage": Decimal(10)}
    kind = types.get(price, "recurring")
    agreed = {"@type": "ProductPrice", "name": price, "priceType": kind, "price": {"@type": "Price", **amount}}
    return {**agreed, "productOfferingPrice": reference}


def _eur(amount: str) -> dict[str, Any]:
    return {"unit": "EUR", "value": Decimal(amount)}


def _use(made: Suite, month: int) -> None:
    """The month's usage, as rating leaves it behind."""
    start = after(month - 1).replace(hour=0)
    step = timedelta(days=27) / USAGES
    of = {"product": f"line-{TOKEN}", "account": ACCOUNT, "usage_type": "voice", "kind": "usage", "price": "voice"}
    as_is = {"version": "1.0", "unit": "s", "currency": "EUR", "state": CHARGED, "claim": month - 1}
    with made.installation.database.write() as uow:
        uow.records(CLAIMS.name).insert_missing([{"account": ACCOUNT, "number": 0}])
        lines = acting(made.installation, uow).records(LINES.name)
        lines.insert(
            {
                **{
                    "id": f"{month:02}a-{TOKEN}-{number:04}",
                    "usage": f"u{month:02}-{TOKEN}-{number:04}",
                    **{"number": 0, "place": 0},
                    **of,
                    **as_is,
                },
                **{
                    "at": start + number * step,
                    "quantity": Decimal(60 + number),
                    "amount": Decimal(120 + 2 * number).scaleb(-3),
                },
            }
            for number in range(USAGES)
        )
        uow.commit()


# -- copies -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Template:
    """The rows of the account as COPY writes them, by table, with the token in every id."""

    rows: Mapping[str, str]
    fingerprinted: str

    @classmethod
    def of(cls, url: str) -> Template:
        """Shapes: events and outcomes are nothing that a run reads, and are left out."""
        with psycopg.connect(url) as connection:
            rows = {name: told for name in TABLES[:-2] if (told := tokened(connection, name))}
        return cls(rows, fingerprinted(url))

    def load(self, url: str, numbers: Iterable[int], with_usage: int) -> None:
        """Copies for these numbers; so many of them, the first, have usage that was not billed. None is due."""
        listed = list(numbers)
        with psycopg.connect(url, autocommit=True) as connection:
            for name, rows in self.rows.items():
                if name == _LINES:
                    copy(connection, name, self._used(rows, listed[:with_usage]))
                else:
                    copy(connection, name, (self._copied(name, rows, number) for number in listed))
            connection.execute("UPDATE tmf678_billing SET next = '2099-01-01T00:00:00.000Z'")

    def _used(self, rows: str, numbers: list[int]) -> Iterator[str]:
        """Lines as they come: everybody's first ones, then everybody's second ones, in any order."""
        shuffled, chance = numbers[:], random.Random(1)
        for row in rows.splitlines(keepends=True):
            chance.shuffle(shuffled)
            for number in shuffled:
                yield self._copied(_LINES, row, number)

    def _copied(self, name: str, rows: str, number: int) -> str:
        """A fingerprint of an account is one of its ids, too."""
        text, its = rows.replace(TOKEN, f"{number:07d}"), self.fingerprinted.replace(TOKEN, f"{number:07d}")
        return text.replace(digest(self.fingerprinted), digest(its)) if name == "tmf678_billing" else text


def fingerprinted(url: str) -> str:
    """What the fingerprint of the account is made from."""
    made = installation(url, MONTHS)
    with made.database.read() as uow:
        context = acting(made, uow).context("billingAccount")
        account, row = context.library.get("billingAccount", ACCOUNT), uow.records(BILLING.name).get(ACCOUNT)
        assert account is not None, "it was stocked"
        assert row is not None, "it was stocked"
        cycle = account_cycle(account, context.library, context.settings, context.records)
        policy = policy_of(entity_of(account, context.settings), context.settings).engine
        facts = read_facts(Shared(context), context, account, cycle, row, policy)
        content = content_of(facts.account, facts.terms, facts.zone, date.fromisoformat(row["closed"]), policy).decode()
        assert digest(content) == row["fingerprint"], "it is made from this"
    return content


def digest(content: str) -> str:
    return hashlib.blake2b(content.encode(), digest_size=16).hexdigest()


def tokened(connection: psycopg.Connection[Any], name: str, where: str = "true") -> str:
    """The rows of a table that are the account's. Shapes: what is unbilled, of lines."""
    condition = f"claim = {MONTHS - 1}" if name == _LINES else where
    with connection.cursor().copy(f"COPY (SELECT * FROM {name} WHERE {condition}) TO STDOUT".encode()) as told:
        text = b"".join(told).decode()
    lines = [_UUID.sub(lambda found: found[1] + TOKEN, line) for line in text.splitlines()]
    return "".join(f"{line}\n" for line in lines if TOKEN in line)


def copy(connection: psycopg.Connection[Any], name: str, texts: Iterable[str]) -> None:
    with connection.cursor().copy(f"COPY {name} FROM STDIN".encode()) as copying:
        for text in texts:
            copying.write(text)


# -- the rows of one bill ---------------------------------------------------------------------------------------------


def rows_of_a_bill(url: str) -> dict[str, Any]:
    """What one bill leaves behind, as `floors.bills` takes it: the account is billed, and the tables compared."""
    with psycopg.connect(url) as connection:
        keys = {name: _key_of(connection, name) for name in TABLES}
        columns = {name: _columns_of(connection, name) for name in TABLES}
        then = {name: _told(connection, name) for name in TABLES}
    made = installation(url, MONTHS)
    report = BillRun(made, accounts=(ACCOUNT,)).run()
    [issued] = report.outcomes[0].bills
    with psycopg.connect(url) as connection:
        now = {name: _told(connection, name) for name in TABLES}
    new: dict[str, str] = {}
    changed: dict[str, str] = {}
    for name in TABLES:
        places = [place for place, (column, _) in enumerate(columns[name]) if column in keys[name]]
        known = {_at(line, places) for line in then[name]} if keys[name] else set(then[name])
        lines = sorted(now[name] - then[name])
        made_now = [line for line in lines if (_at(line, places) if keys[name] else line) not in known]
        if made_now:
            new[_target(name, columns[name])] = "".join(
                _numbered(name, line, issued.number, columns[name]) for line in made_now
            )
        if len(made_now) < len(lines):
            changed[name] = "".join(f"{line}\n" for line in lines if line not in made_now)
    return {"new": new, "changed": changed, "keys": keys, "columns": columns}


def _told(connection: psycopg.Connection[Any], name: str) -> set[str]:
    with connection.cursor().copy(f"COPY (SELECT * FROM {name}) TO STDOUT".encode()) as told:
        text = b"".join(told).decode()
    lines = {_UUID.sub(lambda found: found[1] + TOKEN, line) for line in text.splitlines()}
    return {line for line in lines if TOKEN in line}


def _key_of(connection: psycopg.Connection[Any], name: str) -> list[str]:
    asked = (
        "SELECT attname FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey)"
        " WHERE indrelid = %s::regclass AND indisprimary"
    )
    return [row[0] for row in connection.execute(asked, [name])]


def _columns_of(connection: psycopg.Connection[Any], name: str) -> list[tuple[str, str]]:
    asked = (
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
    )
    return [(row[0], row[1]) for row in connection.execute(asked, [name])]


def _at(line: str, places: Sequence[int]) -> tuple[str, ...]:
    values = line.split("\t")
    return tuple(values[place] for place in places)


def _target(name: str, columns: Sequence[tuple[str, str]]) -> str:
    """Places in the outbox are given by the database."""
    names = ", ".join(f'"{column}"' for column, _ in columns if (name, column) != ("outbox", "sequence"))
    return f"{name} ({names})"


def _numbered(name: str, line: str, number: str, columns: Sequence[tuple[str, str]]) -> str:
    """With a number of its own for each bill."""
    values = line.replace(number, f"B-7{TOKEN}").split("\t")
    names = [column for column, _ in columns]
    if name == "tmf678_bill_head":
        values[names.index("sequence")] = f"7{TOKEN}"
    if name == "outbox":
        del values[names.index("sequence")]
    return "\t".join(values) + "\n"
