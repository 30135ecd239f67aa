"""One command under way: registrations become steps, one after the other; the steps run in parallel.

The rules are those of the real engine's step executor and deployment executor.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .callbacks import Callbacks
from .effects import Effects, Protected
from .generator import Generator
from .hooks import ErrorHooks
from .host import ProviderError
from .masking import Mask
from .mocks import Mocks
from .monitor import Stopped
from .planned import Bail, Planned
from .progress import Progress
from .providers import PACKAGE, PROVIDER_TYPE, Providers
from .stack import SOURCE, Source, Step
from .state import Snapshot, State, following
from .steps import STACK_TYPE, Goal, needed_by, without_dangling
from .transforms import Transforms
from .unsupported import Unsupported, missing
from .values import Props, without_unknowns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SUCCESS, FAILED, SKIPPED = 0, 1, 2  # the engine's numbers; the SDK knows names for the first two only


@dataclass(frozen=True)
class Options:
    """What the user asked for on the command line."""

    dry_run: bool = False
    replace: tuple[str, ...] = ()
    continue_on_error: bool = False
    parallel: int = 8
    refresh_only: bool = False
    source: Source = SOURCE


class Deployment(Progress):
    """Runs and records. Registrations come in from the monitor's threads."""

    def __init__(
        self,
        options: Options,
        snapshot: Snapshot,
        providers: Providers,
        default_config: Props,
        mocks: Mocks,
    ) -> None:
        self.options, self.snapshot, self.mocks = options, snapshot, mocks
        super().__init__(Mask(default_config))
        self._default_config = default_config
        self._default_provider = ""
        self.callbacks = Callbacks()
        self.hooks = ErrorHooks(self.callbacks)
        self.transforms = Transforms(self.callbacks)
        self._effects = Effects(
            snapshot,
            providers,
            self.hooks,
            mocks,
            dry_run=options.dry_run,
            warn=lambda urn, text: self.say("warning", urn, text),
        )
        self._generator = Generator(
            snapshot,
            self._effects,
            source=options.source,
            dry_run=options.dry_run,
            replace=options.replace,
            say=self.say,
        )
        self._failed_states: list[State] = []
        self._skipped: set[str] = set()
        self.outputs: Props = {}
        self.drifted = False
        self._generating = threading.Lock()
        self._slots = threading.BoundedSemaphore(options.parallel)

    @property
    def resources(self) -> list[State]:
        """What the state file would hold now."""
        return following(self.snapshot.resources, self._generator.aliased)

    # -- registrations -----------------------------------------------------------------------------

    @contextmanager
    def _one_at_a_time(self, urn_of: Goal) -> Iterator[None]:
        """Checks and diffs are serial: a decision sees everything that was decided before it."""
        with self._generating:
            if self.stopped:
                raise Stopped
            try:
                yield
            except ProviderError as error:
                if self._ended.is_set():  # the provider is being closed
                    raise Stopped from None
                self.fail(self._generator.urn(urn_of), str(error))
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
            new, chain = self._generator.plan(goal)
            self.errored = self.errored or self._generator.errored
            if self._depends_on_failed(new):
                return new, SKIPPED
        return new, self._run(chain)

    def read(self, goal: Goal, identity: str) -> State:
        """Serve a Get; return what was read."""
        with self._one_at_a_time(goal):
            self._with_provider(goal)
            new, chain = self._generator.plan_read(goal, identity)
        if self._run(chain) != SUCCESS:
            raise Stopped
        return new

    def register_outputs(self, urn: str, outputs: Props) -> None:
        state = self._effects.news[urn]
        state.outputs = outputs
        if state.type == STACK_TYPE:
            self.outputs = outputs

    def _with_provider(self, goal: Goal) -> None:
        """Give a custom resource without a provider the default one, which is registered on first use."""
        if not goal.custom or goal.type == PROVIDER_TYPE or goal.provider:
            return
        if not goal.type.startswith(f"{PACKAGE}:"):
            if not self.mocks.knows(goal.type):
                raise Unsupported(missing(goal.type, f"resource `{goal.name}`"))
            return
        if not self._default_provider:
            inputs = dict(self._default_config)
            new, chain = self._generator.plan(Goal(PROVIDER_TYPE, "default", custom=True, inputs=inputs))
            self._run(chain)
            self._default_provider = f"{new.urn}::{new.id}"
        goal.provider = self._default_provider

    # -- running steps -----------------------------------------------------------------------------

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

    def delete_the_rest(self) -> None:
        """Delete what is not wanted any more, except what a failed resource needs."""
        for wave in self._generator.plan_deletions():
            spared = needed_by(self._failed_states, {s.urn: s for s in self.snapshot.base})
            self._in_parallel([planned for planned in wave if planned.state.urn not in spared])

    def _in_parallel(self, planned: Sequence[Planned]) -> None:
        if not planned:
            return
        with ThreadPoolExecutor(max_workers=min(self.options.parallel, len(planned))) as pool:
            futures = [pool.submit(self._run, [step]) for step in planned]
        for future in futures:
            error = future.exception()
            if error is not None and not isinstance(error, Stopped):
                raise error

    # -- refreshing --------------------------------------------------------------------------------

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
            new, result, keys = self._effects.refreshed(old)
        except ProviderError as error:
            if not self.snapshot.frozen:
                self.say("error", old.urn, str(error))
                self.errored = True
            return old
        self.drifted = self.drifted or result != "same"
        # The engine tells what a refresh found only if the refresh is the command.
        self._steps[index] = Step("refresh", old.urn, result if self.options.refresh_only else "", keys)
        return new
