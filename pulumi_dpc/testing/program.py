"""Which program a test runs: a folder with its project's name and configuration, or a function."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from .errors import NotSupported, TestingError
from .resource import Secret

Program: TypeAlias = "str | os.PathLike[str] | Callable[[], object]"
"""A folder with a ``Pulumi.yaml``, or a function."""


@dataclass(frozen=True)
class Found:
    """A program, and what its own files say of it.

    Attributes:
        project: The project's name.
        folder: Where its ``__main__.py`` is; None for a function.
        function: The function; None for a folder.
        config: The configuration that its files give, by whole key.
    """

    project: str
    folder: Path | None = None
    function: Callable[[], object] | None = None
    config: Mapping[str, Any] = field(default_factory=dict)


def find_program(program: Program, stack: str, project: str | None, places: Iterable[Path]) -> Found:
    """Return a program; a relative folder is looked for in each of these places.

    Raises:
        TestingError: It is not there, or its ``Pulumi.yaml`` is not a Python project's.
    """
    if callable(program):
        return Found(project or "project", function=program)
    folder = _folder(Path(program), list(places))
    about = _mapping(folder / "Pulumi.yaml")
    main = folder / str(about.get("main") or ".")
    if main.name == "__main__.py":
        main = main.parent
    if not main.is_dir():
        text = "Pulumi runs `__main__.py` of a folder: name the folder, or leave it out for this one"
        raise TestingError(f"{folder / 'Pulumi.yaml'}: main: `{about['main']}` is not a folder; {text}")
    name = project or str(about.get("name") or folder.name)
    runtime = about.get("runtime")
    if (runtime.get("name") if isinstance(runtime, Mapping) else runtime) != "python":
        raise TestingError(f"{folder / 'Pulumi.yaml'}: runtime: must be python, not {runtime!r}")
    config = {
        **_declared(about.get("config") or {}, name),
        **_of_stack(folder / f"Pulumi.{stack}.yaml", name),
    }
    return Found(name, folder=main.resolve(), config=config)


def _folder(given: Path, places: list[Path]) -> Path:
    tried = [given] if given.is_absolute() else [place / given for place in places]
    for folder in tried:
        if (folder / "Pulumi.yaml").is_file():
            return folder
    raise TestingError(f"there is no Pulumi.yaml in {', nor in '.join(dict.fromkeys(map(str, tried)))}")


def _mapping(path: Path) -> Mapping[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise TestingError(f"{path}: is not YAML: {str(error).splitlines()[0]}") from None
    if not isinstance(found, Mapping):
        raise TestingError(f"{path}: must be a mapping")
    return found


def _declared(config: Mapping[str, Any], project: str) -> dict[str, Any]:
    """Return the values that a project's own file gives to its keys."""
    found = {}
    for key, declared in config.items():
        value = declared
        if isinstance(declared, Mapping):
            value = declared.get("value", declared.get("default", Missing()))
        if value is not None:
            found[whole_key(str(key), project)] = value
    return found


def _of_stack(path: Path, project: str) -> dict[str, Any]:
    """Return the values of a stack's own file; what is encrypted there is left for the test to give.

    Raises:
        NotSupported: It takes values of an environment of Pulumi ESC, which no test can read.
    """
    if not path.is_file():
        return {}
    stack = _mapping(path)
    if stack.get("environment"):
        raise NotSupported(
            f"{path}: environment: pulumi_dpc.testing does not read environments of Pulumi ESC. Open a stack without"
            " them, as stack='test', and give what they hold with config= and env="
        )
    config = stack.get("config") or {}
    return {
        whole_key(str(key), project): Encrypted() if _is_encrypted(value) else value
        for key, value in config.items()
    }


@dataclass(frozen=True)
class Encrypted:
    """A secret of a stack's file, whose value only that stack's owner can read."""


@dataclass(frozen=True)
class Missing:
    """A key that the project's own file declares without a value; Pulumi demands one of every stack."""


def _is_encrypted(value: Any) -> bool:
    """Tell whether a value is encrypted, or a part of it."""
    if isinstance(value, list):
        return any(map(_is_encrypted, value))
    return isinstance(value, Mapping) and (
        set(value) == {"secure"} or any(map(_is_encrypted, value.values()))
    )


def whole_key(key: str, project: str) -> str:
    """Return a key with its namespace, which is the project's where none is given."""
    return key if ":" in key else f"{project}:{key}"


def config_of(found: Found, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration of a stack: what the test gives over what the files say.

    Raises:
        TestingError: The files encrypt a value that the test does not give, or declare one that nobody gives.
    """
    config = {**found.config, **{whole_key(key, found.project): value for key, value in given.items()}}
    unread = [key for key, value in config.items() if isinstance(value, Encrypted)]
    if unread:
        key = unread[0]
        raise TestingError(
            f"the configuration {', '.join(unread)} is encrypted in the stack's file, and a test has no key to it:"
            f" give a value with config={{{key!r}: Secret(...)}}"
        )
    missing = [key for key, value in config.items() if isinstance(value, Missing)]
    if missing:
        key = missing[0]
        raise TestingError(
            f"the configuration {', '.join(missing)} is declared in Pulumi.yaml and has no value there nor in the"
            f" stack's file: give one with config={{{key!r}: ...}}"
        )
    return config


def config_text(value: Any) -> tuple[str, bool]:
    """Return a value of the configuration as Pulumi stores it, and whether it is a secret."""
    if isinstance(value, Secret):
        return config_text(value.value)[0], True
    return (value if isinstance(value, str) else json.dumps(value)), False
