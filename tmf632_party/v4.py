"""How TMF632 v4 documents say what the stored v5 documents say."""

from common.v4.shapes import ApiMapping, Rename, Shape, States, either

V4 = ApiMapping(
    shapes={
        "Individual": Shape(
            (
                Rename("fullName", "name"),
                # The v4 enumeration is misspelt.
                States("status", up={"deceaded": "deceased"}, down={"deceased": "deceaded"}),
            )
        ),
        "Organization": Shape((either("tradingName", "name"),)),
    },
)
