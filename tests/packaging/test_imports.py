"""Who imports whom: the arrows between the folders, and what core and command stay free of."""

import ast
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

UNFIT_FOR_THE_CORE = {
    "asyncio", "datetime", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets",
    "select", "selectors", "shutil", "signal", "socket", "sqlite3", "subprocess", "tempfile",
    "threading", "time", "urllib", "uuid",
}  # fmt: skip
"""Clocks, chance, files, sockets, threads: what the core needs of them is passed in."""

LOADED = """
import importlib, json, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(sorted(sys.modules)))
"""


def modules_of(root: Path, folder: str) -> dict[str, Path]:
    return {
        "returnbench." + path.relative_to(root).with_suffix("").as_posix().replace("/", "."): path
        for path in sorted((root / folder).rglob("*.py"))
    }


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            assert node.module is not None
            yield node.module


def may_use_numpy(name: str) -> bool:
    last = name.rsplit(".", 1)[-1]
    return last.startswith("weight") or last == "photo_gate"


def loaded_with(python, root: Path, names: list[str]) -> set[str]:
    done = python(["-c", LOADED, *names], root)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_each_module_of_the_core_imports_only_the_core_and_the_standard_library(root):
    wrong = {
        (name, imported)
        for name, path in modules_of(root, "inspect").items()
        for imported in imports_of(path)
        if not (
            imported.split(".")[0] in sys.stdlib_module_names
            or imported.startswith("returnbench.inspect")
            or (imported.split(".")[0] == "numpy" and may_use_numpy(name))
        )
    }
    assert wrong == set()


def test_no_module_of_the_core_can_reach_a_clock_or_a_file(root):
    wrong = {
        (name, imported)
        for name, path in modules_of(root, "inspect").items()
        for imported in imports_of(path)
        if imported.split(".")[0] in UNFIT_FOR_THE_CORE
    }
    assert wrong == set()


def test_the_core_loads_nothing_else(root, python):
    names = [name for name in modules_of(root, "inspect") if not may_use_numpy(name)]
    without = [name for name in names if name not in needs_numpy(root)]
    # What the interpreter loads by itself (path files, hooks) is not the core's doing.
    before = {name.split(".")[0] for name in loaded_with(python, root, [])}
    tops = {name.split(".")[0] for name in loaded_with(python, root, without)} - before
    assert tops - set(sys.stdlib_module_names) == {"returnbench"}
    assert {"numpy", "cv2", "textual"}.isdisjoint(tops)


def needs_numpy(root: Path) -> set[str]:
    """Modules of the core that lead to one which may use numpy."""
    known = modules_of(root, "inspect")
    needing = {name for name in known if may_use_numpy(name)}
    while True:
        more = {
            name for name, path in known.items()
            if name not in needing and needing & set(_full(path, known))
        }  # fmt: skip
        if not more:
            return needing
        needing |= more


def _full(path: Path, known: dict[str, Path]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize(
    ("folder", "never"),
    [
        ("inspect", ("returnbench.station", "returnbench.drivers", "returnbench.sync")),
        ("drivers", ("returnbench.station", "returnbench.sync")),
        ("sync", ("returnbench.station", "returnbench.drivers")),
    ],
)
def test_a_folder_loads_neither_the_screen_nor_the_folders_above(root, python, folder, never):
    loaded = loaded_with(python, root, list(modules_of(root, folder)))
    assert f"returnbench.{folder}" in loaded
    assert {name for name in loaded if name.split(".")[0] in ("textual", "rich")} == set()
    assert {name for name in loaded if name.startswith(never)} == set()


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_the_command_itself_is_light(root, python, arguments):
    code = (
        "import sys, json\n"
        "from returnbench.station.cli import main\n"
        "try:\n"
        f"    main({arguments!r})\n"
        "except SystemExit as end:\n"
        "    assert end.code == 0\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = python(["-c", code], root)
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    heavy = {"textual", "cv2", "numpy", "sqlalchemy", "fastapi", "cryptography", "httpx2", "serial"}
    assert heavy & loaded == set()


LINT = (
    "import sys; from importlinter.cli import lint_imports, EXIT_STATUS_SUCCESS; "
    "sys.exit(lint_imports(no_cache=True) != EXIT_STATUS_SUCCESS)"
)


def test_the_contracts_hold(root, python):
    done = python(["-c", LINT], root)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_the_contracts_are_checked_in_a_strict_editable_install_too(editable, tree_copy, python):
    interpreter = editable("strict")
    done = python(["-c", LINT], tree_copy, python=interpreter)
    assert done.returncode == 0, done.stdout + done.stderr
    seen = [m for f in ("station", "drivers", "inspect", "sync") for m in modules_of(tree_copy, f)]
    packages = {name.rpartition(".")[0] for name in seen}
    assert f"Analyzed {len(seen) + len(packages)} files" in done.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("drivers/health.py", "import returnbench.sync.merkle"),
        ("sync/merkle.py", "from returnbench.drivers import health"),
        ("inspect/codes.py", "from returnbench.sync.files import Files"),
        ("sync/files.py", "import returnbench.station.view"),
    ],
)
def test_an_arrow_that_runs_back_up_is_found(  # noqa: PLR0917 - all but two are fixtures
    bare, tree_copy, python, tmp_path, module, line
):
    package = tmp_path / "returnbench"
    for folder in ("station", "drivers", "inspect", "sync"):
        shutil.copytree(tree_copy / folder, package / folder)
    shutil.copy(tree_copy / "pyproject.toml", tmp_path)
    changed = package / module
    changed.write_text(changed.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    done = python(["-c", LINT], tmp_path, python=bare, path=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 broken" in done.stdout
