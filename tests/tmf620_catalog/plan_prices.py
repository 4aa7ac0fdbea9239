"""One valid price of each of our types, to vary."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

from common.domain.query import Document


def eur(value: str) -> Document:
    return {"unit": "EUR", "value": Decimal(value)}


def amount(number: int | str, units: str) -> Document:
    return {"amount": Decimal(number), "units": units}


_COMMON = {"@baseType": "ProductOfferingPrice", "lifecycleStatus": "Active", "lastUpdate": "2026-01-01T00:00:00Z"}
_DISCOUNTED = {"@type": "ProductOfferingPriceRelationship", "id": "p", "relationshipType": "discounts"}
VALID: dict[str, Document] = {
    "UsagePrice": {
        "priceType": "usage",
        "usageType": "voice",
        "unitOfMeasure": amount(1, "min"),
        "price": eur("0.10"),
        "setupFee": eur("0.05"),
        "minimum": amount(60, "s"),
        "increment": amount(1, "s"),
        "priority": 3,
        "match": {
            "destinationPrefix": ["49"],
            "zone": ["EU"],
            "ratingGroup": ["10"],
            "slice": ["1-000001"],
            "dnn": ["internet"],
            "rat": ["NR"],
            "roaming": True,
            "visitedNetwork": ["26201"],
            "direction": ["out"],
            "attribute": [{"name": "service", "value": ["video"]}],
            "timeBand": [{"weekday": [6, 7], "startTime": "08:00", "endTime": "20:00", "calendar": ["holidays"]}],
        },
    },
    "AllowancePrice": {
        "priceType": "allowance",
        "usageType": "data",
        "quantity": amount(5, "GB"),
        "period": {"units": "month", "amount": 2, "anchor": "activation"},
        "rollover": {"periods": 2, "cap": amount(1, "GB")},
        "priority": 1,
        "sharing": "family",
    },
    "RecurringPrice": {
        "priceType": "recurring",
        "recurringChargePeriodType": "month",
        "recurringChargePeriodLength": 1,
        "price": eur("15.12"),
        "inAdvance": True,
        "proration": "day",
        "anchor": "cycle",
    },
    "OneTimePrice": {"priceType": "oneTime", "price": eur("8.40"), "chargedOn": "activation"},
    "DiscountPrice": {
        "priceType": "discount",
        "percentage": 25,
        "order": 1,
        "durationPeriods": 3,
        "cap": eur("10"),
        "isFlooredAtZero": True,
        "popRelationship": [_DISCOUNTED],
    },
    "CommitmentPrice": {
        "priceType": "commitment",
        "price": eur("500"),
        "period": {"units": "month"},
        "trueUpName": "Up to the minimum",
    },
}
TIERS = [{"start": 0, "price": eur("0.10")}, {"start": 100, "price": eur("0.05")}]


def price(kind: str, id: str = "p1", **changes: Any) -> Document:
    """A valid price of the kind; None removes an attribute."""
    whole = {"@type": kind, "id": id, "name": f"name of {id}", "version": "1.0", **_COMMON, **VALID[kind], **changes}
    return copy.deepcopy({name: value for name, value in whole.items() if value is not None})
