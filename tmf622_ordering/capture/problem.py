"""What can keep an order from being delivered: codes and their reasons (docs/ordering.md lists what each means)."""

from __future__ import annotations

from dataclasses import dataclass

REASONS = {
    "item.incomplete": "The item lacks what its action needs",
    "quantity.too-many": "The item orders too many",
    "offering.unknown": "The offering does not exist",
    "offering.not-on-sale": "The offering is not on sale",
    "offering.not-sellable": "The offering is sold in bundles only",
    "offering.not-valid": "The offering is not valid now",
    "action.not-allowed": "The offering does not allow this action",
    "channel.not-offered": "The offering is not sold through this channel",
    "segment.not-offered": "The offering is not sold to this customer",
    "place.not-offered": "The offering is not sold at this place",
    "term.not-offered": "The offering does not have this term",
    "bundle.not-part": "The item is not part of the bundle",
    "bundle.too-few": "The bundle lacks parts",
    "bundle.too-many": "The bundle has too many parts",
    "specification.unknown": "The product specification does not exist",
    "specification.other": "The product does not follow the offering's specification",
    "characteristic.invalid": "A characteristic does not fit the specification",
    "relation.required": "Something else is required that the customer does not have",
    "relation.excluded": "The customer has something that excludes this",
    "relation.needed": "What would end is needed by what the customer keeps",
    "relation.migration": "The product cannot become one of this offering",
    "price.none": "No price of the offering applies",
    "price.undetermined": "Several prices apply equally",
    "price.period": "How often a price recurs is not known",
    "price.other": "The price is another one",
    "price.prepaid": "A prepaid balance does not take the discount off",
    "product.unknown": "The product does not exist",
    "product.ended": "The product has ended",
    "account.unknown": "The billing account does not exist",
    "account.closed": "The billing account is closed",
    "party.unknown": "The party does not exist",
    "party.ended": "The party can no longer be a customer",
}


@dataclass(frozen=True)
class Problem:
    """Why an order cannot be delivered; `item_id` is None when it is about the order itself."""

    pointer: str
    code: str
    message: str
    item_id: str | None = None

    def __post_init__(self) -> None:
        assert self.code in REASONS, "a problem has a reason"
