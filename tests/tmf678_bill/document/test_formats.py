"""How amounts, quantities and dates are written in each language."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import yaml

from common.domain.money import Money
from tmf678_bill.document.language import FOLDER, language, languages, shortened
from tmf678_bill.document.view import Span

EN, DE = language("en"), language("de")


@pytest.mark.parametrize(
    ("amount", "currency", "english", "german"),
    [
        ("20.14", "EUR", "€20.14", "20,14 €"),
        ("0", "EUR", "€0.00", "0,00 €"),
        ("-4.2", "EUR", "−€4.20", "−4,20 €"),
        ("-0.00", "EUR", "€0.00", "0,00 €"),
        ("1234567.89", "EUR", "€1,234,567.89", "1.234.567,89 €"),
        ("999", "EUR", "€999.00", "999,00 €"),
        ("1000", "GBP", "£1,000.00", "1.000,00 £"),
        ("137452", "JPY", "¥137,452", "137.452 ¥"),
        ("-1500", "JPY", "−¥1,500", "−1.500 ¥"),
        ("1234.5", "KWD", "KWD 1,234.500", "1.234,500 KWD"),
        ("-0.001", "KWD", "−KWD 0.001", "−0,001 KWD"),
        ("12.3456", "EUR", "€12.3456", "12,3456 €"),
        ("1E+3", "EUR", "€1,000.00", "1.000,00 €"),
        ("12345678901234567890123456789.01", "EUR", *["€12,345,678,901,234,567,890,123,456,789.01"],
         "12.345.678.901.234.567.890.123.456.789,01 €"),
    ],
)  # fmt: skip
def test_amounts_are_written_with_all_their_digits(amount, currency, english, german):
    money = Money(Decimal(amount), currency)
    assert EN.money(money) == english
    assert DE.money(money) == german


def test_an_amount_in_a_column_has_no_currency():
    assert DE.amount(Money(Decimal("-1234.5"), "KWD")) == "−1.234,500"
    assert EN.amount(Money(Decimal("1650"), "JPY")) == "1,650"


@pytest.mark.parametrize(
    ("quantity", "unit", "english", "german"),
    [
        ("205", "s", "3:25", "3:25"),
        ("59", "s", "0:59", "0:59"),
        ("3600", "s", "1:00:00", "1:00:00"),
        ("90.5", "s", "1:30.5", "1:30,5"),
        ("-90", "s", "−90", "−90"),
        ("289.20", "MB", "289.2 MB", "289,2 MB"),
        ("1234", "event", "1,234", "1.234"),
        ("25000000000", "B", "25 GB", "25 GB"),
        ("1536500000", "B", "1.5365 GB", "1,5365 GB"),
        ("-2000", "B", "−2 kB", "−2 kB"),
        ("999", "B", "999 B", "999 B"),
        ("12", "min", "12 min", "12 Min."),
        ("3", "seats", "3 seats", "3 seats"),
    ],
)
def test_quantities_are_written_with_their_units(quantity, unit, english, german):
    assert EN.quantity(Decimal(quantity), unit) == english
    assert DE.quantity(Decimal(quantity), unit) == german


def test_days_and_spans_are_written_as_the_language_does():
    october = Span(date(2026, 10, 1), date(2026, 11, 1))
    assert (EN.day(date(2026, 3, 1)), DE.day(date(2026, 3, 1))) == ("1 March 2026", "1. März 2026")
    assert EN.span(october) == "01 Oct 2026 – 31 Oct 2026"
    assert DE.span(october) == "01.10.2026 – 31.10.2026"
    assert DE.span(Span(date(2026, 10, 1), date(2026, 10, 2))) == "01.10.2026"
    assert DE.moment(datetime(2026, 10, 1, 6, 5, 4, tzinfo=UTC)) == "01.10.2026 06:05:04"


def test_rates_are_written_exactly():
    assert (EN.percentage(Decimal("7.70")), DE.percentage(Decimal("7.70"))) == ("7.7 %", "7,7 %")
    assert EN.percentage(Decimal(19)) == "19 %"


def test_single_usages_are_shortened_for_the_eye():
    assert EN.usage_amount(Decimal("0.17083333333333333333"), "EUR") == "0.1708"
    assert EN.usage_amount(Decimal("0.00005"), "EUR") == "0.0000"
    assert EN.usage_amount(Decimal("0.5"), "JPY") == "0.50"
    assert shortened(Decimal("2.5"), 0) == Decimal(2)


def test_a_language_without_a_file_is_that_of_its_family_or_english():
    assert language("de-AT").code == "de"
    assert language("DE").code == "de"
    assert language("fi").code == "en"
    assert language("").code == "en"


def test_every_language_says_everything_and_fills_in_the_same_facts():
    def facts(text):
        import string

        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    texts = {tag: yaml.safe_load((FOLDER / f"{tag}.yaml").read_text("utf-8"))["texts"] for tag in languages()}
    assert languages() == {"en", "de"}
    for spoken in texts.values():
        assert {name: facts(text) for name, text in spoken.items()} == {
            name: facts(text) for name, text in texts["en"].items()
        }


def test_what_a_fact_says_is_no_pattern():
    assert EN.text("subtotal", product="{secret} {0}") == "Total {secret} {0}"
