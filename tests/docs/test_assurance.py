"""The page on assurance names every check there is, with its own words."""

from __future__ import annotations

import re

from common.assurance import checks_of
from common.installation import Installation
from common.settings import Settings
from tests.test_architecture import ROOT

_ROW = re.compile(r"^\| `([a-z.-]+)` \| (.+?) \| (.+?) \|$", flags=re.MULTILINE)


def test_the_table_of_checks_is_that_of_the_code(tmp_path):
    installation = Installation.assemble(Settings(database_url=f"sqlite:///{tmp_path}/bss.db"))
    checks = [(check.name, check.about) for check in checks_of(installation)]
    installation.database.close()

    told = _ROW.findall((ROOT / "docs" / "assurance.md").read_text())

    assert [(name, about) for name, about, _ in told] == checks
