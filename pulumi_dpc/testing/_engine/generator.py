"""The step generator: what a registration leads to, given the old state and the provider's check and diff."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .host import Diff
from .planned import Bail, Planned, Seen
from .stack import Source
from .state import State
from .steps import (
    Decision,
    Goal,
    alias_urns,
    create_urn,
    decide,
    deletion_waves,
    dependents,
    with_ignored,
)
from .values import UNKNOWN, Props, equal

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from .effects import Effects
    from .state import Snapshot


class Generator:
    """Decides, serially; its decisions are run by the deployment. Errors go to `complain`."""

    def __init__(
        self,
        snapshot: Snapshot,
        effects: Effects,
        *,
        source: Source,
        dry_run: bool,
        replace: Container[str],
        say: Callable[[str, str, str], None],
    ) -> None:
        self._snapshot, self._effects, self._say = snapshot, effects, say
        self._source, self._dry_run, self._replace = source, dry_run, replace
        self._seen = Seen()
        self._pending_deletes: set[State] = set()
        self.errored = False

    @property
    def aliased(self) -> dict[str, str]:
        """The old urns of renamed resources, with their new ones."""
        return self._seen.aliased

    def urn(self, goal: Goal) -> str:
        return create_urn(self._source.stack, self._source.project, goal.parent, goal.type, goal.name)

    def _new_urn(self, goal: Goal) -> str:
        urn = self.urn(goal)
        if urn in self._seen.registered:
            text = f"Duplicate resource URN '{urn}'; try giving it a unique name"
            self._say("error", urn, text)
            raise Bail
        self._seen.registered.add(urn)
        return urn

    @property
    def _olds(self) -> dict[str, State]:
        return {state.urn: state for state in self._snapshot.base if not state.delete}

    def _old(self, urn: str, goal: Goal) -> State | None:
        """Find the old state under the urn or one of its aliases."""
        olds = self._olds
        candidates = alias_urns(urn, goal, self._seen.aliases.get(goal.parent, ""))
        for candidate in (urn, *candidates):
            if candidate in olds:
                if candidate != urn:
                    if candidate in self._seen.registered or candidate in self._seen.aliased:
                        self._say("error", urn, f"Duplicate resource alias '{candidate}' applied to '{urn}'")
                        raise Bail
                    self._seen.aliased[candidate] = urn
                    self._seen.aliases[urn] = candidate
                return olds[candidate]
        return None

    def _new_state(self, urn: str, goal: Goal) -> State:
        return State(
            urn=urn,
            custom=goal.custom,
            type=goal.type,
            inputs=goal.inputs,
            parent=goal.parent,
            protect=goal.protect,
            dependencies=sorted(goal.dependencies),
            provider=goal.provider,
            property_dependencies=goal.property_dependencies,
            additional_secret_outputs=goal.additional_secret_outputs,
            custom_timeouts=goal.custom_timeouts,
            retain_on_delete=goal.retain_on_delete,
            deleted_with=goal.deleted_with,
            ignore_changes=goal.ignore_changes,
            replace_on_changes=goal.replace_on_changes,
            resource_hooks=goal.resource_hooks,
        )

    def plan(self, goal: Goal) -> tuple[State, list[Planned]]:
        urn = self._new_urn(goal)
        old = self._old(urn, goal)
        new = self._new_state(urn, goal)
        if old is not None:
            new.inputs = with_ignored(goal.inputs, old.inputs, goal.ignore_changes)
        recreating = urn in self._seen.deletes
        targeted = urn in self._replace
        fresh = old is None or recreating or old.external or targeted
        if fresh or old is None:
            self._check(new, {}, goal.inputs)
        else:
            self._check(new, old.inputs, new.inputs)
        self._seen.decided.add(urn)
        if old is None:
            return new, [self._planned_create(new)]
        if recreating:
            self._seen.deletes.discard(urn)
            return new, self._replacement(new, old, frozenset(), create_first=False)
        if old.external:
            return new, self._replacement(new, old, frozenset(), create_first=True)
        return new, self._from_diff(goal, new, old, targeted=targeted)

    def _check(self, new: State, olds: Props, news: Props) -> None:
        host = self._effects.host(new)
        if host is None or not host.known:
            return
        new.inputs, failures = host.check(new, olds, news)
        for name, reason in failures:
            subject = f"{new.type} resource '{new.name}'"
            value = f": property {name} value {{{new.inputs.get(name)}}}" if name else ""
            self._say("error", new.urn, f"{subject}{value} has a problem: {reason}")
        if failures:
            raise Bail

    def _from_diff(self, goal: Goal, new: State, old: State, *, targeted: bool) -> list[Planned]:
        decision = self._decide(goal, new, old, targeted=targeted)
        self._seen.operated.add(new.urn)
        if decision.op == "same":
            return [Planned("same", new, lambda: self._effects.same(new, old))]
        if decision.op == "update":
            return [Planned("update", new, lambda: self._effects.update(new, old), decision.keys)]
        if new.protect and old.protect:
            self._say(
                "error",
                new.urn,
                f'unable to replace resource "{new.urn}"\nas it is currently marked for protection. '
                "To unprotect the resource, remove the `protect` flag from the resource in your Pulumi program "
                "and run `pulumi up`",
            )
            if not self._dry_run:
                raise Bail
            self.errored = True
        self._seen.replaces.add(new.urn)
        if not targeted:
            self._check(new, {}, goal.inputs)
        if not decision.delete_before_replace:
            return self._replacement(new, old, decision.keys, create_first=True)
        return [
            *self._deletions_before(old),
            *([] if old.pending_replacement else [self._planned_delete(old, replacing=True, early=True)]),
            *self._replacement(new, old, decision.keys, create_first=False),
        ]

    def _decide(self, goal: Goal, new: State, old: State, *, targeted: bool) -> Decision:
        host = self._effects.host(new)
        if targeted or old.custom != new.custom or new.deleted_with in self._seen.replaces:
            return decide(Diff(changes=True, replaces=("id",)), old, new.inputs, goal)
        if host is None:  # components and providers: the engine compares the inputs itself
            return decide(Diff(changes=not equal(old.inputs, new.inputs)), old, new.inputs, goal)
        if not host.known:
            self._say(
                "warning",
                new.urn,
                "The provider for this resource has inputs that are not known during preview.",
            )
            return decide(Diff(changes=True), old, new.inputs, goal)
        return decide(host.diff(new, old, new.inputs), old, new.inputs, goal)

    def _deletions_before(self, root: State) -> list[Planned]:
        """Delete first what would have to be replaced with `root`, dependents before what they need."""
        found, replaced = [], {root.urn}
        for state in dependents(root, self._snapshot.base):
            if state.urn not in self._seen.decided and self._must_go_with(state, replaced):
                replaced.add(state.urn)
                found.append(state)
        chain = []
        for state in reversed(found):
            if state not in self._pending_deletes:
                if state.protect:
                    self._say(
                        "error",
                        root.urn,
                        f'unable to replace resource "{state.urn}" as part of replacing "{root.urn}" '
                        "as it is currently marked for protection.",
                    )
                    raise Bail
                chain.append(self._planned_delete(state, replacing=True, early=True))
                self._pending_deletes.add(state)
        return chain

    def _must_go_with(self, state: State, replaced: set[str]) -> bool:
        if not state.custom or state.external or state.is_provider:
            return False
        if state.deleted_with in replaced or state.provider.rpartition("::")[0] in replaced:
            return True
        unknown = {k for k, urns in state.property_dependencies.items() if replaced & set(urns)}
        host = self._effects.host(state)
        if not unknown or host is None:
            return False
        news = {k: UNKNOWN if k in unknown else v for k, v in state.inputs.items()}
        goal = Goal(
            state.type,
            state.name,
            custom=True,
            ignore_changes=state.ignore_changes,
            replace_on_changes=state.replace_on_changes,
        )
        return decide(host.diff(state, state, news), state.copy(init_errors=[]), news, goal).op == "replace"

    def _planned_create(self, new: State) -> Planned:
        return Planned("create", new, lambda: self._effects.create(new, None, pend_delete=False))

    def _replacement(
        self, new: State, old: State, keys: frozenset[str], *, create_first: bool
    ) -> list[Planned]:
        replace = Planned("replace", new, lambda: None, keys)
        create = Planned(
            "create-replacement", new, lambda: self._effects.create(new, old, pend_delete=create_first), keys
        )
        if create_first and not old.external:
            self._seen.operated.add(new.urn)
        if not create_first:
            self._seen.operated.add(new.urn)
        return [create, replace] if create_first else [replace, create]

    # -- reading -----------------------------------------------------------------------------------

    def plan_read(self, goal: Goal, identity: str) -> tuple[State, list[Planned]]:
        """Plan a Get: an object that Pulumi does not manage."""
        urn = self._new_urn(goal)
        new = self._new_state(urn, goal).copy(id=identity, external=True)
        old = self._olds.get(urn)
        replacing = old is not None and not old.external and old.id != identity
        self._seen.operated.add(urn)
        self._seen.decided.add(urn)
        op = "read-replacement" if replacing else "read"
        read = Planned(op, new, lambda: self._effects.read(new, old, replacing))
        return new, [read, Planned("replace", new, lambda: None)] if replacing else [read]

    # -- deleting ----------------------------------------------------------------------------------

    def _planned_delete(self, old: State, *, replacing: bool, early: bool = False) -> Planned:
        """Plan a deletion; an early one comes before its replacement, which must then still be carried out."""
        self._seen.deletes.add(old.urn)
        words = (
            ("discard-replaced" if replacing else "discard")
            if old.external
            else ("delete-replaced" if replacing else "delete")
        )

        def delete() -> None:
            self._effects.delete(old, replacing=replacing, early=early, gone=self._seen.deletes)

        return Planned(words, old, delete)

    def plan_deletions(self) -> list[list[Planned]]:
        """Plan to delete what no registration claimed and what has been replaced, dependents first."""
        plans: dict[State, Planned] = {}
        for state in self._snapshot.base:
            claimed = self._seen.aliased.get(state.urn, state.urn) in self._seen.operated
            if state.delete and state not in self._pending_deletes:
                plans[state] = self._planned_delete(state, replacing=True)
            elif not state.delete and not claimed and state.pending_replacement:
                plans[state] = Planned("remove-pending-replace", state, partial(self._effects.forget, state))
            elif not state.delete and not claimed:
                plans[state] = self._planned_delete(state, replacing=False)
        return [[plans[state] for state in wave] for wave in deletion_waves(list(plans))]
