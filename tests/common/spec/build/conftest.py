"""What the tests of the builder share: the folders, the built documents, and a toy contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.spec.build import build_documents
from tests.common.spec.build.folders import OFFICIAL, OPENAPI
from tests.common.spec.build.toy import write_toy, write_v4_toy

# The comparison needs TM Forum's files, which are not part of this repository.
collect_ignore = [] if OFFICIAL.is_dir() else ["test_against_official.py", "test_v4_against_official.py"]


@pytest.fixture(scope="session")
def built():
    return build_documents(OPENAPI)


@pytest.fixture(scope="session")
def documents(built):
    return {name: document for name, document in built.items() if "openapi" in document}


@pytest.fixture(scope="session")
def v4_documents(built):
    return {name: document for name, document in built.items() if "swagger" in document}


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    write_toy(tmp_path)
    return tmp_path


@pytest.fixture
def v4_toy(tmp_path: Path) -> Path:
    write_v4_toy(tmp_path)
    return tmp_path
