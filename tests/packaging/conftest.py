"""A copy of the tree, the wheel built from it, and places where it is installed."""

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable, Sequence
from importlib import metadata, util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("station", "drivers", "inspect", "sync")
SETUPTOOLS = "setuptools>=77"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def run_python(
    arguments: Sequence[str],
    cwd: Path,
    python: Path | str = sys.executable,
    path: Path | None = None,
) -> "subprocess.CompletedProcess[str]":
    """Run Python as a user would: nothing of this test's own search path comes along."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    return subprocess.run(
        [str(python), *arguments], cwd=cwd, env=environment, capture_output=True, text=True,
        timeout=240, check=False,
    )  # fmt: skip


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def python() -> Run:
    return run_python


@pytest.fixture(scope="session")
def tree_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a build needs of the tree, so that none of it happens in the tree itself."""
    copy = tmp_path_factory.mktemp("tree")
    for name in FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    # A build must not take them in, wherever they lie.
    shutil.copytree(ROOT / "tests" / "packaging", copy / "tests" / "packaging")
    return copy


@pytest.fixture(scope="session")
def build_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder on whose path there is a setuptools that can build this project."""
    empty = tmp_path_factory.mktemp("build-path")
    try:
        installed = int(metadata.version("setuptools").split(".")[0])
    except metadata.PackageNotFoundError:
        installed = 0
    if installed >= 77:
        return empty
    pip = [sys.executable, "-m", "pip"] if util.find_spec("pip") else ["uv", "pip"]
    target = ["install", "--quiet", "--target", str(empty), SETUPTOOLS]
    subprocess.run([*pip, *target], check=True, timeout=240)
    return empty


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory, tree_copy: Path, build_path: Path) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    arguments = ["-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)]
    done = run_python(arguments, tree_copy, path=build_path)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = out.iterdir()
    return built


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    """The wheel unpacked into a folder, which is what installing a pure wheel is."""
    target = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def make_environment(place: Path) -> tuple[Path, Path]:
    """An environment with the dependencies and without this project: interpreter, site-packages."""
    venv.create(place, symlinks=True)
    (site,) = place.glob("lib/python*/site-packages")
    # Path files in a folder that is itself named by a path file are not read: the dependencies of
    # the environment that runs the tests come along, its own install of this project does not.
    ours = str(metadata.distribution("pytest").locate_file(""))
    (site / "dependencies.pth").write_text(f"{ours}\n", encoding="utf-8")
    return place / "bin" / "python", site


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that has the dependencies and not this project."""
    python, _ = make_environment(tmp_path_factory.mktemp("bare") / "venv")
    return python


@pytest.fixture(scope="session")
def editable(
    tmp_path_factory: pytest.TempPathFactory, tree_copy: Path, build_path: Path
) -> Callable[[str], Path]:
    """Makes environments with an editable install of the copy; returns their interpreter."""
    made: dict[str, Path] = {}

    def make(mode: str) -> Path:
        if mode not in made:
            made[mode] = _install(tmp_path_factory.mktemp(mode), tree_copy, build_path, mode)
        return made[mode]

    return make


def _install(place: Path, tree: Path, build_path: Path, mode: str) -> Path:
    """What an installer does with an editable project (PEP 660): build it, unpack the wheel."""
    python, site = make_environment(place / "venv")
    settings = {"editable_mode": mode} if mode == "strict" else {}
    hook = (
        f"from setuptools import build_meta; build_meta.build_editable({str(place)!r}, {settings})"
    )
    done = run_python(["-c", hook], tree, path=build_path)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = place.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(site)
    return python
