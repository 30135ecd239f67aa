"""The six hooks that the engine calls: from property bags to the runner and back.

No hook decides what to send or what is true after a failure: `plan` and `converge` do. What the stock host does not
offer a hook comes from `host`; every hook keeps working without it, only plainer.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)
from pulumi.runtime.rpc import wrap_rpc_secret

from pulumi_dpc._api import redaction
from pulumi_dpc._definition.alteration import describe, find_alterations
from pulumi_dpc._definition.definition import has_unknowns, validate, whole_numbers
from pulumi_dpc._names import (
    AGENT_ID,
    API_URL,
    DEFINITION,
    IMPORT_ID,
    NAME,
    NOT_STORED,
    PROJECT_ID,
    RESUME,
    RUNNING,
    SECRETS,
    STATUS,
    WISHED_RUNNING,
)
from pulumi_dpc._resources.ownership import Claims
from pulumi_dpc._resources.streaming_pipeline import adoption, run_state, state
from pulumi_dpc._resources.streaming_pipeline.agents import AgentUse, AgentUses, clashes
from pulumi_dpc._resources.streaming_pipeline.outcome import End, Outcome
from pulumi_dpc._resources.streaming_pipeline.plan import Live, Said, Wish, plan, understood
from pulumi_dpc._resources.streaming_pipeline.remote import Place, RemotePipeline
from pulumi_dpc._resources.streaming_pipeline.run import converge
from pulumi_dpc._resources.streaming_pipeline.waiting import Limits, StartTimes, Surroundings
from pulumi_dpc.errors import DpcError, LookupFailed, NotFound

from . import host

Bag = dict[str, Any]
Hook = TypeVar("Hook", bound=Callable[..., Any])


def _hook(hook: Hook) -> Hook:
    """Let an error of ours reach the user as one sentence that starts with the pipeline's name."""

    @host.boundary
    @functools.wraps(hook)
    def spoken(self: StreamingPipelineProvider, *args: Any) -> Any:
        try:
            with redaction.holding(*args):
                return hook(self, *args)
        except DpcError as error:
            raise host.Failure(_named(args[-1], str(error))) from error

    return spoken  # type: ignore[return-value]


