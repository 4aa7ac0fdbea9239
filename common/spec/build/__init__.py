"""Builds the published OpenAPI documents from the contract sources in `openapi/`.

`sources.py` reads and checks, `forms.py` and `schemas.py` derive every schema, `operations.py` and
`components.py` the rest of a document, `documents.py` puts it together and writes it.
"""

from common.spec.build.documents import build_documents, stale_documents, write_documents
from common.spec.build.errors import SourceError

__all__ = ["SourceError", "build_documents", "stale_documents", "write_documents"]
