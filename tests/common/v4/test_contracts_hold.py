"""A lifted document satisfies the v5 contract, a projected one that of v4; what cannot is listed here."""

from __future__ import annotations

import re

import pytest

from common.v4.mapping import shown_in_v5
from tests.common.v4.pairs import Case, cases

# v5 demands an id of a related product; v4 may describe one that has none.
NOT_IN_V5 = re.compile(r"productRelationship/\d+ id is required$")
# What v4 demands and v5 does not, and what nobody can make up.
NOT_IN_V4 = re.compile(
    r"targetProductSchema @schemaLocation is required$"
    r"|relatedParty/\d+ (@referredType|id|name) is required$"  # v5 has one with nothing but a role
    r"|contact/\d+ validFor is required$"
    r"|haracteristic/\d+ value is required$"
    r"|priceAlteration/\d+ (price|priceType) is required$"
    r"|productOfferingQualificationItem (id|productOfferingQualificationId) is required$"
    r"|quoteItem (id|quoteId) is required$"
    r"|productOrderItem/\d+ (id|action) is required$"
)


def complaints(validator, document, known):
    found = (f"{violation.pointer} {violation.message}" for violation in validator.violations(document))
    return [line for line in found if not known.search(line)]


@pytest.mark.parametrize("case", cases(), ids=str)
def test_what_v4_sends_is_valid_in_v5(case: Case):
    for sent in case.v4_documents():
        if not case.v4.mandatory <= sent.keys() or case.v4.whole.violations({"id": "1", "href": "/1", **sent}):
            continue  # less than a create may say
        stored = {"id": "1", "href": "/1", **case.mapping.lift(sent)}

        assert complaints(case.v5.whole, stored, NOT_IN_V5) == []
        assert complaints(case.v5.whole, shown_in_v5(stored), NOT_IN_V5) == []


@pytest.mark.parametrize("case", cases(), ids=str)
def test_what_v5_stores_is_valid_in_v4(case: Case):
    for stored in case.v5_documents():
        stored = {"id": "1", **stored}
        if not case.v5.mandatory <= stored.keys() or case.v5.whole.violations(stored):
            continue  # less than a create may say

        for hidden in (False, True):
            shown = {"href": "/1", **case.mapping.project(stored, hidden=hidden)}
            assert complaints(case.v4.whole, shown, NOT_IN_V4) == []
