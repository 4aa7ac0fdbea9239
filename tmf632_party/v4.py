"""How TMF632 v4 documents say what the stored v5 documents say."""

from common.v4.shapes import ApiMapping, Rename, Shape, States, Told

V4 = ApiMapping(
    shapes={
        "Individual": Shape(
            (
                Rename("fullName", "name"),
                # The v4 enumeration is misspelt.
                States("status", up={"deceaded": "deceased"}, down={"deceased": "deceaded"}),
            )
        ),
        "Organization": Shape((Told("tradingName", "name", back=True),)),
    },
)
