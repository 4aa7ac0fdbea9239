"""What a payment slip says to machines: the EPC QR code of a SEPA transfer.

Source: European Payments Council, EPC069-12 version 3 (Quick Response Code: guidelines to enable data capture for the
initiation of a SEPA credit transfer): version 002, UTF-8, at most 331 bytes, error correction level M.
"""

from __future__ import annotations

import re
from decimal import Decimal

from tmf678_bill.document.view import PaymentSlip

CURRENCY = "EUR"
_NAME_MAX, _REFERENCE_MAX, _BYTES_MAX = 70, 140, 331
_SMALLEST, _LARGEST = Decimal("0.01"), Decimal("999999999.99")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", re.ASCII)
_IBAN_MODULUS = 97


def epc_payload(slip: PaymentSlip) -> str | None:
    """The text of the code; None when the slip is in another currency, or lacks what the code needs.

    The reference goes in as unstructured text: bill numbers are not creditor references of ISO 11649.
    """
    bank, amount = slip.bank, slip.amount
    if amount.currency != CURRENCY or not _SMALLEST <= amount.amount <= _LARGEST or not is_iban(bank.iban):
        return None
    name, reference = _line(bank.holder)[:_NAME_MAX], _line(slip.reference)[:_REFERENCE_MAX]
    if not name:
        return None
    lines = ["BCD", "002", "1", "SCT", bank.bic, name, bank.iban, f"EUR{amount.amount:.2f}", "", "", reference]
    payload = "\n".join(lines)
    return payload if len(payload.encode()) <= _BYTES_MAX else None


def is_iban(text: str) -> bool:
    """Whether it is an IBAN by its form and check digits (ISO 13616, ISO 7064 MOD 97-10)."""
    if not _IBAN.fullmatch(text):
        return False
    turned = text[4:] + text[:4]
    return int("".join(str(int(letter, 36)) for letter in turned)) % _IBAN_MODULUS == 1


def iban_in_fours(iban: str) -> str:
    """An IBAN as people read it."""
    return " ".join(iban[place : place + 4] for place in range(0, len(iban), 4))


def _line(text: str) -> str:
    return " ".join(text.split())