class StreamingPipelineProvider(ResourceProvider):
    """Manage streaming pipelines for the engine; one instance serves all threads of a provider process."""

    serialize_as_secret_always = False

    def __init__(self) -> None:
        super().__init__()
        self._config: Callable[[str], Any] = lambda _key: None
        self._lock = threading.Lock()
        self._place: Place | None = None
        self._claims = Claims()
        self._agents = AgentUses()
        self._warned: set[tuple[str | None, str]] = set()
        self._start_times = StartTimes()

    def configure(self, req: ConfigureRequest) -> None:
        """Keep the configuration for the first call that needs it."""
        self._config = req.config.get
        host.raise_worker_limit()
        host.interrupted()

    @_hook
    def check(self, _olds: Bag, news: Bag) -> CheckResult:
        """Return the canonical inputs and every mistake, with its path in the API's spelling."""
        call = host.current_call()
        is_new = not _olds and self._claims.is_first_check(call.urn)
        self._claims.declare(call.urn, is_new=is_new, imported=_olds.get(IMPORT_ID))
        if not _olds and not is_new:
            self._claims.let_go(call.urn)
        if _without_provider(news) == _without_provider(_olds):
            # It was checked when it was recorded; a preview without a change need not load pydantic.
            inputs = _without_provider(news)
            return CheckResult(inputs, _failures(self._agent_clashes(inputs, is_changed=False)))
        checked = validate(state.definition_of(news))
        problems = [*state.mistakes(news), *checked.violations]
        inputs = {**state.with_plain_ids(_without_definition(news)), **checked.canonical}
        problems += self._agent_clashes(inputs, is_changed=inputs != _received(_olds))
        if is_new and not problems:
            problems = self._refusal_to_adopt(inputs)
        for warning in checked.warnings:
            call.warn(_named(inputs, warning))
        return CheckResult(inputs, _failures(problems))

    def _agent_clashes(self, inputs: Bag, *, is_changed: bool) -> list[str]:
        """Return the mistake of two resources that are to run on one agent, as far as the agents are known."""
        call, agent, running = host.current_call(), inputs.get(AGENT_ID), inputs.get(RUNNING)
        if call.urn is None:
            return []
        use = AgentUse(
            urn=call.urn,
            agent_id=agent if isinstance(agent, str) else None,
            running=running if isinstance(running, bool) else None,
            is_changed=is_changed,
        )
        mistakes, warnings = clashes(use, self._agents.declare(use))
        for warning in warnings:
            call.warn(_named(inputs, warning))
        return mistakes

    def _refusal_to_adopt(self, inputs: Bag) -> list[str]:
        """Compare a new resource with the pipeline it wants to adopt, so that the preview lists what differs."""
        import_id = inputs.get(IMPORT_ID)
        if import_id is None or has_unknowns(inputs):
            return []
        urn = host.current_call().urn
        self._claims.meet(urn, import_id, is_new=True)
        adoption.hold_alone(self._claims, urn, import_id)
        _, refusal = adoption.check(self._pipeline(import_id, inputs), state.wish_of(inputs))
        return [refusal] if refusal else []

    @_hook
    def diff(self, _id: str, _olds: Bag, _news: Bag) -> DiffResult:
        """Return whether there is something to do; no request is made."""
        call = host.current_call()
        if state.imports_another(_id, _olds, _news):
            call.warn(_named(_news, _OTHER_IMPORT.format(_news[IMPORT_ID], _id)))
        self._claims.meet(call.urn, _id)
        adoption.hold_alone(self._claims, call.urn, _id)
        moved = state.is_moved(_olds, _news)
        changes = state.diff_changes(_olds, _news, call.ignored)
        if NOT_STORED in _olds:
            self._warn_once(_news, state.not_stored(_received(_olds), _received(_news)))
        if moved and changes is False:
            changes = None
        return DiffResult(changes=changes, replaces=[PROJECT_ID] if moved else [])

    def _warn_once(self, bag: Bag, text: str | None) -> None:
        """Warn in a resource's row, unless this process has said so: a refresh and a preview are one command."""
        call = host.current_call()
        with self._lock:
            is_new = text is not None and (call.urn, text) not in self._warned
            self._warned.add((call.urn, text or ""))
        if is_new:
            call.warn(_named(bag, str(text)))

    @_hook
    def read(self, id_: str, props: Bag) -> ReadResult:
        """Return the live pipeline for refresh and get; an empty id says that it is gone."""
        recorded = _received(props)
        pipeline = self._pipeline(id_, recorded)
        is_get = API_URL not in recorded
        try:
            live = self._read_live(pipeline, listed=not is_get)
        except NotFound:
            if is_get:
                raise LookupFailed(f"there is no streaming pipeline {id_!r}") from None
            if not pipeline.is_gone():
                raise
            if WISHED_RUNNING not in recorded:
                host.current_call().warn(_named(recorded, _GONE_AS_FOUND))
            return ReadResult("", {})
        outs, inputs = state.refreshed(recorded, pipeline.project_id, live, pipeline.place.api_url)
        if not run_state.is_known(live.status):
            agent = pipeline.agent_state(live.definition.get(AGENT_ID))
            host.current_call().warn(_named(outs, _LAST_KNOWN.format(live.status, agent)))
        sealed_inputs = None if is_get else _sealed(inputs, outs.get(SECRETS, ()))
        return ReadResult(id_, _outputs(outs), sealed_inputs)

    @staticmethod
    def _read_live(pipeline: RemotePipeline, *, listed: bool) -> Live:
        definition = pipeline.listed_definition() if listed else pipeline.definition()
        return Live(definition, pipeline.status())

    @_hook
    def create(self, props: Bag) -> CreateResult:
        """Create the pipeline, or adopt the one that ``import_`` names, and start it if asked."""
        inputs, urn = _received(props), host.current_call().urn
        project_id, import_id = inputs[PROJECT_ID], inputs.get(IMPORT_ID)
        made = self._claims.made(urn)
        again = None if made is None else self._created_again(made, inputs)
        if again is not None:
            return again
        with self._claims.name(project_id, inputs[NAME]):
            if import_id is not None and not self._claims.is_spent(urn, import_id):
                return self._adopted(self._pipeline(import_id, inputs), inputs)
            definition = state.definition_of(inputs)
            created = adoption.create(self._here(), project_id, definition, self._claims, urn)
            id_ = state.make_id(project_id, created.id)
            self._claims.make(urn, id_)
        return self._started(self._pipeline(id_, inputs), inputs, created.stored)

    def _adopted(self, pipeline: RemotePipeline, inputs: Bag) -> CreateResult:
        wish = state.wish_of(inputs)
        live = adoption.adopt(pipeline, wish, self._claims)
        # Where the status says nothing, what makes the next `up` look again.
        running = run_state.is_running(live.status, otherwise=wish.running is False)
        if not run_state.is_known(live.status):
            text = f"was adopted while its status is {live.status}; the next `pulumi up` looks again whether it runs"
            host.current_call().warn(_named(inputs, text))
        elif wish.running and not running:
            text = f"was adopted as it is ({live.status}); the next `pulumi up` starts it"
            host.current_call().warn(_named(inputs, text))
        outcome = Outcome(End.DONE, live.definition, live.status, running)
        outs = state.outputs_of(inputs, outcome, pipeline.place.api_url)
        return CreateResult(_id(pipeline), _outputs(outs))

    def _started(
        self, pipeline: RemotePipeline, inputs: Bag, stored: Mapping[str, Any] | None
    ) -> CreateResult:
        """Bring a pipeline that was just created to the run state that it should have."""
        wish = state.wish_of(inputs)
        written = wish.definition or {}
        stored = _read_back(pipeline) if stored is None else stored
        alterations = () if stored is None else find_alterations(stored, written)
        live = Live(written, run_state.NOT_RUNNING, alterations)
        said = Said(definition=written, resume=self._takes_over_running(inputs))
        outcome = converge(pipeline, plan(live, wish, said), live, said, self._around(pipeline), sent=True)
        return self._created(pipeline, inputs, outcome)

    def _takes_over_running(self, inputs: Bag) -> bool:
        """Tell whether a pipeline runs because the one that it replaces ran, where the program does not say."""
        if inputs.get(RUNNING) is not None:
            return False
        call = host.current_call()
        predecessor = self._claims.predecessor(call.urn, (inputs[PROJECT_ID], inputs[NAME]))
        if predecessor is not None and predecessor.ran is None:
            call.warn(_named(inputs, _REPLACED_UNSEEN.format(predecessor.id.rpartition("/")[2])))
        return predecessor is not None and bool(predecessor.ran)

    def _created_again(self, id_: str, inputs: Bag) -> CreateResult | None:
        """Go on with the pipeline that an earlier call of this create has made; None if it is gone."""
        pipeline = self._pipeline(id_, inputs)
        wish, left = state.wish_of(inputs), self._claims.left(id_)
        said = Said(definition=wish.definition) if left is None else state.said_of(left)
        try:
            live = understood(pipeline.definition(), pipeline.status(), wish, said)
        except DpcError as error:
            if isinstance(error, NotFound) and pipeline.is_gone():
                self._claims.delete(host.current_call().urn, id_)
                return None
            if left is None or not host.can_init_fail():
                raise
            reason = _named(inputs, f"was created, but {error}. The next `pulumi up` continues.")
            raise host.InitFailed(id_, _outputs(left), reason) from error
        outcome = converge(pipeline, plan(live, wish, said), live, said, self._around(pipeline), sent=True)
        return self._created(pipeline, inputs, outcome)

    def _created(self, pipeline: RemotePipeline, inputs: Bag, outcome: Outcome) -> CreateResult:
        id_, urn = _id(pipeline), host.current_call().urn
        outs = state.outputs_of(inputs, outcome, pipeline.place.api_url)
        if outcome.alterations:
            self._warn_once(inputs, describe(outcome.alterations, state.definition_of(inputs)))
        if outcome.end is End.DONE:
            self._claims.leave(id_, None)
            return CreateResult(id_, _outputs(outs))
        if outcome.end is End.GONE:
            self._claims.delete(urn, id_)
            raise host.Failure(_named(inputs, _DELETED_WHILE_STARTING))
        reason = _named(inputs, outcome.story("was created, but "))
        if host.can_init_fail():
            self._claims.leave(id_, outs)
            raise host.InitFailed(id_, _outputs(outs), reason)
        raise host.Failure(f"{reason} {self._undo(pipeline, outs)}")

    def _undo(self, pipeline: RemotePipeline, outs: Bag) -> str:
        """Delete what was just created, where its id cannot be kept: nothing may be orphaned."""
        outcome = self._remove(pipeline, Live(state.definition_of(outs), outs[STATUS]), outs)
        if outcome.end in (End.DONE, End.GONE):
            self._claims.delete(pipeline.urn, _id(pipeline))
            return "It was deleted again."
        return outcome.story(f'It could not be deleted again, so adopt it with import_="{_id(pipeline)}": ')

    @_hook
    def update(self, _id: str, _olds: Bag, _news: Bag) -> UpdateResult:
        """Bring the live pipeline to what the program says; always return the complete outputs."""
        olds, inputs = self._claims.left(_id) or _received(_olds), _received(_news)
        self._claims.meet(host.current_call().urn, _id)
        pipeline = self._pipeline(_id, olds)
        try:
            stored, status = pipeline.definition(), pipeline.status()
        except NotFound:
            if not pipeline.is_gone():
                raise
            raise host.Failure(_named(inputs, _DELETED_OUTSIDE)) from None
        if state.imports_another(_id, olds, inputs):
            raise host.Failure(_named(inputs, _OTHER_IMPORT.format(inputs[IMPORT_ID], _id)))
        said, wish = state.said_of(olds), state.wish_of(inputs)
        wish = state.leave_ignored(wish, said.in_our_words(stored), host.current_call().ignored)
        live, name = understood(stored, status, wish, said), (wish.definition or {})[NAME]
        if name == live.definition.get(NAME):
            return self._edited(pipeline, inputs, wish, live, said)
        with self._claims.name(pipeline.project_id, name):
            adoption.check_name(pipeline, name)
            return self._edited(pipeline, inputs, wish, live, said)

    def _edited(
        self, pipeline: RemotePipeline, inputs: Bag, wish: Wish, live: Live, said: Said
    ) -> UpdateResult:
        steps = plan(live, wish, said)
        if steps.refusal:
            raise host.Failure(_named(inputs, steps.refusal))
        outcome = converge(pipeline, steps, live, said, self._around(pipeline))
        outs = state.outputs_of(inputs, outcome, pipeline.place.api_url, wish)
        if set(_paths(outcome)) - {one.path for one in said.alterations}:
            self._warn_once(inputs, state.not_stored(outs, outs))
        if outcome.end is End.DONE:
            self._claims.leave(_id(pipeline), None)
            return UpdateResult(_outputs(outs))
        if outcome.end is End.GONE:
            raise host.Failure(_named(inputs, _DELETED_OUTSIDE))
        reason = _named(inputs, outcome.story())
        if outcome.end is End.REFUSED:
            raise host.Failure(reason)
        if host.can_init_fail():
            self._claims.leave(_id(pipeline), outs)
            raise host.InitFailed(_id(pipeline), _outputs(outs), reason)
        host.current_call().warn(f"{reason} The next `pulumi up` continues.")
        return UpdateResult(_outputs(outs))

    @_hook
    def delete(self, _id: str, _props: Bag) -> None:
        """Stop and delete the pipeline, unless another resource of the program has taken it over."""
        call, recorded = host.current_call(), self._claims.left(_id) or _received(_props)
        if self._claims.lives_on(call.urn, _id):
            return
        pipeline = self._pipeline(_id, recorded)
        name = (pipeline.project_id, recorded.get(NAME, ""))
        if self._claims.is_disputed(_id, name):
            raise host.Failure(_named(recorded, _DISPUTED))
        try:
            live = Live(state.definition_of(recorded), pipeline.status())
        except NotFound:
            if not pipeline.is_gone():
                raise
            self._claims.delete(call.urn, _id, name)
            return
        outcome = self._remove(pipeline, live, recorded)
        if outcome.end not in (End.DONE, End.GONE):
            owed = {RESUME: True} if outcome.resume else {}
            self._claims.leave(_id, {**recorded, RUNNING: outcome.running, STATUS: outcome.status, **owed})
            raise host.Failure(_named(recorded, outcome.story("was not deleted: ")))
        said = state.said_of(recorded)
        ran = run_state.is_running(live.status, otherwise=said.running) or said.resume
        self._claims.delete(call.urn, _id, name, ran=ran)

    def _remove(self, pipeline: RemotePipeline, live: Live, recorded: Bag) -> Outcome:
        said = state.said_of(recorded)
        return converge(pipeline, plan(live, Wish(None), said), live, said, self._around(pipeline))

    def _pipeline(self, id_: str, bag: Bag) -> RemotePipeline:
        project_id, pipeline_id = state.split_id(id_)
        return RemotePipeline(
            place=self._here(),
            project_id=project_id,
            pipeline_id=pipeline_id,
            recorded_api_url=bag.get(API_URL),
            urn=host.current_call().urn,
        )

    def _here(self) -> Place:
        with self._lock:
            if self._place is None:
                self._place = Place.connect(self._config, host.interrupted(), _show)
            return self._place

    def _around(self, pipeline: RemotePipeline) -> Surroundings:
        call, place = host.current_call(), self._here()
        settings, limits = place.client.settings, Limits()
        return Surroundings(
            clock=place.client.clock,
            progress=call.progress,
            warn=call.warn,
            limits=Limits(
                start=call.timeout or limits.start,
                stop=call.timeout or limits.stop,
                grace=settings.start_grace,
            ),
            start_times=self._start_times,
            may_leave=lambda other, agent: self._agents.leaves(
                self._claims.holders(state.make_id(pipeline.project_id, other)), agent
            ),
        )


