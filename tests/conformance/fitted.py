"""The suite's contracts made fit for tools that read OpenAPI to the letter. TM Forum's own where they lie beside us."""

from __future__ import annotations

from typing import Any

from common.conformance.fitted import fitted, merge_patches_only
from common.installation import published_documents
from tests import official

__all__ = ["CONTRACTS", "fitted", "fitted_contract", "merge_patches_only"]

# Every contract of the suite by its key, e.g. TMF620/v4.
CONTRACTS = [
    f"{api}/v{major}"
    for api in official.CORE
    for major in (5, 4)
    if any(file.name.startswith(f"{api}-v{major}") for file in published_documents())
]


def fitted_contract(key: str) -> dict[str, Any]:
    """The fitted document of one of CONTRACTS."""
    api, _, version = key.partition("/")
    files = (*official.files(), *published_documents())
    return fitted(
        official.document_of(next(file for file in files if file.name.startswith(api) and version in file.name))
    )
