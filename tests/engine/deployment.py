"""One command under way: registrations become steps, one after the other; the steps run in parallel.

The rules are those of the real engine's step generator, step executor and deployment executor.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .host import Diff, Host, InitFailed, ProviderError, Read
from .monitor import Stopped
from .providers import PACKAGE, PROVIDER_TYPE, Providers
from .stack import PROJECT, STACK, Diagnostic, Step
from .state import Snapshot, State, following
from .steps import (
    Decision,
    Goal,
    alias_urns,
    create_urn,
    decide,
    deletion_waves,
    dependents,
    needed_by,
    resolve,
    with_ignored,
    without_dangling,
)
from .values import UNKNOWN, Props, Secret, changed_paths, equal, has_unknown, without_unknowns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SUCCESS, FAILED, SKIPPED = 0, 1, 2
STACK_URN = f"urn:pulumi:{STACK}::{PROJECT}::pulumi:pulumi:Stack::{PROJECT}-{STACK}"


@dataclass(frozen=True)
class Options:
    """What the user asked for on the command line."""

    dry_run: bool = False
    replace: tuple[str, ...] = ()
    continue_on_error: bool = False
    parallel: int = 8
    refresh_only: bool = False


@dataclass(frozen=True)
class Planned:
    """A step that has been decided on and not yet run."""

    op: str
    state: State
    run: Callable[[], None]
    keys: frozenset[str] = frozenset()


@dataclass
class Seen:
    """What the step generator remembers about urns."""

    registered: set[str] = field(default_factory=set)
    operated: set[str] = field(default_factory=set)  # have an old state and were decided on
    decided: set[str] = field(default_factory=set)  # the same, and creates
    deletes: set[str] = field(default_factory=set)
    replaces: set[str] = field(default_factory=set)
    aliased: dict[str, str] = field(default_factory=dict)  # old urn -> new urn
    aliases: dict[str, str] = field(default_factory=dict)  # new urn -> old urn


class Bail(Exception):
    """The deployment ends; its reason has been reported."""


class Deployment:
    """Decides, runs and records. Registrations come in from the monitor's threads."""

    def __init__(
        self, options: Options, snapshot: Snapshot, providers: Providers, default_config: Props
    ) -> None:
        self.options, self.snapshot, self._providers = options, snapshot, providers
        self._default_config = default_config
        self._default_provider = ""
        self._seen = Seen()
        self._pending_deletes: set[State] = set()
        self._failed_states: list[State] = []
        self._skipped: set[str] = set()
        self._news: dict[str, State] = {}
        self._steps: list[Step] = []
        self._said_lock = threading.Lock()
        self.diagnostics: list[Diagnostic] = []
        self.progress: list[Diagnostic] = []
        self.outputs: Props = {}
        self.errored = self.canceled = self.drifted = self.bailed = False
        self._stop = threading.Event()
        self._ended = threading.Event()
        self._generating = threading.Lock()
        self._slots = threading.BoundedSemaphore(options.parallel)
        self._idle = threading.Condition()
        self._active = 0

    # -- reports ------------------------------------------------------------------------------------------------------

    @property
    def steps(self) -> list[Step]:
        default = f"::{PROVIDER_TYPE}::default"
        return [step for step in self._steps if not step.urn.endswith(default)]

    def say(self, severity: str, urn: str, text: str, *, ephemeral: bool = False) -> None:
        """Keep a message for the user; one without a urn belongs to the whole command."""
        with self._said_lock:
            kept = self.progress if ephemeral else self.diagnostics
            kept.append(Diagnostic(severity, urn, text.strip()))

    def fail(self, urn: str, text: str) -> None:
        """Report an error that is no step's and stop: nothing new begins, what runs may finish."""
        self.say("error", urn, text)
        self.bail()

    def bail(self) -> None:
        self.bailed = True
        self.stop()

    def stop(self, *, canceled: bool = False) -> None:
        if canceled:
            self.canceled = True
        else:
            self.errored = True
        self._stop.set()
        with self._idle:
            self._idle.notify_all()

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    def end(self) -> None:
        self._stop.set()
        self._ended.set()

    def await_end(self) -> None:
        self._ended.wait()

    def await_idle(self) -> None:
        """Return when no step is running."""
        with self._idle:
            self._idle.wait_for(lambda: not self._active or self.snapshot.frozen)

    def wake(self) -> None:
        with self._idle:
            self._idle.notify_all()

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Return when `condition` holds or the deployment has been stopped; `wake` makes it look again."""
        with self._idle:
            self._idle.wait_for(lambda: self.stopped or condition())

    def _emit(self, op: str, urn: str, keys: frozenset[str] = frozenset()) -> int:
        with self._said_lock:
            self._steps.append(Step(op, urn, "", keys))
            return len(self._steps) - 1

    @property
    def resources(self) -> list[State]:
        """What the state file would hold now."""
        return following(self.snapshot.resources, self._seen.aliased)

    # -- registrations ------------------------------------------------------------------------------------------------

    @contextmanager
    def _one_at_a_time(self, urn_of: Goal) -> Iterator[None]:
        """Checks and diffs are serial: a decision sees everything that was decided before it."""
        with self._generating:
            if self.stopped:
                raise Stopped
            try:
                yield
            except ProviderError as error:
                self.fail(self._urn(urn_of), str(error))
                raise Stopped from None
            except Bail:
                self.bail()
                raise Stopped from None

    def register(self, goal: Goal) -> tuple[State, int]:
        """Serve one registration; return the new state and how it went."""
        if not self.options.dry_run:
            goal.inputs = without_unknowns(goal.inputs)
        with self._one_at_a_time(goal):
            self._with_provider(goal)
            new, chain = self._generate(goal)
            if self._depends_on_failed(new):
                return new, SKIPPED
        return new, self._run(chain)

    def read(self, goal: Goal, identity: str) -> State:
        """Serve a Get: an object that Pulumi does not manage."""
        with self._one_at_a_time(goal):
            self._with_provider(goal)
            urn = self._new_urn(goal)
            new = self._new_state(urn, goal).copy(id=identity, external=True)
            old = self._olds.get(urn)
            replacing = old is not None and not old.external and old.id != identity
            chain = [
                Planned(
                    "read-replacement" if replacing else "read", new, lambda: self._read(new, old, replacing)
                )
            ]
            if replacing:
                chain.append(Planned("replace", new, lambda: None))
            self._seen.operated.add(urn)
            self._seen.decided.add(urn)
        if self._run(chain) != SUCCESS:
            raise Stopped
        return new

    def register_outputs(self, urn: str, outputs: Props) -> None:
        state = self._news[urn]
        state.outputs = outputs
        if urn == STACK_URN:
            self.outputs = outputs

    def _with_provider(self, goal: Goal) -> None:
        """Give a custom resource without a provider the default one, which is registered on first use."""
        if not goal.custom or goal.type == PROVIDER_TYPE or goal.provider:
            return
        if not goal.type.startswith(f"{PACKAGE}:"):
            self.fail("", f"the test engine does not support resources of type {goal.type}")
            raise Stopped
        if not self._default_provider:
            inputs = dict(self._default_config)
            new, chain = self._generate(Goal(PROVIDER_TYPE, "default", custom=True, inputs=inputs))
            self._run(chain)
            self._default_provider = f"{new.urn}::{new.id}"
        goal.provider = self._default_provider

    def _urn(self, goal: Goal) -> str:
        return create_urn(STACK, PROJECT, goal.parent, goal.type, goal.name)

    def _new_urn(self, goal: Goal) -> str:
        urn = self._urn(goal)
        if urn in self._seen.registered:
            text = f"Duplicate resource URN '{urn}'; try giving it a unique name"
            self.say("error", urn, text)
            raise Bail
        self._seen.registered.add(urn)
        return urn

    @property
    def _olds(self) -> dict[str, State]:
        return {state.urn: state for state in self.snapshot.base if not state.delete}

    def _old(self, urn: str, goal: Goal) -> State | None:
        """Find the old state under the urn or one of its aliases."""
        olds = self._olds
        candidates = alias_urns(urn, goal, self._seen.aliases.get(goal.parent, ""))
        for candidate in (urn, *candidates):
            if candidate in olds:
                if candidate != urn:
                    if candidate in self._seen.registered or candidate in self._seen.aliased:
                        self.say("error", urn, f"Duplicate resource alias '{candidate}' applied to '{urn}'")
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
        )

    # -- the step generator -------------------------------------------------------------------------------------------

    def _generate(self, goal: Goal) -> tuple[State, list[Planned]]:
        urn = self._new_urn(goal)
        old = self._old(urn, goal)
        new = self._new_state(urn, goal)
        if old is not None:
            new.inputs = with_ignored(goal.inputs, old.inputs, goal.ignore_changes)
        recreating = urn in self._seen.deletes
        targeted = urn in self.options.replace
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
        host = self._host(new)
        if host is None or not host.known:
            return
        new.inputs, failures = host.check(new, olds, news)
        for name, reason in failures:
            subject = f"{new.type} resource '{new.name}'"
            value = f": property {name} value {{{new.inputs.get(name)}}}" if name else ""
            self.say("error", new.urn, f"{subject}{value} has a problem: {reason}")
        if failures:
            raise Bail

    def _from_diff(self, goal: Goal, new: State, old: State, *, targeted: bool) -> list[Planned]:
        decision = self._decide(goal, new, old, targeted=targeted)
        self._seen.operated.add(new.urn)
        if decision.op == "same":
            return [Planned("same", new, lambda: self._same(new, old))]
        if decision.op == "update":
            return [Planned("update", new, lambda: self._update(new, old), decision.keys)]
        if new.protect and old.protect:
            self.say(
                "error",
                new.urn,
                f'unable to replace resource "{new.urn}"\nas it is currently marked for protection. '
                "To unprotect the resource, remove the `protect` flag from the resource in your Pulumi program "
                "and run `pulumi up`",
            )
            if not self.options.dry_run:
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
        host = self._host(new)
        if targeted or old.custom != new.custom or new.deleted_with in self._seen.replaces:
            return decide(Diff(changes=True, replaces=("id",)), old, new.inputs, goal)
        if host is None:  # components and providers: the engine compares the inputs itself
            return decide(Diff(changes=not equal(old.inputs, new.inputs)), old, new.inputs, goal)
        if not host.known:
            self.say(
                "warning",
                new.urn,
                "The provider for this resource has inputs that are not known during preview.",
            )
            return decide(Diff(changes=True), old, new.inputs, goal)
        return decide(host.diff(new, old, new.inputs), old, new.inputs, goal)

    def _host(self, state: State) -> Host | None:
        """Return the host that serves a resource; components and providers have none."""
        if not state.custom or state.is_provider:
            return None
        return self._providers.ensure(state.provider, self.snapshot.base)

    def _deletions_before(self, root: State) -> list[Planned]:
        """Delete first what would have to be replaced with `root`, dependents before what they need."""
        found, replaced = [], {root.urn}
        for state in dependents(root, self.snapshot.base):
            if state.urn not in self._seen.decided and self._must_go_with(state, replaced):
                replaced.add(state.urn)
                found.append(state)
        chain = []
        for state in reversed(found):
            if state not in self._pending_deletes:
                if state.protect:
                    self.say(
                        "error",
                        root.urn,
                        f'unable to replace resource "{state.urn}" as part of replacing "{root.urn}" as it is currently marked for protection.',
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
        host = self._host(state)
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
        return Planned("create", new, lambda: self._create(new, None, pend_delete=False))

    def _replacement(
        self, new: State, old: State, keys: frozenset[str], *, create_first: bool
    ) -> list[Planned]:
        replace = Planned("replace", new, lambda: None, keys)
        create = Planned(
            "create-replacement", new, lambda: self._create(new, old, pend_delete=create_first), keys
        )
        if create_first and not old.external:
            self._seen.operated.add(new.urn)
        if not create_first:
            self._seen.operated.add(new.urn)
        return [create, replace] if create_first else [replace, create]

    # -- running steps ------------------------------------------------------------------------------------------------

    def _depends_on_failed(self, state: State) -> bool:
        failed = {other.urn for other in self._failed_states} | self._skipped
        if state.needs() & failed:
            self._skipped.add(state.urn)
            return True
        return False

    def _run(self, chain: Sequence[Planned]) -> int:
        """Run a chain of steps in order; a failure stops the deployment unless it is to continue."""
        with self._slots:
            for planned in chain:
                with self._idle:
                    if self.stopped:
                        raise Stopped
                    self._active += 1
                try:
                    self._emit(planned.op, planned.state.urn, planned.keys)
                    planned.run()
                except ProviderError as error:
                    return self._failed(planned, error)
                finally:
                    with self._idle:
                        self._active -= 1
                        self._idle.notify_all()
        return SUCCESS

    def _failed(self, planned: Planned, error: ProviderError) -> int:
        if self.snapshot.frozen:
            raise Stopped
        self.say("error", planned.state.urn, str(error))
        self._failed_states.append(planned.state)
        if self.options.continue_on_error or isinstance(error, Protected):
            self.errored = True
            return FAILED
        self.stop()
        raise Stopped

    def _finish(self, new: State) -> None:
        """Make secret what must be, and let later registrations refer to the state."""
        for key, value in new.outputs.items():
            secret = key in new.additional_secret_outputs or isinstance(new.inputs.get(key), Secret)
            if secret and not isinstance(value, Secret):
                new.outputs[key] = Secret(value)
        self._news[new.urn] = new

    def _same(self, new: State, old: State) -> None:
        new.id, new.outputs = old.id, old.outputs
        if new.is_provider:
            self._providers.serve(f"{new.urn}::{new.id}", new.inputs)
        self._finish(new)
        self.snapshot.end(new, new=new, done=old)

    def _create(self, new: State, old: State | None, *, pend_delete: bool) -> None:
        self.snapshot.begin(new, "creating")
        done = old if old is not None and old.pending_replacement else None
        try:
            self._do_create(new)
        except InitFailed as failed:
            new.id, new.outputs, new.init_errors = failed.id, failed.outputs, failed.reasons
            self._created(new, old if pend_delete else None, done)
            raise
        except ProviderError:
            self.snapshot.end(new)
            raise
        self._created(new, old if pend_delete else None, done)

    def _created(self, new: State, replaced: State | None, done: State | None) -> None:
        if replaced is not None and not self.snapshot.frozen:
            replaced.delete = True
        self._finish(new)
        self.snapshot.end(new, new=new, done=done)

    def _do_create(self, new: State) -> None:
        host = self._host(new)
        if new.is_provider:
            new.id = UNKNOWN if self.options.dry_run else str(uuid.uuid4())
            new.outputs = dict(new.inputs)
            self._providers.serve(f"{new.urn}::{new.id}", new.inputs)
        elif host is None:
            pass
        elif self.options.dry_run:
            new.outputs = dict(new.inputs) if host.known else {}
        else:
            new.id, new.outputs = host.create(new)

    def _update(self, new: State, old: State) -> None:
        new.id = old.id
        self.snapshot.begin(new, "updating")
        try:
            self._do_update(new, old)
        except InitFailed as failed:
            new.outputs, new.init_errors = failed.outputs, failed.reasons
            self._finish(new)
            self.snapshot.end(new, new=new, done=old)
            raise
        except ProviderError:
            self.snapshot.end(new)
            raise
        self._finish(new)
        self.snapshot.end(new, new=new, done=old)

    def _do_update(self, new: State, old: State) -> None:
        host = self._host(new)
        if new.is_provider:
            new.outputs = dict(new.inputs)
            self._providers.serve(f"{new.urn}::{new.id}", new.inputs)
        elif host is None:
            new.outputs = old.outputs
        elif self.options.dry_run:
            new.outputs = dict(new.inputs) if host.known else {}
        else:
            new.outputs = host.update(new, old)

    def _read(self, new: State, old: State | None, replacing: bool) -> None:  # noqa: FBT001 - a step's closure
        if has_unknown(new.id):
            new.outputs = {}
        else:
            self._do_read(new)
        if replacing and old is not None:
            old.delete = True
        self._finish(new)
        self.snapshot.end(new, new=new, done=old)
        if new.init_errors:
            raise ProviderError("\n".join(new.init_errors))

    def _do_read(self, new: State) -> None:
        host = self._host(new)
        assert host is not None
        self.snapshot.begin(new, "reading")
        try:
            found = host.read(new, new.inputs)
        except ProviderError:
            self.snapshot.end(new)
            raise
        new.id, new.outputs, new.init_errors = found.id or new.id, found.outputs, list(found.reasons)

    # -- deleting -----------------------------------------------------------------------------------------------------

    def _planned_delete(self, old: State, *, replacing: bool, early: bool = False) -> Planned:
        """Plan a deletion; an early one comes before its replacement, which must then still be carried out."""
        self._seen.deletes.add(old.urn)
        words = (
            ("discard-replaced" if replacing else "discard")
            if old.external
            else ("delete-replaced" if replacing else "delete")
        )
        return Planned(words, old, lambda: self._delete(old, replacing=replacing, early=early))

    def _delete(self, old: State, *, replacing: bool, early: bool) -> None:
        if old.protect and not replacing:
            raise Protected(
                f'resource "{old.urn}" cannot be deleted\nbecause it is protected. To unprotect the resource, '
                "either remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`, "
                f"or use the command:\n`pulumi state unprotect '{old.urn}'`"
            )
        self.snapshot.begin(old, "deleting")
        host = self._host(old)
        kept = old.external or old.retain_on_delete or old.deleted_with in self._seen.deletes
        if host is not None and not kept and not self.options.dry_run:
            try:
                host.delete(old)
            except ProviderError:
                self.snapshot.end(old)
                raise
        if early and not self.snapshot.frozen:
            old.pending_replacement = True
        self.snapshot.end(old, done=None if old.pending_replacement else old)

    def delete_the_rest(self) -> None:
        """Delete what no registration claimed and what has been replaced, dependents first."""
        plans: dict[State, Planned] = {}
        for state in self.snapshot.base:
            claimed = self._seen.aliased.get(state.urn, state.urn) in self._seen.operated
            if state.delete and state not in self._pending_deletes:
                plans[state] = self._planned_delete(state, replacing=True)
            elif not state.delete and not claimed and state.pending_replacement:
                plans[state] = Planned("remove-pending-replace", state, self._forget(state))
            elif not state.delete and not claimed:
                plans[state] = self._planned_delete(state, replacing=False)
        for wave in deletion_waves(list(plans)):
            spared = needed_by(self._failed_states, {s.urn: s for s in self.snapshot.base})
            self._in_parallel([plans[state] for state in wave if state.urn not in spared])

    def _forget(self, state: State) -> Callable[[], None]:
        return lambda: self.snapshot.end(state, done=state)

    def _in_parallel(self, planned: Sequence[Planned]) -> None:
        if not planned:
            return
        with ThreadPoolExecutor(max_workers=min(self.options.parallel, len(planned))) as pool:
            futures = [pool.submit(self._run, [step]) for step in planned]
        for future in futures:
            error = future.exception()
            if error is not None and not isinstance(error, Stopped):
                raise error

    # -- refreshing ---------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read everything; then the base of the deployment is what was found. An error does not stop the others."""
        base = self.snapshot.base
        found: dict[State, State | None] = {}
        with ThreadPoolExecutor(max_workers=self.options.parallel) as pool:
            for state, future in [(state, pool.submit(self._refresh, state)) for state in base]:
                found[state] = future.result()
        self.snapshot.rebase(without_dangling(new for new in found.values() if new is not None))

    def _refresh(self, old: State) -> State | None:
        """Return the refreshed state, None if the object is gone, the old one if it could not be read."""
        if self.stopped:
            return old
        index = self._emit("refresh", old.urn)
        try:
            new, result, keys = self._refreshed(old)
        except ProviderError as error:
            if not self.snapshot.frozen:
                self.say("error", old.urn, str(error))
                self.errored = True
            return old
        self.drifted = self.drifted or result != "same"
        # The engine tells what a refresh found only if the refresh is the command.
        self._steps[index] = Step("refresh", old.urn, result if self.options.refresh_only else "", keys)
        return new

    def _refreshed(self, old: State) -> tuple[State | None, str, frozenset[str]]:
        host = self._host(old)
        if host is None or old.pending_replacement:
            return old, "same", frozenset()
        read = host.read(old, old.outputs)
        if read.reasons:
            self.say(
                "warning",
                old.urn,
                "Refreshed resource is in an unhealthy state:\n* " + "\n* ".join(read.reasons),
            )
        if not read.id:
            return None, "delete", frozenset()
        new = self._as_read(old, read)
        if old.external:
            same = not any(changed_paths(old.outputs, new.outputs))
            return new, "same" if same else "update", frozenset()
        diff = resolve(host.diff(new, new, old.inputs), new.inputs, old.inputs, old.ignore_changes)
        return new, "update" if diff.changes else "same", diff.keys

    def _as_read(self, old: State, read: Read) -> State:
        inputs = old.inputs if read.inputs is None else read.inputs
        new = old.copy(id=read.id, inputs=inputs, outputs=read.outputs, init_errors=list(read.reasons))
        for key, value in new.outputs.items():
            secret = key in new.additional_secret_outputs or isinstance(new.inputs.get(key), Secret)
            if secret and not isinstance(value, Secret):
                new.outputs[key] = Secret(value)
        return new


class Protected(ProviderError):
    """A protected resource was to be deleted; all such refusals of a command are reported."""
