"""What a user installs: everything that the package needs to run, and nothing of its tests."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, version

import pytest

from tests import PACKAGE, REPOSITORY

OLDEST_SETUPTOOLS = 77  # pyproject.toml's build-system.requires


def lacks() -> str | None:
    """Return what this environment lacks to build a wheel without fetching anything."""
    if importlib.util.find_spec("pip") is None:
        return "pip is not installed"
    try:
        installed = version("setuptools")
    except PackageNotFoundError:
        return "setuptools is not installed"
    if int(installed.partition(".")[0]) < OLDEST_SETUPTOOLS:
        return f"setuptools {installed} is older than {OLDEST_SETUPTOOLS}"
    return None


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Build the wheel from a copy, since a build leaves files behind, and return the names in it."""
    missing = lacks()
    if missing:
        pytest.skip(f"no wheel can be built here: {missing}")
    source, built = tmp_path_factory.mktemp("source") / "tree", tmp_path_factory.mktemp("built")
    shutil.copytree(
        REPOSITORY, source, ignore=shutil.ignore_patterns(".*", "__pycache__", "build", "*.egg-info")
    )
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run(
        [*command, "--wheel-dir", str(built), str(source)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (path,) = built.glob("pulumi_dpc-*.whl")
    return zipfile.ZipFile(path).namelist()


def test_the_wheel_has_every_file_of_the_package(wheel: list[str]) -> None:
    """Without ``py.typed`` no type is seen, and without its description of the API the emulator does not start."""
    files = [path for path in PACKAGE.rglob("*") if path.suffix in (".py", ".yaml", ".typed")]
    assert {PACKAGE / "py.typed", PACKAGE / "emulator" / "openapi.yaml"} <= set(files)
    assert {str(path.relative_to(REPOSITORY)) for path in files} <= set(wheel)


def test_the_wheel_has_the_licence(wheel: list[str]) -> None:
    assert [name for name in wheel if name.endswith(".dist-info/licenses/LICENSE")]


def test_the_wheel_has_nothing_but_the_package(wheel: list[str]) -> None:
    """A top-level ``tests`` or ``examples`` would shadow the user's own."""
    tops = {name.partition("/")[0] for name in wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"pulumi_dpc"}
