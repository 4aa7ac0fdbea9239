"""The EPC QR code of a payment slip."""

from dataclasses import replace
from decimal import Decimal

import pytest

from common.domain.money import Money
from tests.tmf678_bill.document.views import BANK
from tmf678_bill.document.sheet import qr_modules
from tmf678_bill.document.slip import epc_payload, iban_in_fours, is_iban
from tmf678_bill.document.view import PaymentSlip

SLIP = PaymentSlip(BANK, "LW-2026-00102", Money(Decimal("20.14"), "EUR"))


def test_the_code_says_whom_to_pay_how_much_and_what_for():
    assert epc_payload(SLIP) == (
        "BCD\n002\n1\nSCT\nSOLADEST600\nLarkwing Mobile GmbH\nDE75512108001245126199\nEUR20.14\n\n\nLW-2026-00102"
    )


@pytest.mark.parametrize(
    "slip",
    [
        replace(SLIP, amount=Money(Decimal("20.14"), "GBP")),
        replace(SLIP, amount=Money(Decimal("0.00"), "EUR")),
        replace(SLIP, amount=Money(Decimal("-1.00"), "EUR")),
        replace(SLIP, amount=Money(Decimal("1000000000.00"), "EUR")),
        replace(SLIP, bank=replace(BANK, iban="")),
        replace(SLIP, bank=replace(BANK, iban="DE75512108001245126198")),
        replace(SLIP, bank=replace(BANK, holder=" ")),
    ],
)
def test_there_is_no_code_where_banks_would_not_take_it(slip):
    assert epc_payload(slip) is None


def test_lines_of_a_name_do_not_become_lines_of_the_code():
    slip = replace(SLIP, bank=replace(BANK, holder="Larkwing\nEUR999.00"))
    assert epc_payload(slip).split("\n")[5] == "Larkwing EUR999.00"


def test_an_iban_has_its_check_digits():
    assert is_iban("DE75512108001245126199")
    assert is_iban("GB33BUKB20201555555555")
    assert not is_iban("DE75512108001245126190")
    assert not is_iban("de75512108001245126199")
    assert iban_in_fours("DE75512108001245126199") == "DE75 5121 0800 1245 1261 99"


def test_the_code_is_as_large_as_its_text_needs():
    modules = qr_modules(epc_payload(SLIP))
    assert (len(modules), {len(row) for row in modules}) == (41, {41})  # version 6: 106 bytes at level M
    finder = [[True] * 7, [True, *[False] * 5, True]]
    assert [row[:7] for row in modules[:2]] == finder
