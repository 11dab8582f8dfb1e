"""The shape of the source tree: no import circle, no module or function that has grown too large."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
LONGEST_MODULE = 400
LONGEST_FUNCTION = 60
PACKAGES: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "root_packages"
]
SOURCES = sorted(
    path
    for package in [*PACKAGES, "app", "benchmarks"]
    for path in (
        ROOT / ("policies" if package in ("availability", "guardrails") else package)
    ).rglob("*.py")
)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_every_package_of_the_tree_is_looked_at():
    looked_at = {name_of(path).partition("/")[0] for path in SOURCES}
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert packages <= looked_at


def test_no_module_is_too_long():
    lengths = {
        name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_no_function_is_too_long():
    lengths = {
        f"{name_of(path)}::{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in SOURCES
        for node in functions(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


MAPPED = sorted(
    path
    for path in SOURCES
    if path.name == "__init__.py"
    and "\n- " in (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "")
)
"""Packages whose docstring lists what is where."""


@pytest.mark.parametrize("package", MAPPED, ids=name_of)
def test_the_map_of_a_package_names_all_its_modules(package: Path):
    listed = ast.get_docstring(ast.parse(package.read_text(encoding="utf-8"))) or ""
    named = set(re.findall(r"`([a-z0-9_<>/]+)[`.]", listed))
    kinds = [name.removeprefix("<area>") for name in named if name.startswith("<area>")]
    modules = {path.stem for path in package.parent.glob("*.py")} - {"__init__", "__main__"}
    found = {name for name in modules if any(name.endswith(kind) for kind in kinds)}
    assert modules - found - named - {package.parent.name} == set()
    packages = {name for name in named if name.endswith("/") and "<" not in name}
    assert {name for name in packages if not (package.parent / name).is_dir()} == set()


def test_no_modules_import_each_other_in_a_circle():
    """Imports for type checkers count too: a circle is a circle to whoever reads it."""
    graph = grimp.build_graph(*PACKAGES, include_external_packages=False)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))
