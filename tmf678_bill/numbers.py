"""Numbers of bills: without a gap in each series of a legal entity.

The row of the series is locked from here until the transaction ends, and a transaction that does not commit gives its
number back; so whoever issues bills asks late.
"""

from __future__ import annotations

from common.component import Recording
from tmf678_bill.tables import NUMBERS


def next_number(records: Recording, entity: str, series: str) -> int:
    """The next number of a series; the first is 1."""
    table = records(NUMBERS.name)
    table.insert_new([{"entity": entity, "series": series, "last": 0}])
    row = table.get(entity, series, for_update=True)
    assert row is not None, "a series that could not be begun is there"
    number: int = row["last"] + 1
    table.put([{**row, "last": number}])
    return number
