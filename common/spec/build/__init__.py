"""Builds the published OpenAPI documents from the contract sources in `openapi/`.

`sources.py` reads and checks, `forms.py` and `schemas.py` derive every schema, `operations.py` and
`components.py` the rest of a document, `documents.py` puts it together and writes it. `v4_entities.py`,
`v4_schemas.py` and `v4_operations.py` do the same for v4, whose documents follow other rules.
"""

from common.spec.build.documents import build_documents, stale_documents, write_documents
from common.spec.build.errors import SourceError

__all__ = ["SourceError", "build_documents", "stale_documents", "write_documents"]
