"""How TMF629 v4 documents say what the stored v5 documents say."""

from common.v4.shapes import ApiMapping, Flatten, Shape

V4 = ApiMapping(
    # The role that v4 keeps with the engaged party is the customer's own in v5.
    shapes={"Customer": Shape((Flatten("engagedParty", {"role": "role"}),))},
)
