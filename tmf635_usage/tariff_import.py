"""Tariff tables by import job (`Component.imports`): `path: /tariffTable?table=intl&currency=EUR&validFrom=...`.

The file is that of `bss tariff load`, and so is what becomes of it: a version is loaded whole or not at all, and the
same one again is here already.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from io import TextIOWrapper
from typing import BinaryIO

from common.component import Recording
from common.domain.clock import instant_text, read_instant
from common.jobs.kinds import ImportRefused
from tmf635_usage.prices import TableRate
from tmf635_usage.tariffs import Heading, TariffRefused, load, read_rates, wrong_currency

_NEEDED = ("table", "currency", "validFrom")
_TIMES = ("validFrom", "validUntil")
_KNOWN = (*_NEEDED, "validUntil", "version")


@dataclass(frozen=True)
class Table:
    """A version of a table, read and not yet stored."""

    heading: Heading
    rates: Mapping[str, TableRate]

    @property
    def size(self) -> int:
        return len(self.rates)

    def store(self, records: Recording, now: datetime) -> bool:
        try:
            return load(self.heading, self.rates, records, now)
        except TariffRefused as error:
            raise ImportRefused((str(error),)) from error


class TariffImport:
    """What an import job asks."""

    media_type = "text/csv"

    def wrong_with(self, parameters: Mapping[str, str]) -> list[str]:
        wrong = [f"{name} is missing; a table has {', '.join(_NEEDED)}" for name in _NEEDED if not parameters.get(name)]
        wrong += [f"{name[:40]} is unknown; there are {', '.join(_KNOWN)}" for name in parameters if name not in _KNOWN]
        for name in _TIMES:
            text = parameters.get(name)
            if text and read_instant(text) is None:
                wrong.append(f"{name} {text[:40]!r} is no date-time such as 2026-02-01T00:00:00Z")
        currency = parameters.get("currency")
        if currency and (problem := wrong_currency(currency)):
            wrong.append(problem)
        return wrong

    def read(self, file: BinaryIO, parameters: Mapping[str, str]) -> Table:
        """Errors: ImportRefused."""
        wrong = self.wrong_with(parameters)
        if wrong:
            raise ImportRefused(tuple(wrong))
        text = TextIOWrapper(file, encoding="utf-8-sig", newline="")
        try:
            rates = read_rates(text)
        except TariffRefused as error:
            raise ImportRefused(error.lines or (str(error),), error.read, len(error.lines)) from error
        except UnicodeDecodeError as error:
            raise ImportRefused(("the file is no UTF-8 text",)) from error
        except csv.Error as error:
            raise ImportRefused((f"the file is no CSV: {error}",)) from error
        finally:
            text.detach()  # the file is closed by whoever opened it
        return Table(_heading(parameters), rates)


def _heading(parameters: Mapping[str, str]) -> Heading:
    start, end = (read_instant(parameters.get(name, "")) for name in _TIMES)
    assert start is not None, "who reads has asked what is wrong"
    version = parameters.get("version") or instant_text(start)
    return Heading(parameters["table"], version, parameters["currency"], start, end)
