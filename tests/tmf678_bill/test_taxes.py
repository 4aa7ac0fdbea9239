"""The tax table from its file, and the certificates of accounts and parties."""

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from common.installation import Installation
from common.settings import Settings
from tmf678_bill.billing.values import Exemption, TaxRate
from tmf678_bill.taxes import COLUMNS, TaxesRefused, exemptions_of, load, rate_table, read_rates

HEAD = ",".join(COLUMNS)
BERLIN = ZoneInfo("Europe/Berlin")


def test_a_file_says_where_and_when_a_rate_holds():
    rows = read_rates(
        [HEAD, "VAT,de,2025-01-01,,19", "VAT,,,2026-01-01,7.5", "sales,us-ny,2026-01-01,2027-01-01,8.875"]
    )

    assert rows == [
        TaxRate("VAT", "DE", Decimal(19), date(2025, 1, 1), None),
        TaxRate("VAT", "", Decimal("7.5"), None, date(2026, 1, 1)),
        TaxRate("sales", "US-NY", Decimal("8.875"), date(2026, 1, 1), date(2027, 1, 1)),
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (",DE,2025-01-01,,19", "line 2: a rate has a category"),
        ("VAT,DE,2025-02-30,,19", "line 2: since is a day"),
        ("VAT,DE,2025-01-01,2025-01-01,19", "line 2: until is after since"),
        ("VAT,DE,2025-01-01,,-1", "line 2: '-1' is no rate"),
        ("VAT,DE,2025-01-01,,NaN", "line 2: 'NaN' is no rate"),
        ("VAT,DE,2025-01-01,,19,more", "line 2: a rate has a category, and 5 columns"),
    ],
)
def test_a_line_that_cannot_be_is_refused_with_its_number(line, message):
    with pytest.raises(TaxesRefused, match=message):
        read_rates([HEAD, line])


def test_a_file_without_its_columns_is_refused():
    with pytest.raises(TaxesRefused, match="line 1: the columns are category,place,since,until,rate"):
        read_rates(["category,rate", "VAT,19"])


@pytest.fixture
def installation(tmp_path):
    made = Installation.assemble(Settings(database_url=f"sqlite:///{tmp_path}/bss.db", components="tmf678_bill"))
    made.open_store()
    yield made
    made.database.close()


def test_a_later_file_replaces_what_begins_on_the_same_day_and_adds_the_rest(installation):
    with installation.database.write() as uow:
        load(read_rates([HEAD, "VAT,DE,2025-01-01,2026-01-01,19"]), uow.records)
        load(read_rates([HEAD, "VAT,DE,2025-01-01,2026-01-01,16", "VAT,DE,2026-01-01,,20"]), uow.records)
        table = rate_table(uow.records, ["VAT", "other"])

    found = [table.rate("VAT", "DE-BE", date(year, 6, 1)) for year in (2024, 2025, 2026)]
    assert [None if one is None else one.rate for one in found] == [None, 16, 20]


def test_two_rates_at_once_are_refused_and_nothing_is_loaded(installation):
    rows = read_rates([HEAD, "VAT,DE,2025-01-01,,19", "VAT,DE,2026-01-01,,20"])

    with installation.database.write() as uow, pytest.raises(TaxesRefused, match="two rates of VAT in DE"):
        load(rows, uow.records)

    with installation.database.read() as uow:
        assert rate_table(uow.records, ["VAT"]).rate("VAT", "DE", date(2026, 6, 1)) is None


def test_certificates_exempt_from_their_taxes_at_their_place_and_time():
    definition = {"taxType": "VAT", "jurisdictionName": "de", "validFor": {"endDateTime": "2026-12-31T23:00:00Z"}}
    account = {
        "taxExemption": [
            {
                "certificateNumber": "A-1",
                "taxDefinition": [definition],
                "validFor": {"startDateTime": "2026-01-31T23:30:00Z"},
            }
        ]
    }
    party = {"taxExemptionCertificate": [{"id": "B-2", "issuingJurisdiction": "FR"}]}

    assert exemptions_of([account, party], BERLIN) == (
        Exemption("A-1", "VAT", "DE", date(2026, 2, 1), date(2027, 1, 1)),
        Exemption("B-2", None, "FR"),
    )