_OTHER_IMPORT = (
    "import_ names {}, but this resource manages {}, which is not changed into the other one: adopt that under"
    " another resource name, or remove `import_`"
)
_GONE_AS_FOUND = (
    "was deleted outside Pulumi. `running` is not given, so whether it is to run is not known: the next `pulumi up`"
    " creates it again, stopped"
)
_REPLACED_UNSEEN = (
    "replaces the pipeline {}, of which this command has not seen whether it ran, and `running` is not given: it was"
    " created stopped. If it should run, start it, or set running=True"
)
_LAST_KNOWN = (
    "its status is {}, and {}: whether it runs could not be seen. What the state says of it is what was last seen, by"
    " an earlier command"
)
_DELETED_WHILE_STARTING = "was deleted outside Pulumi while it was started; run `pulumi up` again"
_DELETED_OUTSIDE = "was deleted outside Pulumi; run `pulumi up --refresh` to create it again"
_DISPUTED = (
    "was not deleted, because a create in this command failed that may be about this very pipeline (a renamed"
    " resource?). Mend that one first: aliases=[pulumi.Alias(name=...)] keeps this pipeline under the new name"
)


def _named(bag: Mapping[str, Any], text: str) -> str:
    name = bag.get(NAME)
    return f"{name}: {text}" if isinstance(name, str) else text


