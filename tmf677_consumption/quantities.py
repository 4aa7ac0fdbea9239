"""Quantities in the unit that people read: `1.5 GB` rather than 1500000000 B, wherever that is exact."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Context, Decimal

from common.domain.query import Document
from common.domain.units import UNITS

# The units of each family, the one that people read first (docs/rating.md has all of them).
_FAMILIES = {
    "B": ("GB", "MB", "kB", "B"),
    "s": ("min", "s"),
    "event": ("event",),
}
# Another name of `event`, which says more.
_ONE_EVENT = "1"
# More decimals are not read by anybody; then a smaller unit is used.
_DECIMALS_MAX = 3
_EXACT = Context(prec=60)


def unit_for(quantities: Iterable[Decimal], base: str, stated: str | None = None) -> str:
    """The first unit in which all quantities, which are in `base`, have few decimals: `stated`, then smaller ones."""
    wanted = list(quantities)
    for unit in _candidates(base, stated):
        if all(_is_short(_EXACT.divide(one, UNITS[unit].factor), one, unit) for one in wanted):
            return unit
    return base


def quantity(amount: Decimal, base: str, unit: str) -> Document:
    """TMF Quantity of an amount in `base`, in a unit that `unit_for` gave."""
    return {"amount": plain(amount if unit == base else _EXACT.divide(amount, UNITS[unit].factor)), "units": unit}


def money(amount: Decimal, currency: str) -> Document:
    return {"amount": plain(amount), "units": currency}


def text(value: Document) -> str:
    """`1.5 GB`."""
    return f"{value['amount']:f} {value['units']}"


def plain(amount: Decimal) -> Decimal:
    """The same number without zeros at its end."""
    whole = amount.to_integral_value()
    return whole if amount == whole else amount.normalize(_EXACT)


def _candidates(base: str, stated: str | None) -> Sequence[str]:
    family = _FAMILIES.get(base, (base,))
    if stated is None or stated not in UNITS or stated in (family[0], _ONE_EVENT):
        return family
    return (stated, *(unit for unit in family if UNITS[unit].factor < UNITS[stated].factor))


def _is_short(amount: Decimal, whole: Decimal, unit: str) -> bool:
    exponent = amount.normalize(_EXACT).as_tuple().exponent
    is_exact = _EXACT.multiply(amount, UNITS[unit].factor) == whole
    return is_exact and isinstance(exponent, int) and exponent >= -_DECIMALS_MAX
