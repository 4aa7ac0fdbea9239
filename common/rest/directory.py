"""What the suite says of itself: entry points, published contracts, health, version, the documentation page."""

from __future__ import annotations

import html
import importlib.metadata
import mimetypes
from dataclasses import dataclass
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from common import errors, exact_json
from common.domain.clock import instant_text
from common.installation import Installation, extension
from common.rest import clock
from common.rest.messages import Request, Response
from common.spec.contract import Contract, Verb
from common.spec.extensions import SCHEMA_SUFFIX, SCHEMAS_PATH

SCHEMA = ("content-type", "application/schema+json")
# The document that describes our own types, beside their schemas.
SCHEMAS_CONTRACT, SCHEMAS_TITLE = "openapi.json", "Price plans"
HTML = ("content-type", "text/html; charset=utf-8")
UI_FILES = ("swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "favicon-32x32.png")


@dataclass(frozen=True)
class ApiDirectory:
    """The entry point and the published contract of one API.

    Source: the shape of the ODA reference components (`_links` by operation); GET must answer 2xx for the
            component conformance kits.
    """

    contract: Contract

    def entry_point(self, request: Request) -> Response:
        contract, base = self.contract, request.base
        links: dict[str, Any] = {
            "self": {"href": f"{base}/", "title": contract.title, "version": contract.version},
            "describedby": {"href": f"{base}/openapi.json", "method": "GET"},
        }
        for resource in contract.resources.values():
            for verb, operation in resource.operations.items():
                item = verb in (Verb.RETRIEVE, Verb.PATCH, Verb.DELETE)
                address = f"{base}{resource.path}/{{id}}" if item else f"{base}{resource.path}"
                links[operation.operation_id] = {"href": address, "method": operation.method}
        if contract.hub is not None:
            links["hub"] = {"href": f"{base}/hub", "method": "POST"}
        return Response(200, exact_json.encode({"_links": links}))

    def document(self, request: Request) -> Response:
        """The contract's document, saying where it is served here, so that its calls can be tried from a page."""
        document = dict(self.contract.document)
        if "openapi" in document:
            document["servers"] = [{"url": request.base}]
        else:
            where = urlsplit(request.base)
            document |= {"schemes": [where.scheme], "host": where.netloc, "basePath": where.path}
        return Response(200, exact_json.encode(document))


@dataclass(frozen=True)
class SuiteDirectory:
    """What lies beside the APIs."""

    installation: Installation
    has_clock: bool = False

    def apis(self, request: Request) -> Response:
        listed = [
            {
                "id": contract.api,
                "version": contract.version,
                "name": contract.title,
                "href": f"{request.origin}{contract.base_path}/",
                "contract": f"{request.origin}{contract.base_path}/openapi.json",
                "resources": sorted(contract.resources),
                "alias": [f"{request.origin}{alias}/" for alias in contract.aliases],
                "notServed": dict(contract.gaps),
            }
            for contract in self.installation.contracts
        ]
        found: dict[str, Any] = {
            "apis": listed,
            "documentation": f"{request.origin}/docs",
            "schemas": request.origin + SCHEMAS_PATH,
        }
        if self.has_clock:
            contract = request.origin + clock.CONTRACT_PATH
            now = instant_text(self.installation.clock.now())
            found["clock"] = {"href": request.origin + clock.PATH, "contract": contract, "now": now}
        return Response(200, exact_json.encode(found))

    def schemas(self, request: Request) -> Response:
        """Where the schema of each extension type of ours is."""
        own = self.installation.extensions.own.values()
        return Response(200, exact_json.encode({one.name: request.origin + one.location for one in own}))

    def schema(self, request: Request) -> Response:
        """The JSON Schema of an extension type."""
        if request.id == SCHEMAS_CONTRACT:
            document = {**extension("price-plans"), "servers": [{"url": request.origin}]}
            return Response(200, exact_json.encode(document))
        own = self.installation.extensions.own.get((request.id or "").removesuffix(SCHEMA_SUFFIX))
        if own is None:
            raise errors.UnknownPath(request.path, self.installation.settings.base_prefix)
        return Response(200, exact_json.encode({**own.schema, "$id": request.origin + own.location}), (SCHEMA,))

    def live(self, request: Request) -> Response:
        return Response(200, b'{"status":"pass"}')

    def ready(self, request: Request) -> Response:
        self.installation.database.ping()
        return Response(200, b'{"status":"pass"}')

    def version(self, request: Request) -> Response:
        return Response(200, exact_json.encode({"name": "tmf-bss", "version": importlib.metadata.version("tmf-bss")}))

    def metrics(self, request: Request) -> Response:
        return Response(200, generate_latest(REGISTRY), (("content-type", CONTENT_TYPE_LATEST),))

    def documentation(self, request: Request) -> Response:
        """A page to read every contract and try its calls."""
        urls = [
            {"name": f"{c.api} {c.title} {c.version}", "url": f"{request.origin}{c.base_path}/openapi.json"}
            for c in self.installation.contracts
        ]
        urls.append({"name": SCHEMAS_TITLE, "url": f"{request.origin}{SCHEMAS_PATH}/{SCHEMAS_CONTRACT}"})
        if self.has_clock:
            urls.append({"name": clock.TITLE, "url": request.origin + clock.CONTRACT_PATH})
        page = _PAGE.replace("$URLS", exact_json.encode(urls).decode().replace("<", "\\u003c"))
        return Response(200, page.replace("$ROOT", request.origin + "/docs/ui").encode(), (HTML,))

    def ui_file(self, request: Request) -> Response:
        if request.id not in UI_FILES:
            raise errors.UnknownPath(request.path, self.installation.settings.base_prefix)
        content = (files("swagger_ui_bundle") / "vendor" / _ui_version() / request.id).read_bytes()
        kind = mimetypes.guess_type(request.id)[0] or "application/octet-stream"
        return Response(200, content, (("content-type", kind), ("cache-control", "max-age=86400")))

    def error_list(self, request: Request) -> Response:
        """Every error code, where `referenceError` leads."""
        rows = "".join(
            f'<tr id="{kind.code}"><td><code>{kind.code}</code></td><td>{kind.status}</td>'
            f"<td>{html.escape(kind.reason)}</td></tr>"
            for kind in sorted(_error_kinds(errors.BssError), key=lambda kind: (kind.status, kind.code))
        )
        page = f"<!doctype html><title>Errors</title><h1>Errors</h1><table border=1 cellpadding=6>{rows}</table>"
        return Response(200, page.encode(), (HTML,))


def _error_kinds(root: type[errors.BssError]) -> set[type[errors.BssError]]:
    return {root}.union(*(_error_kinds(kind) for kind in root.__subclasses__()))


def _ui_version() -> str:
    folders = [item.name for item in (files("swagger_ui_bundle") / "vendor").iterdir() if item.is_dir()]
    return max(folders)


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>TMF BSS: the APIs</title>
<link rel="stylesheet" href="$ROOT/swagger-ui.css"></head>
<body><div id="ui"></div>
<script src="$ROOT/swagger-ui-bundle.js"></script>
<script src="$ROOT/swagger-ui-standalone-preset.js"></script>
<script>
window.ui = SwaggerUIBundle({
  urls: $URLS, dom_id: "#ui", deepLinking: true, docExpansion: "list", validatorUrl: null,
  defaultModelsExpandDepth: -1,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset], layout: "StandaloneLayout"
});
</script></body></html>
"""
