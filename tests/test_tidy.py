"""Rules of the house that a reader would otherwise have to remember."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.test_architecture import COMPONENTS, PRODUCT, ROOT, name, sources

TEXTS = [path for path in PRODUCT if path.name != "__init__.py"]


@pytest.mark.parametrize("path", PRODUCT, ids=name)
def test_no_promise_is_left_in_the_code(path):
    found = re.findall(r"\b(?:TODO|FIXME|XXX|NotImplementedError)\b", path.read_text())
    assert found == []


@pytest.mark.parametrize("path", PRODUCT, ids=name)
def test_business_time_comes_from_the_clock(path):
    if name(path) == "common/domain/clock.py":
        return
    text = path.read_text()
    assert not re.search(r"datetime\.(?:now|utcnow|today)\(|date\.today\(|\btime\.time\(", text)


@pytest.mark.parametrize(
    "path", [p for p in PRODUCT if p.relative_to(ROOT).parts[0] in COMPONENTS or "domain" in p.parts], ids=name
)
def test_money_and_quantities_are_never_floats(path):
    assert not re.search(r"\bfloat\(|\bround\(", path.read_text())


@pytest.mark.parametrize("path", TEXTS, ids=name)
def test_every_module_says_what_it_decides(path):
    assert re.match(r'\s*(?:#[^\n]*\n)*"""[\w`]', path.read_text()), "a module starts with its docstring"


@pytest.mark.parametrize("path", [p for p in PRODUCT if p.relative_to(ROOT).parts[0] == "common"], ids=name)
def test_common_names_no_resource(path):
    """The engine serves any contract; a resource named in it would be a rule in the wrong place."""
    allowed = {"common/spec/identity.py", "common/spec/well_known.py"}
    if name(path) in allowed or "build" in path.parts:
        return
    resources = "productOffering|productOrder|billingAccount|customerBill|productUsage|individual|organization"
    code = re.sub(r'""".*?"""|#[^\n]*', "", path.read_text(), flags=re.DOTALL)
    assert not re.findall(rf'"(?:{resources})"', code)


@pytest.mark.parametrize("path", sources(), ids=name)
def test_no_machine_path_is_committed(path):
    folders = "|".join(("work", "farm", "root", "home"))
    assert not re.search(rf'"/(?:{folders})/', path.read_text())


def test_every_error_code_is_documented():
    from common import errors

    def kinds(root: type[errors.BssError]) -> set[type[errors.BssError]]:
        return {root}.union(*(kinds(kind) for kind in root.__subclasses__()))

    text = (ROOT / "docs" / "errors.md").read_text()
    missing = {kind.code for kind in kinds(errors.BssError) if kind.__module__ == "common.errors"} - set(
        re.findall(r"^### `([^`]+)`", text, flags=re.MULTILINE)
    )
    assert missing == set()


def test_the_settings_page_is_current():
    from common.cli.reference import PAGE, settings_page

    assert PAGE.read_text() == settings_page(), "run `bss docs`"


def test_the_changelog_has_a_place_for_what_comes_next():
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text()


def test_links_in_the_documentation_lead_somewhere():
    broken = []
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tmf*/README.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            if not target.startswith(("http://", "https://")) and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []


def test_paths_named_in_docstrings_exist():
    """A docstring that sends the reader to docs/ sends them to a page that is there."""
    missing = {
        f"{name(path)}: {target}"
        for path in PRODUCT
        for target in re.findall(r"docs/[\w/.-]+\.md", path.read_text())
        if not (ROOT / target).exists()
    }
    assert missing == set()


def test_pages_are_short():
    assert len((ROOT / "docs" / "architecture.md").read_text().splitlines()) <= 120
    assert Path(ROOT / "CONTRIBUTING.md").is_file()
