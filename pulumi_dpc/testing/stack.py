"""A stack in a test: its commands, which raise when they fail, and what they leave behind."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pulumi_dpc.emulator import Emulator, Fault
from pulumi_dpc.emulator.faults import Kind

from ._engine import stack as engine
from .errors import CommandFailed, NotAsExpected, NotSupported, TestingError
from .program import config_text, whole_key
from .resource import Resource, known
from .result import Diagnostic, Result, Step, is_of

PIPELINE = "pulumi-python:dynamic/dpc:StreamingPipeline"
_STACK = "pulumi:pulumi:Stack"
_TOKENS = "/oauth"


class Stack:
    """A stack of one test. Every command runs the program anew, and a provider process with it.

    A command that fails raises ``CommandFailed``, with the report that the CLI would show. With ``expect_failure`` it
    returns instead, and raises ``NotAsExpected`` if it did not fail; a text has to be in the report then.

    Attributes:
        api: The service that its pipelines live at: what is there, what goes wrong, and who else changes it.
        project: The project's name.
        name: The stack's name.
    """

    api: Emulator
    project: str
    name: str

    def __init__(self, double: engine.Stack, api: Emulator, project: str, name: str) -> None:
        """Use ``open_stack``, or the fixture ``dpc_stack``."""
        self._engine, self.api, self.project, self.name = double, api, project, name
        self._resources: tuple[Resource, ...] = ()

    # Commands

    def preview(self, *, refresh: bool = False, expect_failure: bool | str = False) -> Result:
        """Run ``pulumi preview``: say what ``up`` would do.

        Args:
            refresh: Whether what is live is read first.
            expect_failure: See ``Stack``.
        """
        return self._run("preview", expect_failure, refresh=refresh)

    def up(
        self,
        *,
        refresh: bool = False,
        replace: Sequence[str] = (),
        continue_on_error: bool = False,
        fail: int | Fault | Iterable[int | Fault] | None = None,
        expect_failure: bool | str = False,
    ) -> Result:
        """Run ``pulumi up``.

        Args:
            refresh: Whether what is live is read first.
            replace: Names of resources that are replaced, whatever has changed.
            continue_on_error: Whether a failure leaves the other resources to be done.
            fail: What goes wrong at the service meanwhile: a status that a request is answered with, a ``Fault``, or
                several of them. One that no request has met is an error; afterwards all of them are taken back, and
                those that the test itself has injected stay.
            expect_failure: See ``Stack``.
        """
        urns, faults = [self[name].urn for name in replace], _faults(fail)
        befallen: list[int] = []
        for fault in faults:
            self.api.inject(fault)
        try:
            result = self._run(
                "up", expect_failure, refresh=refresh, replace=urns, continue_on_error=continue_on_error
            )
        finally:
            befallen += map(self.api.withdraw, faults)
            if any(count and fault.kind == "refuse" for fault, count in zip(faults, befallen, strict=True)):
                self.api.up()
        met = sum(count > 0 for count in befallen)
        if met < len(faults):
            raise TestingError(
                f"of {len(faults)} faults only {met} befell a request of this `up`:\n\n{result.text}"
            )
        return result

    def refresh(self, *, preview_only: bool = False, expect_failure: bool | str = False) -> Result:
        """Run ``pulumi refresh``: read what is live into the state.

        Args:
            preview_only: Whether the state stays as it was.
            expect_failure: See ``Stack``.
        """
        return self._run("refresh", expect_failure, preview_only=preview_only)

    def destroy(self, *, expect_failure: bool | str = False) -> Result:
        """Run ``pulumi destroy``."""
        return self._run("destroy", expect_failure)

    def import_file(
        self, file: str | Path, *, protect: bool = True, expect_failure: bool | str = False
    ) -> Result:
        """Run ``pulumi import --file FILE --generate-code=false``: bring under Pulumi what exists already.

        Args:
            file: The file that ``pulumi-dpc generate`` has written, with the inputs and outputs of each resource.
            protect: Whether the resources are protected.
            expect_failure: See ``Stack``.
        """
        return self._run("import_file", expect_failure, file=Path(file), protect=protect)

    def set_config(self, key: str, value: Any) -> None:
        """Set a value of the stack's configuration, as ``config`` of ``dpc_stack`` takes it, for the next command."""
        text, is_secret = config_text(value)
        self._engine.set_config(whole_key(key, self.project), text, secret=is_secret)

    # What is there

    def __getitem__(self, name: str) -> Resource:
        """Return the only resource of that name.

        Raises:
            LookupError: There is none, or more than one; the text names what there is.
        """
        return self.resource(name)

    def resource(self, name: str, type: str | None = None) -> Resource:  # noqa: A002
        """Return the only resource of that name.

        Args:
            name: Its name in the program.
            type: Its type, where resources of several types share the name: the token, or its last word.

        Raises:
            LookupError: There is none, or more than one; the text names what there is.
        """
        named = [resource for resource in self._resources if resource.pulumi_resource_name == name]
        found = [resource for resource in named if type is None or is_of(resource.pulumi_resource_type, type)]
        if len(found) == 1:
            return found[0]
        raise LookupError(_ambiguous(name, found) if found else _no_such_resource(name, self._resources))

    @property
    def resources(self) -> tuple[Resource, ...]:
        """Return every resource in the state that the program declares, components and providers too."""
        return tuple(found for found in self._resources if not _is_pulumis(found))

    @property
    def pipelines(self) -> tuple[Resource, ...]:
        """Return every streaming pipeline in the state."""
        return tuple(found for found in self._resources if found.pulumi_resource_type == PIPELINE)

    @property
    def outputs(self) -> Mapping[str, Any]:
        """Return what the program exports, as the last ``up`` left it; a secret is a ``Secret``.

        Raises:
            Unresolved: One of them was never resolved.
        """
        found = (resource for resource in self._resources if resource.pulumi_resource_type == _STACK)
        exported = next((resource.outputs for resource in found), {})
        return {key: known(value, key) for key, value in exported.items()}

    def close(self) -> None:
        """Release what it holds."""
        self._engine.close()

    # How a command is run

    def _run(self, command: str, expect_failure: bool | str, **options: Any) -> Result:  # noqa: FBT001 - as given
        before = len(self.api.requests)
        try:
            done: engine.Result = getattr(self._engine, command)(**options)
        finally:
            if command != "preview":
                self._resources = tuple(map(Resource, self._engine.export()))
        requests = self.api.requests[before:]
        if done.unsupported:
            raise (TestingError if done.is_mock_broken else NotSupported)(done.unsupported)
        result = Result(
            exit_code=done.exit_code,
            steps=tuple(
                Step(step.op, step.name, step.type, step.urn, step.result, step.keys) for step in done.steps
            ),
            outputs=self.outputs,
            diagnostics=tuple(Diagnostic(said.severity, said.text, said.urn) for said in done.diagnostics),
            requests=tuple(request for request in requests if not request.path.startswith(_TOKENS)),
            text=done.text,
            seconds=done.seconds,
        )
        _judge(command.partition("_")[0], result, expect_failure)
        return result


