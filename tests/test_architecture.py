"""Who may import whom, and how large a file or function may grow (docs/architecture.md)."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
COMPONENTS = sorted(path.name for path in ROOT.glob("tmf[0-9][0-9][0-9]_*"))
ENGINES = ("rating", "billing", "orchestration")
FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
FUNCTION_LINES_P90_MAX = 40
BUDGETS = {"common/rest/endpoint.py": 250, **{f"{name}/__init__.py": 60 for name in COMPONENTS}}


def sources() -> list[Path]:
    tracked = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in tracked.stdout.split()]


PRODUCT = [path for path in sources() if path.relative_to(ROOT).parts[0] in ("common", "demo", *COMPONENTS)]


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module)
    return found


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PRODUCT, ids=name)
def test_imports_follow_the_layers(path):
    relative = path.relative_to(ROOT)
    heads = {module.split(".")[0] for module in imports(path)}
    if relative.parts[0] == "common":
        assert not heads & set(COMPONENTS), "common never knows a component"
    else:
        assert not heads & (set(COMPONENTS) - {relative.parts[0]}), "components talk through resources and events"
    if relative.parts[:2] == ("common", "domain"):
        ours = {module for module in imports(path) if module.split(".")[0] == "common"}
        assert all(module.startswith("common.domain") for module in ours)
        assert heads <= set(sys.stdlib_module_names) | {"common"}, "values need the standard library only"
    if any(part in ENGINES for part in relative.parts[:-1]):
        ours = {module for module in imports(path) if module.split(".")[0] in ("common", relative.parts[0])}
        assert all(m.startswith("common.domain") or m.split(".")[1] in ENGINES for m in ours), "engines are pure"


@pytest.mark.parametrize("path", [p for p in PRODUCT if "store" not in p.parts], ids=name)
def test_sql_stays_in_the_store(path):
    if path.relative_to(ROOT).parts[:2] == ("common", "events"):
        return  # hands the store's connection on; its statements are in common/store
    assert "sqlalchemy" not in {module.split(".")[0] for module in imports(path)}


def test_only_the_unit_of_work_commits():
    committing = {
        name(path)
        for path in PRODUCT
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "commit"
        and "connection" in ast.unparse(node.func.value)
    }
    assert committing <= {"common/store/unit_of_work.py"}


@pytest.mark.parametrize("path", [p for p in sources() if "versions" not in p.parts], ids=name)
def test_files_stay_readable(path):
    lines = len(path.read_text().splitlines())
    assert lines <= BUDGETS.get(name(path), FILE_LINES_MAX)


def function_lengths(path: Path) -> list[tuple[int, str]]:
    return [
        ((node.end_lineno or node.lineno) - node.lineno + 1, f"{name(path)}:{node.name}")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_functions_fit_a_screen():
    written = [path for path in PRODUCT if "versions" not in path.parts]  # migrations are generated
    lengths = sorted(length for path in written for length in function_lengths(path))
    assert [where for length, where in lengths if length > FUNCTION_LINES_MAX] == []
    assert lengths[int(len(lengths) * 0.9)][0] <= FUNCTION_LINES_P90_MAX


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_component_is_a_descriptor(component):
    body = ast.parse((ROOT / component / "__init__.py").read_text()).body
    allowed = (ast.Import, ast.ImportFrom, ast.Expr, ast.Assign, ast.AnnAssign)
    assert all(isinstance(node, allowed) for node in body), "COMPONENT and what it needs, nothing else"
    assert (ROOT / component / "README.md").is_file()
    assert (ROOT / component / "samples").is_dir()
