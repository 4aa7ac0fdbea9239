"""Which API a document is, and where it is served."""

from __future__ import annotations

from typing import Any

import pytest

from common.errors import ConfigurationError
from common.spec.load import load_contract


def swagger(title: str, version: str, path: str = "", **more: Any) -> dict[str, Any]:
    return {"swagger": "2.0", "basePath": path, "info": {"title": title, "version": version, **more}, "paths": {}}


def openapi(title: str, version: str, url: str = "https://serverRoot", **more: Any) -> dict[str, Any]:
    servers = [{"url": url, **more.pop("server", {})}]
    return {"openapi": "3.0.1", "servers": servers, "info": {"title": title, "version": version}, "paths": {}, **more}


@pytest.mark.parametrize(
    ("document", "origin", "key", "base_path", "aliases"),
    [
        (swagger("Payment", "4.0.0", "/payment/v4/"), "TMF676-Payment.json", "TMF676/v4", "/tmf-api/payment/v4", ()),
        (swagger("Sales", "4.0", "/tmf-api/sales/v4"), "dir/TMF699-v4.0.0.json", "TMF699/v4", "/tmf-api/sales/v4", ()),
        (
            openapi("Trouble Ticket", "5.0.1", "{apiRoot}/tmf-api/troubleTicket/v5/"),
            "TMF621.yaml",
            "TMF621/v5",
            "/tmf-api/troubleTicket/v5",
            (),
        ),
        (
            openapi(
                "Resources",
                "5.0.0",
                "{apiRoot}",
                server={"variables": {"apiRoot": {"default": "https://serverRoot/resourceInventory/v5"}}},
            ),
            "TMF639.yaml",
            "TMF639/v5",
            "/tmf-api/resourceInventory/v5",
            (),
        ),
        # No path: the table for the core APIs, the title for the others.
        (
            openapi("CustomerBill", "5.0.0"),
            "TMF678.yaml",
            "TMF678/v5",
            "/tmf-api/customerBillManagement/v5",
            ("/tmf-api/customerBill/v5",),
        ),
        (openapi("Party Interaction", "5.0.0"), "TMF683.yaml", "TMF683/v5", "/tmf-api/partyInteraction/v5", ()),
        (openapi("CDR Transaction", "5.0.0"), "TMF735.yaml", "TMF735/v5", "/tmf-api/cdrTransaction/v5", ()),
        # The table wins over the file; the file's own path stays reachable.
        (
            openapi("Customers", "5.0.1", "{apiRoot}/tmf-api/customer/v5/"),
            "TMF629.yaml",
            "TMF629/v5",
            "/tmf-api/customerManagement/v5",
            ("/tmf-api/customer/v5",),
        ),
        (
            openapi("Customers", "5.0.1", "https://serverRoot/crm/v5"),
            "TMF629.yaml",
            "TMF629/v5",
            "/tmf-api/customerManagement/v5",
            ("/tmf-api/customer/v5", "/tmf-api/crm/v5"),
        ),
        (
            openapi("Ours", "5.0.0", "/tmf-api/ours/v5", **{"x-base-path-aliases": ["/tmf-api/own/v5"]}),
            "TMF900.json",
            "TMF900/v5",
            "/tmf-api/ours/v5",
            ("/tmf-api/own/v5",),
        ),
        # The API's number: declared, else in the file's name, else in the title.
        (swagger("X", "4.0.0", "/x/v4", **{"x-api-id": "TMF901"}), "TMF902.json", "TMF901/v4", "/tmf-api/x/v4", ()),
        (swagger("TMF903 Things", "4.0.0", "/x/v4"), "things.json", "TMF903/v4", "/tmf-api/x/v4", ()),
        (swagger("Own Things", "1.2.0", "/x"), "things.json", "ownThings/v1", "/tmf-api/x", ()),
        # The major version: of the version, else of the path, else of the file's name.
        (swagger("X", "", "/x/v4/"), "TMF904.json", "TMF904/v4", "/tmf-api/x/v4", ()),
        (swagger("X", "draft"), "TMF905_v4.1.0.json", "TMF905/v4", "/tmf-api/x/v4", ()),
    ],
)
def test_identity(document: dict[str, Any], origin: str, key: str, base_path: str, aliases: tuple[str, ...]) -> None:
    made = load_contract(document, origin=origin)
    assert (made.key, made.base_path, made.aliases) == (key, base_path, aliases)
    assert made.key == f"{made.api}/v{made.major}"


def test_a_document_without_any_version_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"things\.json: no major version"):
        load_contract(swagger("X", ""), origin="things.json")


def test_a_document_of_another_format_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"things\.json: neither Swagger 2\.0 nor OpenAPI 3"):
        load_contract({"openapi": "2.0", "info": {}}, origin="things.json")
