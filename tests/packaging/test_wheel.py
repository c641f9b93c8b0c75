"""The wheel has every file of the four folders and nothing else, and runs where it is installed."""

import tomllib
import zipfile
from pathlib import Path

import pytest

FOLDERS = ("station", "drivers", "inspect", "sync")
STANDARD_INSPECT = "import inspect; assert inspect.signature; print(inspect.__file__)"


def files_below(root: Path) -> set[str]:
    return {
        path.relative_to(root).as_posix()
        for folder in FOLDERS
        for path in (root / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_has_the_files_of_the_tree_and_no_others(wheel, tree_copy):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == {f"returnbench/{name}" for name in files_below(tree_copy)}
    assert not [name for name in names if "test" in name.lower().split("/")]


def test_the_tree_has_only_kinds_of_files_that_a_wheel_is_told_of(root):
    known = (".py", ".toml", ".tcss")
    others = {name for name in files_below(root) if not name.endswith((*known, "/py.typed"))}
    assert others == set()
    assert {f"{folder}/py.typed" for folder in FOLDERS} <= files_below(root)


def test_every_package_folder_is_listed(root):
    listed = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {
        Path(name).parent.as_posix().replace("/", ".")
        for name in files_below(root)
        if name.endswith(".py")
    }
    assert sorted(listed) == sorted(f"returnbench.{folder}" for folder in folders)


def test_no_folder_has_an_init_file(root):
    """With one in inspect/, the standard library's module could not be imported from the root."""
    assert {name for name in files_below(root) if name.endswith("__init__.py")} == set()


def test_the_metadata_name_the_command_and_the_licence(wheel):
    with zipfile.ZipFile(wheel) as archive:
        told = {
            Path(name).name: archive.read(name).decode()
            for name in archive.namelist()
            if ".dist-info/" in name
        }
    assert "returnbench = returnbench.station.cli:main" in told["entry_points.txt"]
    assert "License-Expression: Apache-2.0" in told["METADATA"]
    assert told["LICENSE"].strip()


def test_the_installed_wheel_runs(installed, python, tmp_path):
    code = (
        "import inspect, returnbench.inspect.flow as flow; from returnbench.station.text import "
        "texts; assert inspect.signature(flow.decide); texts('en')('title.idle'); "
        "print(flow.__file__)"
    )
    done = python(["-W", "error", "-c", code], tmp_path, path=installed)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(installed / "returnbench" / "inspect" / "flow.py")
    helped = python(["-m", "returnbench.station.cli", "--help"], tmp_path, path=installed)
    assert (helped.returncode, "returnbench COMMAND --help" in helped.stdout) == (0, True)


def test_the_standard_inspect_is_itself_where_the_wheel_is_installed(installed, python, root):
    for cwd in (root, installed, installed / "returnbench"):
        done = python(["-c", STANDARD_INSPECT], cwd, path=installed)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip().endswith("inspect.py")
        assert "returnbench" not in Path(done.stdout.strip()).parts


def test_the_standard_inspect_is_itself_in_the_repository(python, root):
    done = python(["-c", STANDARD_INSPECT], root)
    assert done.returncode == 0, done.stderr
    assert not Path(done.stdout.strip()).is_relative_to(root)
    version = python(["-m", "pytest", "--version"], root)
    assert version.returncode == 0, version.stderr
    collected = python(
        ["-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider",
         "tests/inspect/test_check_digits.py"], root,
    )  # fmt: skip
    assert collected.returncode == 0, collected.stdout + collected.stderr


@pytest.mark.parametrize("mode", ["lenient", "strict"])
def test_an_editable_install_follows_the_tree(editable, tree_copy, python, tmp_path, mode):
    interpreter = editable(mode)
    code = (
        "import inspect, os, returnbench.inspect.flow as flow, returnbench.station.text as text; "
        "assert inspect.signature(flow.decide); text.texts('en')('title.idle'); "
        "print(os.path.realpath(flow.__file__))"
    )
    for cwd in (tmp_path, tree_copy):
        done = python(["-c", code], cwd, python=interpreter)
        assert done.returncode == 0, done.stderr
        assert Path(done.stdout.strip()) == (tree_copy / "inspect" / "flow.py").resolve()
    standard = python(["-c", STANDARD_INSPECT], tree_copy, python=interpreter)
    assert standard.returncode == 0, standard.stderr
    assert not Path(standard.stdout.strip()).is_relative_to(tree_copy)
