"""TMF629 v5.0.1 customers: what the contract cannot say.

- A period ends no earlier than it starts (TMF630 TimePeriod).
- The party that becomes a customer can be one: where it is here it is neither deceased nor closed, and it is of the
  kind that the reference says (TMF632 states; TMF629 `engagedParty`).
"""

from __future__ import annotations

from common.component import RuleContext
from common.domain.query import Document
from common.rules import check_period, reference_id, same

_PERIODS = ("validFor", "contactMedium.validFor", "creditProfile.validFor")
_PARTIES = ("individual", "organization")
# States in which a party can no longer enter into anything (TMF632 IndividualStateType, OrganizationStateType).
_ENDED = frozenset({"deceased", "closed"})


def on_create(customer: Document, context: RuleContext) -> None:
    _check_periods(customer, context)
    _check_party(customer, context)


def on_patch(before: Document, after: Document, context: RuleContext) -> None:
    _check_periods(after, context)
    if not same(before, after, "engagedParty"):
        _check_party(after, context)


def _check_periods(customer: Document, context: RuleContext) -> None:
    for path in _PERIODS:
        check_period(customer, path, context)


def _check_party(customer: Document, context: RuleContext) -> None:
    """A party that is not here is the engine's to refuse (mode `strict`) or to keep (mode `process`)."""
    mode = context.settings.reference_mode
    if mode == "off":
        return
    id = reference_id(customer, "engagedParty")
    if id is None:
        # The contract lets a reference go without an id, and the engine follows ids only.
        if mode == "strict":
            context.refuse("/engagedParty/id", "reference", "name the party by its id")
        return
    found = {kind: party for kind in _PARTIES if (party := context.library.get(kind, id)) is not None}
    referred = customer["engagedParty"].get("@referredType")
    kind = context.library.owner_of(referred) if isinstance(referred, str) else None
    if kind in _PARTIES and found and kind not in found:
        here = ", ".join(found)
        message = f"{id[:80]!r} is no {kind} but an {here}; name that type"
        context.refuse("/engagedParty/@referredType", "party", message)
        return
    party = found.get(kind or "") or next(iter(found.values()), None)
    if party is not None and party.get("status") in _ENDED:
        context.refuse("/engagedParty/id", "party", f"the party is {party['status']} and cannot become a customer")
