"""What a user installs: everything that the package needs to run, and nothing of its tests."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from importlib.metadata import PackageNotFoundError, metadata, version
from pathlib import Path
from typing import Any

import pytest
import yaml

from pulumi_dpc import __version__
from tests import PACKAGE, REPOSITORY

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

OLDEST_SETUPTOOLS = 77  # pyproject.toml's build-system.requires
PROJECT: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]


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


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Run a command with this Python, and return what it printed."""
    done = subprocess.run(
        [sys.executable, *map(str, command)], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the source distribution from a copy, since a build leaves files behind."""
    missing = lacks()
    if missing:
        pytest.skip(f"nothing can be built here: {missing}")
    source, built = tmp_path_factory.mktemp("source") / "tree", tmp_path_factory.mktemp("built")
    hidden = shutil.ignore_patterns(".*", "__pycache__", "build", "*.egg-info", "tests", "docs")
    shutil.copytree(REPOSITORY, source, ignore=hidden)
    build = "import sys; from setuptools.build_meta import build_sdist; build_sdist(sys.argv[1])"
    run("-c", build, built, cwd=source)
    (path,) = built.glob("pulumi_dpc-*.tar.gz")
    return path


@pytest.fixture(scope="module")
def wheel_file(sdist: Path) -> Path:
    """Build the wheel from the source distribution, as whoever installs that does."""
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(sdist.parent))
    run("-m", "pip", "wheel", *options, sdist)
    (path,) = sdist.parent.glob("pulumi_dpc-*.whl")
    return path


@pytest.fixture(scope="module")
def wheel(wheel_file: Path) -> list[str]:
    """Return the names in the wheel."""
    return zipfile.ZipFile(wheel_file).namelist()


def test_the_wheel_has_every_file_of_the_package(wheel: list[str]) -> None:
    """Without ``py.typed`` no type is seen, and without its description of the API the emulator does not start."""
    files = [path for path in PACKAGE.rglob("*") if path.suffix in (".py", ".yaml", ".typed")]
    assert {PACKAGE / "py.typed", PACKAGE / "emulator" / "openapi.yaml"} <= set(files)
    assert {str(path.relative_to(REPOSITORY)) for path in files} <= set(wheel)


def test_the_wheel_has_the_licence_and_the_notice(wheel: list[str]) -> None:
    for name in ("LICENSE", "NOTICE"):
        assert [found for found in wheel if found.endswith(f".dist-info/licenses/{name}")], name


def test_the_wheel_has_nothing_but_the_package(wheel: list[str]) -> None:
    """A top-level ``tests`` or ``examples`` would shadow the user's own. Beside it stands pytest's plugin."""
    tops = {name.partition("/")[0] for name in wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"pulumi_dpc", "pytest_pulumi_dpc.py"}


def test_the_source_distribution_has_what_the_wheel_has(sdist: Path, wheel: list[str]) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {name for name in wheel if name.startswith("pulumi_dpc/")} <= names
    assert {"LICENSE", "NOTICE", "README.md", "pyproject.toml"} <= names


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_the_wheel_installs_in_an_empty_environment(installer: str, wheel_file: Path, tmp_path: Path) -> None:
    """With what it needs from this environment; `make package` fetches that too, and tries the source as well."""
    if installer == "uv" and shutil.which("uv") is None:
        pytest.skip("uv is not installed")
    home = tmp_path / "empty"
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    if installer == "pip":
        run("-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-index", wheel_file)
    else:
        command = ["uv", "pip", "install", "--python", str(python), "--no-deps", "--offline", str(wheel_file)]
        subprocess.run(command, check=True, capture_output=True)
    inside = Path(sysconfig.get_path("purelib", vars={"base": str(home), "platbase": str(home)}))
    (inside / "needed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    show = "import pulumi_dpc, pulumi_dpc.emulator; print(pulumi_dpc.__file__, pulumi_dpc.__version__)"
    done = subprocess.run([python, "-c", show], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(inside / "pulumi_dpc" / "__init__.py"), version("pulumi-dpc")]


def test_the_notice_names_what_the_package_needs_and_its_licence() -> None:
    """Who redistributes it has to know, and finds out from no other file."""
    notice = (REPOSITORY / "NOTICE").read_text()
    rows = dict(re.findall(r"^- ([\w-]+): (.+)$", notice, re.MULTILINE))
    extras = PROJECT["optional-dependencies"]
    needed = [
        *PROJECT["dependencies"],
        *(one for extra in ("cli", "emulator", "testing") for one in extras[extra]),
    ]
    assert {*rows, "pulumi-dpc[emulator]"} == {re.split(r"[<>=~]", requirement)[0] for requirement in needed}
    for name, licence in rows.items():
        found = metadata(name)
        said = " ".join(str(found.get_all(field)) for field in ("License-Expression", "License"))
        assert licence in said, (name, said)


def test_the_sbom_leaves_out_no_extra_that_users_get() -> None:
    """It had only what the emulator needs, so who checks the command or the tests by it found nothing."""
    (extras,) = re.findall(r"dist/\*\.whl\)\[([\w,]+)\]", (REPOSITORY / "Makefile").read_text())
    assert {*extras.split(","), "dev", "docs"} == set(PROJECT["optional-dependencies"])


def test_every_release_says_what_need_not_be_created_again() -> None:
    """Whoever upgrades wants to know first whether a live stream is touched (RELEASING.md)."""
    sections = re.split(r"^## ", (REPOSITORY / "CHANGELOG.md").read_text(), flags=re.MULTILINE)[1:]
    assert sections
    for section in sections:
        (upgrade,) = re.findall(r"^### Upgrading\n\n(.+?)\n\n", section, re.MULTILINE | re.DOTALL)
        assert "created again" in upgrade, section.splitlines()[0]


def test_the_pythons_of_the_policy_are_those_that_are_tried() -> None:
    """pyproject.toml, the page and the matrix name the same versions."""
    page = (REPOSITORY / "docs" / "support.md").read_text()
    (first, last) = re.findall(r"\| Python \| (3\.\d+) to (3\.\d+) \|", page)[0]
    named = [f"3.{minor}" for minor in range(int(first[2:]), int(last[2:]) + 1)]
    assert PROJECT["requires-python"] == f">={first}"
    workflow = (REPOSITORY / ".github" / "workflows" / "ci.yml").read_text()
    assert str(named).replace("'", '"') in workflow
    assert str(tuple(named)).replace("'", '"') in (REPOSITORY / "tests" / "matrix.py").read_text()
    tried = [one.rpartition(" ")[2] for one in PROJECT["classifiers"] if "Python :: 3." in one]
    assert [one for one in tried if one not in named] == []


# ---- the workflow that publishes ----

RELEASE: dict[str, Any] = yaml.safe_load((REPOSITORY / ".github" / "workflows" / "release.yml").read_text())


def test_a_release_is_published_without_a_stored_password() -> None:
    """Whoever reads a password can publish; a token of the workflow is good for this run only."""
    assert "secrets." not in str(RELEASE)
    written = {
        name: {what for what, how in job["permissions"].items() if how == "write"}
        for name, job in RELEASE["jobs"].items()
    }
    assert RELEASE["permissions"] == {}
    assert written == {
        "build": set(),
        "attest": {"attestations", "id-token"},
        "publish": {"id-token"},
        "assets": {"contents"},
    }
    assert RELEASE["jobs"]["publish"]["environment"] == "pypi"


def test_what_is_published_is_what_was_tried_and_attested() -> None:
    """Only the first job has the source; each other one waits for the one before."""
    jobs = RELEASE["jobs"]
    assert {name: job.get("needs") for name, job in jobs.items()} == {
        "build": None,
        "attest": "build",
        "publish": "attest",
        "assets": "publish",
    }
    with_source = [name for name, job in jobs.items() if "actions/checkout" in str(job)]
    assert with_source == ["build"]
    commands = [step.get("run") for step in jobs["build"]["steps"]]
    assert commands.index("make package") < commands.index("make sbom")


@pytest.mark.parametrize(("tag", "code"), [("v" + __version__, 0), (__version__, 1), ("v0.0.0", 1)])
def test_a_tag_that_is_not_the_version_is_not_released(tag: str, code: int) -> None:
    steps = {step.get("name"): step for step in RELEASE["jobs"]["build"]["steps"]}
    env = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "GITHUB_REF_NAME": tag}
    script = steps["Hold that the tag is the version"]["run"]
    done = subprocess.run(
        ["bash", "-e", "-c", script], cwd=REPOSITORY, env=env, capture_output=True, check=False
    )
    assert done.returncode == code, done.stderr
