"""How TMF678 v4 documents say what the stored v5 documents say."""

from common.v4.shapes import ApiMapping, Rename, Shape

V4 = ApiMapping(
    shapes={"AppliedCustomerBillingRate": Shape((Rename("type", "appliedBillingRateType"),))},
)
