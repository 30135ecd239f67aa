"""The interface both engines share: a stack to run commands on, and what a command gives back."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PROJECT = "proj"
STACK = "dev"


@dataclass(frozen=True)
class Source:
    """What a stack is of, and which program it runs.

    Attributes:
        project: The name of the project.
        stack: The name of the stack.
        folder: Where the program's `__main__.py` is, if it is not the stack's own folder.
        function: An inline program, in place of a file.
        seconds: After how long a program that waits for something is given up.
    """

    project: str = PROJECT
    stack: str = STACK
    folder: Path | None = None
    function: Callable[[], object] | None = None
    seconds: float = 60.0


SOURCE = Source()
"""A program in the stack's own folder."""


@dataclass(frozen=True)
class Step:
    """One thing the engine did, or would do.

    `op` is the engine's word. The command `refresh` has its findings (same, update, delete) in `result`. `keys` are
    the changed properties, where the engine knows them.
    """

    op: str
    urn: str
    result: str = ""
    keys: frozenset[str] = frozenset()

    @property
    def type(self) -> str:
        return self.urn.split("::")[2].rpartition("$")[2]

    @property
    def name(self) -> str:
        return self.urn.split("::", 3)[3]


@dataclass(frozen=True)
class Diagnostic:
    """A message for the user: `severity` is error, warning or info; `urn` is "" for the whole stack."""

    severity: str
    urn: str
    text: str


@dataclass
class Result:
    """What one command did and said."""

    exit_code: int = 0
    steps: list[Step] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    progress: list[Diagnostic] = field(default_factory=list)
    text: str = ""
    drifted: bool = False
    unsupported: str = ""
    """What the program asked for that the engine double does not do."""
    is_mock_broken: bool = False
    """Whether it is a mistake in a mock that `unsupported` tells."""
    seconds: float = 0.0
    """Wall time of the command alone, without what the stack does around it."""

    @property
    def ok(self) -> bool:
        return self.exit_code == 0

    def ops(self, *, components: bool = False) -> list[tuple[str, str]]:
        """Return (name, op) of every step in order, a refresh as `refresh:update`; stack and components on request."""
        return [
            (step.name, f"{step.op}:{step.result}" if step.result else step.op)
            for step in self.steps
            if components or step.type.startswith("pulumi-python:")
        ]

    def errors(self) -> list[str]:
        return [d.text for d in self.diagnostics if d.severity == "error"]

    def warnings(self) -> list[str]:
        return [d.text for d in self.diagnostics if d.severity == "warning"]


class Stack(Protocol):
    """A program with its state; `up` and the others run one command and never raise because it failed."""

    @property
    def state(self) -> list[dict[str, Any]]:
        """The deployment's resources as `pulumi stack export` shows them (secrets as ciphertext)."""

    @property
    def state_text(self) -> str:
        """The stored state as raw text."""

    @property
    def pending_operations(self) -> list[dict[str, Any]]:
        """What was under way when a command was killed."""

    def export(self) -> list[dict[str, Any]]:
        """Return the resources with their secrets in plain text, as `pulumi stack export --show-secrets` does."""

    def write(self, program_text: str) -> None:
        """Replace the program."""

    def import_state(self, document: Mapping[str, Any]) -> None:
        """Replace the state by an exported one, whose secrets must be in plain text (`--show-secrets`)."""

    def set_config(self, key: str, value: str, *, secret: bool = False) -> None:
        """Set a stack configuration value."""

    def preview(
        self,
        *,
        refresh: bool = False,
        expect_no_changes: bool = False,
        replace: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> Result: ...

    def up(
        self,
        *,
        refresh: bool = False,
        replace: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        continue_on_error: bool = False,
    ) -> Result: ...

    def refresh(self, *, env: Mapping[str, str] | None = None, preview_only: bool = False) -> Result: ...

    def import_file(self, file: Path, *, protect: bool) -> Result:
        """Run `pulumi import --file`, without code."""

    def destroy(self, *, env: Mapping[str, str] | None = None) -> Result: ...

    def cancel(self) -> None:
        """Interrupt the running command as one Ctrl-C does; callable from another thread."""

    def kill(self) -> None:
        """Kill the running command and its processes as `kill -9` does; callable from another thread."""

    def kill_provider(self) -> None:
        """Kill the provider processes of the running command; callable from another thread."""

    def close(self) -> None:
        """Release what the stack holds; its state stays."""


def urn_of(name: str, kind: str = "pulumi-python:dynamic/sample:Thing", *parents: str) -> str:
    """Return the urn of a resource in the test stack; `parents` are the types of its components, outermost first."""
    return f"urn:pulumi:{STACK}::{PROJECT}::{'$'.join([*parents, kind])}::{name}"


def write_project(directory: Path, program_text: str | None, source: Source = SOURCE) -> None:
    """Make `directory` a Pulumi project; a program text of None leaves the program alone."""
    directory.mkdir(parents=True, exist_ok=True)
    project = directory / "Pulumi.yaml"
    if not project.exists():
        main = f"main: {json.dumps(str(source.folder))}\n" if source.folder else ""
        project.write_text(f"name: {source.project}\nruntime: python\n{main}")
    if program_text is not None:
        (directory / "__main__.py").write_text(program_text)


def base_environment(env: Mapping[str, str] | None) -> dict[str, str]:
    """Return the environment of a command: ours without Pulumi's and DPC's settings, this package importable."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PULUMI_", "DPC_"))}
    paths = [*our_path(), *filter(None, [clean.get("PYTHONPATH")])]
    if paths:
        clean["PYTHONPATH"] = os.pathsep.join(paths)
    clean["PULUMI_PYTHON_CMD"] = sys.executable
    clean["no_proxy"] = clean["NO_PROXY"] = (
        "127.0.0.1,localhost"  # a proxy knows nothing of this machine's ports
    )
    return {**clean, **(env or {})}


def our_path() -> list[str]:
    """Return what a process needs on its path to find this package: nothing, where it is installed."""
    root = Path(__file__).resolve().parents[3]
    return [] if root.name in ("site-packages", "dist-packages") else [str(root)]
