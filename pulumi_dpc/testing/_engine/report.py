"""What a person would see of a command: its rows, messages and outputs, as the CLI prints them without a terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from .stack import Diagnostic, Result, Step

_SIGNS = {
    "same": "   ",
    "create": " + ",
    "update": " ~ ",
    "delete": " - ",
    "replace": "+- ",
    "create-replacement": "++ ",
    "delete-replaced": "-- ",
    "refresh": " ~ ",
    "import": " = ",
    "read": " > ",
    "read-replacement": ">+ ",
    "discard": " < ",
    "discard-replaced": "<< ",
}
_DONE = {
    "create": ("creating", "created"),
    "update": ("updating", "updated"),
    "delete": ("deleting", "deleted"),
    "replace": ("replacing", "replaced"),
    "create-replacement": ("creating replacement", "created replacement"),
    "delete-replaced": ("deleting original", "deleted original"),
    "refresh": ("refreshing", "refreshed"),
    "import": ("importing", "imported"),
    "read": ("reading", "read"),
}
_STACK = "pulumi:pulumi:Stack"


def report(result: Result, outputs: Mapping[str, Any], *, stack: str, dry_run: bool) -> str:
    """Return the whole text; secrets among the outputs are texts already."""
    failed = {said.urn for said in result.diagnostics if said.severity == "error"}
    rows = [_row(step, dry_run=dry_run, is_failed=step.urn in failed) for step in result.steps]
    parts = [
        *rows,
        *_diagnostics([*result.diagnostics, *result.progress], stack),
        *_outputs(outputs),
        *_resources(result.steps, dry_run=dry_run),
    ]
    return "\n".join(parts).strip("\n") + "\n"


def _row(step: Step, *, dry_run: bool, is_failed: bool) -> str:
    doing, done = _DONE.get(step.op, (step.op, step.op))
    words = f"**{doing} failed**" if is_failed and not dry_run else step.op if dry_run else done
    if step.op == "same":
        words = ""
    if step.result:
        words = f"{words}: {step.result}"
    diff = f"[diff: {', '.join(f'~{key}' for key in sorted(step.keys))}]" if step.keys else ""
    shown = [_SIGNS.get(step.op, "   "), step.type, step.name, words, diff]
    return " ".join(part for part in shown if part)


def _diagnostics(said: Iterable[Diagnostic], stack: str) -> list[str]:
    """Return the messages under their resources, in the order in which the resources first spoke."""
    by_resource: dict[str, list[Diagnostic]] = {}
    for message in said:
        by_resource.setdefault(message.urn, []).append(message)
    lines = ["", "Diagnostics:"]
    for urn, messages in by_resource.items():
        kind = urn.split("::")[2].rpartition("$")[2] if urn else _STACK
        name = urn.split("::", 3)[3] if urn else stack
        lines.append(f"  {kind} ({name}):")
        lines += ["    " + _said(message).replace("\n", "\n    ") for message in messages]
    return lines if by_resource else []


def _said(message: Diagnostic) -> str:
    return message.text if message.severity == "info" else f"{message.severity}: {message.text}"


def _outputs(outputs: Mapping[str, Any]) -> list[str]:
    width = max(map(len, outputs), default=0)
    rows = [f"    {key:{width}}: {json.dumps(value)}" for key, value in sorted(outputs.items())]
    return ["", "Outputs:", *rows] if rows else []


def _resources(steps: Iterable[Step], *, dry_run: bool) -> list[str]:
    counts: dict[str, int] = {}
    for step in steps:
        counts[step.op] = counts.get(step.op, 0) + 1
    same = counts.pop("same", 0)
    rows = [
        f"    {_SIGNS.get(op, '').strip()} {count} {f'to {op}' if dry_run else _DONE.get(op, (op, op))[1]}"
        for op, count in counts.items()
    ]
    return ["", "Resources:", *rows, *([f"    {same} unchanged"] if same else [])]