def _sealed(bag: Bag, names: Sequence[str]) -> Bag:
    """Return a bag with these properties as secrets, which the engine keeps encrypted and does not show."""
    return {key: wrap_rpc_secret(value) if key in names else value for key, value in bag.items()}


def _outputs(outs: Bag) -> Bag:
    """Return outputs as the engine gets them: what may hold a secret that it cannot know of is one."""
    return _sealed(outs, (*outs.get(SECRETS, ()), NOT_STORED))


def _failures(problems: Sequence[str]) -> list[CheckFailure]:
    # The engine prints the value of a named property, secrets too, so the property stays empty.
    return [CheckFailure("", problem) for problem in problems]


def _paths(outcome: Outcome) -> list[tuple[str, ...]]:
    return [one.path for one in outcome.alterations]


def _read_back(pipeline: RemotePipeline) -> Mapping[str, Any] | None:
    """Return what is stored of a pipeline just created; None where it cannot be read now."""
    try:
        return pipeline.definition()
    except DpcError:
        return None


def _show(text: str) -> None:
    host.current_call().progress(text)


def _id(pipeline: RemotePipeline) -> str:
    return state.make_id(pipeline.project_id, pipeline.pipeline_id)


def _without_provider(bag: Bag) -> Bag:
    return {key: value for key, value in bag.items() if key != "__provider"}


def _received(bag: Bag) -> Bag:
    """Return a bag as it was before the engine made every number a float."""
    return whole_numbers(_without_provider(bag))


def _without_definition(bag: Bag) -> Bag:
    return {key: value for key, value in _without_provider(bag).items() if key not in DEFINITION}
