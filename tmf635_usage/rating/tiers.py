"""What the next units of a period cost where tiers count them. The caller has set the EXACT context.

A tier ends with the unit that fills it: of tiers from 0 and from 100, the hundredth unit is in the first.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from tmf635_usage.rating.amounts import amount_of
from tmf635_usage.rating.compiled import CompiledTier
from tmf635_usage.rating.values import ZERO, TierModel

# Looking up a member of an enumeration costs as much as two multiplications; this runs for every usage.
_GRADUATED, _VOLUME = TierModel.GRADUATED, TierModel.VOLUME
# Makes a named tuple of all its fields in order, without the call that names them.
_new = tuple.__new__

Tiers = tuple[CompiledTier, ...]


class Piece(NamedTuple):
    """So many units in one tier; a correction has the units that are priced again."""

    tier: int
    quantity: Decimal
    amount: Decimal
    is_correction: bool = False


def pieces(model: TierModel | None, tiers: Tiers, count: Decimal, quantity: Decimal) -> list[Piece]:
    """The parts of a quantity, more than 0, after `count` units of the period."""
    if model is _GRADUATED:
        return _graduated(tiers, count, quantity)
    if model is _VOLUME:
        return _volume(tiers, count, quantity)
    return _packages(tiers, count, quantity)


def _graduated(tiers: Tiers, count: Decimal, quantity: Decimal) -> list[Piece]:
    found: list[Piece] = []
    reached = count + quantity
    for index, (_, end, tariff, _) in enumerate(tiers):
        if end is None or reached <= end:
            found.append(_new(Piece, (index, quantity, amount_of(tariff, quantity), False)))
            return found
        if count < end:
            part = end - count
            found.append(_new(Piece, (index, part, amount_of(tariff, part), False)))
            count, quantity = end, quantity - part
    raise AssertionError("the last tier has no end")


def _volume(tiers: Tiers, count: Decimal, quantity: Decimal) -> list[Piece]:
    old, new = tier_of(tiers, count), tier_of(tiers, count + quantity)
    found = [Piece(new, quantity, amount_of(tiers[new].tariff, quantity))]
    if old != new and count:
        difference = amount_of(tiers[new].tariff, count) - amount_of(tiers[old].tariff, count)
        found.append(Piece(new, count, difference, is_correction=True))
    return found


def tier_of(tiers: Tiers, count: Decimal) -> int:
    """The tier that the last of so many units is in."""
    for index, tier in enumerate(tiers):
        if tier.end is None or count <= tier.end:
            return index
    raise AssertionError("the last tier has no end")


def _packages(tiers: Tiers, count: Decimal, quantity: Decimal) -> list[Piece]:
    found = []
    for index, tier in enumerate(tiers):
        end = tier.end
        part = quantity if end is None or count + quantity <= end else end - count
        if part > ZERO:
            begun = _begun(tier, count + part) - _begun(tier, count)
            found.append(Piece(index, part, tier.tariff.amount * begun))
            count, quantity = count + part, quantity - part
        if not quantity:
            break
    return found


def _begun(tier: CompiledTier, count: Decimal) -> Decimal:
    """How many packages of the tier the first `count` units of the period have begun."""
    assert tier.size is not None, "packages have a size"
    inside = count - tier.start
    whole = inside // tier.size
    return whole if whole * tier.size == inside else whole + 1
