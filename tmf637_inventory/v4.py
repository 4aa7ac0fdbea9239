"""How TMF637 v4 documents say what the stored v5 documents say."""

from common.v4.shapes import ApiMapping, Rename, Shape, States

_AGREEMENT = Rename("agreement", "agreementItem")
# The v4 enumeration ends in a blank; stored and shown without.
_STATUS = States("status", up={"aborted ": "aborted"}, down={})

V4 = ApiMapping(
    shapes={
        "Product": Shape((_AGREEMENT, _STATUS)),
        "ProductRefOrValue": Shape((_AGREEMENT, _STATUS)),
    },
)
