"""`pulumi import --file` of resources that the file holds whole: the state gets them, and no provider is asked."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from .providers import PROVIDER_TYPE
from .stack import Diagnostic, Result, Source, Step
from .state import State
from .steps import STACK_TYPE
from .unsupported import Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any


def import_entries(
    resources: Sequence[State], entries: Iterable[Mapping[str, Any]], source: Source, *, protect: bool
) -> tuple[list[State], Result]:
    """Return the resources with those of an import file, and what the command shows; all of them or none.

    Args:
        resources: The state as it is.
        entries: The file's, each with ``type``, ``name``, ``id``, ``inputs`` and ``outputs``.
        source: What the stack is of.
        protect: Whether they are protected.
    """
    begin = f"urn:pulumi:{source.stack}::{source.project}::"
    stack = State(urn=f"{begin}{STACK_TYPE}::{source.project}-{source.stack}", type=STACK_TYPE)
    provider = State(
        urn=f"{begin}{PROVIDER_TYPE}::default", custom=True, id=str(uuid.uuid4()), type=PROVIDER_TYPE
    )
    there = {state.urn: state for state in resources}
    added = [state for state in (stack, provider) if state.urn not in there]
    by = there.get(provider.urn, provider)
    result = Result(steps=[Step("create", state.urn) for state in added if state is stack])
    try:
        for entry in entries:
            made = _entered(entry, begin, stack.urn, f"{by.urn}::{by.id}", protect=protect)
            if made.urn in there:
                raise Unsupported(f"an import of {made.name!r}, which the state has already")
            there[made.urn] = made
            added.append(made)
            result.steps.append(Step("import", made.urn))
    except Unsupported as unsupported:
        text = f"the engine double does not do: {unsupported}"
        failed = Result(1, diagnostics=[Diagnostic("error", "", text)], text=text, unsupported=text)
        return [*resources], failed
    return [*resources, *added], result


def _entered(entry: Mapping[str, Any], begin: str, parent: str, provider: str, *, protect: bool) -> State:
    if missing := [key for key in ("inputs", "outputs") if key not in entry]:
        raise Unsupported(f"an import without {' and '.join(missing)} of {entry.get('name')!r}")
    return State(
        urn=f"{begin}{entry['type']}::{entry['name']}",
        custom=True,
        id=entry["id"],
        type=entry["type"],
        inputs=dict(entry["inputs"]),
        outputs=dict(entry["outputs"]),
        parent=parent,
        provider=provider,
        protect=protect,
    )