def _faults(fail: int | Fault | Iterable[int | Fault] | None) -> list[Fault]:
    """Return faults that are no one else's, so that each can be counted and taken back on its own.

    Raises:
        TestingError: One of them is neither a status nor a fault.
    """
    given = [fail] if isinstance(fail, int | Fault | str) else [] if fail is None else fail
    faults: list[Fault] = []
    for one in given if isinstance(given, Iterable) else [given]:
        if isinstance(one, Fault):
            faults.append(dataclasses.replace(one))
        elif isinstance(one, int) and not isinstance(one, bool):
            faults.append(_status(one))
        else:
            text = f"a status such as 503, a Fault, or several of them; not {one!r}"
            raise TestingError(f"fail= takes {text}. The kinds of a Fault: {', '.join(get_args(Kind))}")
    return faults


def _status(status: int) -> Fault:
    try:
        return Fault("status", status=status)
    except ValueError as error:
        raise TestingError(f"fail={status}: {error}") from None


def _judge(command: str, result: Result, expect_failure: bool | str) -> None:  # noqa: FBT001 - as given
    if not expect_failure:
        if result.exit_code:
            raise CommandFailed(command, result)
    elif not result.exit_code:
        raise NotAsExpected(f"`pulumi {command}` was expected to fail, and succeeded", result)
    elif isinstance(expect_failure, str) and expect_failure not in result.text:
        text = f"`pulumi {command}` failed as expected, but its report does not say {expect_failure!r}"
        raise NotAsExpected(text, result)


def _is_pulumis(resource: Resource) -> bool:
    """Tell whether Pulumi itself has added a resource: the stack, and the default provider of a package."""
    kind = resource.pulumi_resource_type
    is_default = re.fullmatch(r"default(_[\w.+-]+)?", resource.pulumi_resource_name) is not None
    return kind == _STACK or (kind.startswith("pulumi:providers:") and is_default)


def _ambiguous(name: str, found: Iterable[Resource]) -> str:
    types = ", ".join(resource.pulumi_resource_type for resource in found)
    return f"there are several resources {name!r}, of the types {types}: ask stack.resource({name!r}, type)"


def _no_such_resource(name: str, resources: Iterable[Resource]) -> str:
    there = sorted({found.pulumi_resource_name for found in resources if not _is_pulumis(found)})
    near = difflib.get_close_matches(name, there, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    listed = f"There are: {', '.join(there)}" if there else "There is none at all: has `up` run?"
    return f"the stack has no resource {name!r}{hint or '.'} {listed}"
