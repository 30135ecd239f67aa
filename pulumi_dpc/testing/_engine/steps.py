"""The engine's decisions as pure functions: urns, aliases, what a diff leads to, in which order things are deleted."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .values import Path, Props, changed_paths, covers, parse_path, reset

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .host import Diff
    from .state import State

STACK_TYPE = "pulumi:pulumi:Stack"


@dataclass(frozen=True)
class Alias:
    """A former identity: a whole urn, or what differs from the present one."""

    urn: str = ""
    name: str = ""
    type: str = ""
    parent: str = ""
    no_parent: bool = False
    project: str = ""
    stack: str = ""


@dataclass
class Goal:
    """What the program wants of one resource."""

    type: str
    name: str
    custom: bool
    parent: str = ""
    inputs: Props = field(default_factory=dict)
    dependencies: list[str] = field(default_factory=list)
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    provider: str = ""
    protect: bool = False
    retain_on_delete: bool = False
    delete_before_replace: bool | None = None
    ignore_changes: list[str] = field(default_factory=list)
    replace_on_changes: list[str] = field(default_factory=list)
    additional_secret_outputs: list[str] = field(default_factory=list)
    aliases: list[Alias] = field(default_factory=list)
    custom_timeouts: dict[str, float] = field(default_factory=dict)
    deleted_with: str = ""
    resource_hooks: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """What to do with a resource that has an old state."""

    op: str  # same, update or replace
    keys: frozenset[str] = frozenset()
    delete_before_replace: bool = False


# -- urns ------------------------------------------------------------------------------------------


def qualified_type(urn: str) -> str:
    return urn.split("::")[2]


def name_of(urn: str) -> str:
    return urn.split("::", 3)[3]


def create_urn(stack: str, project: str, parent: str, kind: str, name: str) -> str:
    inside = qualified_type(parent) if parent else ""
    qualified = f"{inside}${kind}" if inside and inside != STACK_TYPE else kind
    return f"urn:pulumi:{stack}::{project}::{qualified}::{name}"


def alias_urns(urn: str, goal: Goal, parents_alias: str) -> list[str]:
    """Return every urn the resource may have had: its own aliases, and those that its parent's alias implies."""
    own = [_collapse(urn, goal, alias, parents_alias) for alias in goal.aliases]
    if not parents_alias:
        return own
    inherited = [(goal.type, goal.name), *((qualified_type(u).rpartition("$")[2], name_of(u)) for u in own)]
    return own + [_inherited(kind, name, goal.parent, parents_alias) for kind, name in inherited]


def _collapse(urn: str, goal: Goal, alias: Alias, parents_alias: str) -> str:
    if alias.urn:
        return alias.urn
    stack, project = urn.split("::", maxsplit=1)[0].removeprefix("urn:pulumi:"), urn.split("::")[1]
    parent = alias.parent or goal.parent
    if alias.parent == goal.parent and parents_alias:
        parent = parents_alias
    if alias.no_parent or (parent and qualified_type(parent) == STACK_TYPE):
        parent = ""
    return create_urn(
        alias.stack or stack,
        alias.project or project,
        parent,
        alias.type or goal.type,
        alias.name or goal.name,
    )


def _inherited(kind: str, name: str, parent: str, parents_alias: str) -> str:
    """A child named after its parent was renamed with it."""
    if name.startswith(name_of(parent)):
        name = name_of(parents_alias) + name.removeprefix(name_of(parent))
    stack, project = (
        parents_alias.split("::", maxsplit=1)[0].removeprefix("urn:pulumi:"),
        parents_alias.split("::")[1],
    )
    return create_urn(stack, project, parents_alias, kind, name)


# -- differences -----------------------------------------------------------------------------------


def with_ignored(news: Props, olds: Props, ignore_changes: Iterable[str]) -> Props:
    """Set what `ignoreChanges` names back to its old value."""
    for text in ignore_changes:
        news = reset(news, olds, parse_path(text))
    return news


@dataclass(frozen=True)
class Resolved:
    """A provider's diff with DIFF_UNKNOWN worked out from the inputs, as the engine does."""

    changes: bool
    replaces: frozenset[str]
    paths: tuple[Path, ...] = ()

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(str(path[0]) for path in self.paths)


def resolve(diff: Diff, olds: Props, news: Props, ignore_changes: Iterable[str]) -> Resolved:
    if diff.changes is not None:
        return Resolved(diff.changes, frozenset(diff.replaces))
    paths = tuple(changed_paths(olds, with_ignored(news, olds, ignore_changes)))
    return Resolved(bool(paths), frozenset(diff.replaces), paths)


def decide(diff: Diff, old: State, news: Props, goal: Goal) -> Decision:
    """Say whether a resource is updated, replaced or left alone."""
    found = resolve(diff, old.inputs, news, goal.ignore_changes)
    patterns = [parse_path(text) for text in goal.replace_on_changes]
    unwell = bool(old.init_errors)
    forced = unwell and any(covers(pattern, ("#initerror",)) for pattern in patterns)
    if not (found.changes or forced or old.pending_replacement):
        return Decision("update" if unwell else "same", found.keys)
    replaces = found.replaces or forced or any(covers(p, path) for p in patterns for path in found.paths)
    dbr = diff.delete_before_replace if goal.delete_before_replace is None else goal.delete_before_replace
    return Decision("replace" if replaces or old.pending_replacement else "update", found.keys, dbr)


# -- orders ----------------------------------------------------------------------------------------


def deletion_waves(condemned: Sequence[State]) -> list[list[State]]:
    """Split what is to be deleted into groups, dependents first; a group's members do not need one another."""
    left, waves = list(condemned), []
    while left:
        urns = {state.urn for state in left}
        wave = [state for state in left if not (state.needs() & (urns - {state.urn}))]
        wave = wave or left
        waves.append(wave)
        left = [state for state in left if state not in wave]
    return waves[::-1]


def dependents(root: State, resources: Iterable[State]) -> list[State]:
    """Return what needs `root`, directly or not, in the order of the snapshot."""
    reached, found = {root.urn}, []
    for state in resources:
        if state is not root and state.needs() & reached:
            reached.add(state.urn)
            found.append(state)
    return found


def needed_by(roots: Iterable[State], resources: Mapping[str, State]) -> set[str]:
    """Return the urns that `roots` need, directly or not."""
    found: set[str] = set()
    front = [urn for root in roots for urn in root.needs()]
    while front:
        urn = front.pop()
        if urn not in found:
            found.add(urn)
            front += resources[urn].needs() if urn in resources else ()
    return found


def without_dangling(resources: Iterable[State]) -> list[State]:
    """Drop dependencies on resources that a refresh found gone; children move up to their grandparent."""
    there: set[str] = set()
    parents: dict[str, str] = {}
    kept = []
    for state in resources:
        parent = state.parent if not state.parent or state.parent in there else parents.get(state.parent, "")
        properties = {k: [u for u in v if u in there] for k, v in state.property_dependencies.items()}
        properties = {k: v for k, v in properties.items() if v}
        kept.append(
            state.copy(
                parent=parent,
                dependencies=[urn for urn in state.dependencies if urn in there],
                property_dependencies=properties,
                deleted_with=state.deleted_with if state.deleted_with in there else "",
            )
        )
        there.add(state.urn)
        parents[state.urn] = parent
    return kept


_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def seconds(duration: str) -> float:
    """Read a duration in Go's notation."""
    return sum(float(number) * _SECONDS[unit] for number, unit in _DURATION.findall(duration))
