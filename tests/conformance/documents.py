"""Documents made from a contract, with what rules of this suite demand beyond it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from common.conformance import bodies

# References that rules demand: whose consumption is asked for (tmf677_consumption/rules.py).
_DEMANDED = {"QueryUsageConsumption": {"partyAccount": "PartyAccountRef"}}
# Values that rules demand: how much is paid (tmf676_payment), and by which means (tmf670_payment_method).
_EURO = {"unit": "EUR", "value": Decimal("1.25")}
_RULED = {"Payment": {"totalAmount": _EURO}, "Refund": {"totalAmount": _EURO}, "PaymentMethod": {"@type": "cash"}}


class Generator(bodies.Generator):
    """Documents that this suite accepts."""

    def minimal(self, schema: Mapping[str, Any]) -> Any:
        """The least, and what a rule of ours demands where the contract does not."""
        made = super().minimal(schema)
        name = schema.get("$ref", "").rsplit("/", 1)[-1]
        if name.partition("_")[0] in _DEMANDED and isinstance(made, dict):
            typed = "swagger" not in self.document
            made |= {
                attribute: [{"id": "text", **({"@type": type_name} if typed else {})}]
                for attribute, type_name in _DEMANDED[name.partition("_")[0]].items()
            }
        return _ruled(schema, made)

    def full(self, schema: Mapping[str, Any]) -> Any:
        return _ruled(schema, super().full(schema))


def _ruled(schema: Mapping[str, Any], made: Any) -> Any:
    _in_euro(made)
    name = schema.get("$ref", "").rsplit("/", 1)[-1].partition("_")[0]
    if name not in _RULED or not isinstance(made, dict):
        return made
    return made | {key: value for key, value in _RULED[name].items() if key == "@type" or made.get(key, {}) == {}}


def _in_euro(made: Any) -> None:
    """Amounts of money are in a currency."""
    for child in made.values() if isinstance(made, dict) else made if isinstance(made, list) else ():
        _in_euro(child)
    if isinstance(made, dict) and made.keys() == {"unit", "value"} and isinstance(made["unit"], str):
        made["unit"] = _EURO["unit"]
