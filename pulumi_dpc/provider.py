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

from . import adoption, confidence, host, properties, run_state
from .claims import Claims
from .converge import converge
from .definition import has_unknowns, validate, whole_numbers
from .errors import DpcError, LookupFailed, NotFound
from .names import API_URL, DEFINITION, IMPORT_ID, NAME, PROJECT_ID, SECRETS, STATUS
from .plan import Live, Said, Wish, plan
from .record import End, Outcome
from .remote import Place, RemotePipeline
from .waiting import Limits, StartTimes, Surroundings

Bag = dict[str, Any]
Hook = TypeVar("Hook", bound=Callable[..., Any])


def _hook(hook: Hook) -> Hook:
    """Let an error of ours reach the user as one sentence that starts with the pipeline's name."""

    @host.boundary
    @functools.wraps(hook)
    def spoken(self: StreamingPipelineProvider, *args: Any) -> Any:
        try:
            with confidence.holding(*args):
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
            return CheckResult(_without_provider(news), [])
        checked = validate(properties.definition_of(news))
        problems = [*properties.mistakes(news), *checked.violations]
        inputs = {**properties.with_plain_ids(_without_definition(news)), **checked.canonical}
        if is_new and not problems:
            problems = self._refusal_to_adopt(inputs)
        for warning in checked.warnings:
            call.warn(_named(inputs, warning))
        # The engine prints the value of a named property, secrets too, so the property stays empty.
        return CheckResult(inputs, [CheckFailure("", problem) for problem in problems])

    def _refusal_to_adopt(self, inputs: Bag) -> list[str]:
        """Compare a new resource with the pipeline it wants to adopt, so that the preview lists what differs."""
        import_id = inputs.get(IMPORT_ID)
        if import_id is None or has_unknowns(inputs):
            return []
        urn = host.current_call().urn
        self._claims.meet(urn, import_id, is_new=True)
        adoption.hold_alone(self._claims, urn, import_id)
        _, refusal = adoption.check(self._pipeline(import_id, inputs), properties.wish_of(inputs))
        return [refusal] if refusal else []

    @_hook
    def diff(self, _id: str, _olds: Bag, _news: Bag) -> DiffResult:
        """Return whether there is something to do; no request is made."""
        call = host.current_call()
        if properties.imports_another(_id, _olds, _news):
            call.warn(_named(_news, _OTHER_IMPORT.format(_news[IMPORT_ID], _id)))
        self._claims.meet(call.urn, _id)
        adoption.hold_alone(self._claims, call.urn, _id)
        moved = properties.is_moved(_olds, _news)
        changes = properties.diff_changes(_olds, _news)
        if moved and changes is False:
            changes = None
        return DiffResult(changes=changes, replaces=[PROJECT_ID] if moved else [])

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
            if pipeline.is_gone():
                return ReadResult("", {})
            raise
        outs, inputs = properties.refreshed(recorded, pipeline.project_id, live, pipeline.place.api_url)
        if not run_state.is_known(live.status):
            host.current_call().warn(
                _named(outs, f"its status is {live.status}; what was last known stays recorded")
            )
        names = outs.get(SECRETS, ())
        return ReadResult(id_, _sealed(outs, names), None if is_get else _sealed(inputs, names))

    @staticmethod
    def _read_live(pipeline: RemotePipeline, *, listed: bool) -> Live:
        definition = pipeline.listed_definition() if listed else pipeline.definition()
        return Live(definition, pipeline.status())

    @_hook
    def create(self, props: Bag) -> CreateResult:
        """Create the pipeline, or adopt the one that ``import_`` names, and start it if asked."""
        inputs, urn = _received(props), host.current_call().urn
        project_id, import_id = inputs[PROJECT_ID], inputs.get(IMPORT_ID)
        with self._claims.name(project_id, inputs[NAME]):
            if import_id is not None and not self._claims.is_spent(urn, import_id):
                return self._adopted(self._pipeline(import_id, inputs), inputs)
            definition = properties.definition_of(inputs)
            made = adoption.create(self._here(), project_id, definition, self._claims, urn)
        id_ = properties.make_id(project_id, made)
        self._claims.meet(urn, id_)
        return self._started(self._pipeline(id_, inputs), inputs)

    def _adopted(self, pipeline: RemotePipeline, inputs: Bag) -> CreateResult:
        wish = properties.wish_of(inputs)
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
        return CreateResult(_id(pipeline), properties.outputs_of(inputs, outcome, pipeline.place.api_url))

    def _started(self, pipeline: RemotePipeline, inputs: Bag) -> CreateResult:
        wish = properties.wish_of(inputs)
        live = Live(wish.definition or {}, run_state.NOT_RUNNING)
        said = Said(definition=wish.definition)
        outcome = converge(pipeline, plan(live, wish, said), live, said, self._around(), sent=True)
        outs = properties.outputs_of(inputs, outcome, pipeline.place.api_url)
        if outcome.end is End.DONE:
            return CreateResult(_id(pipeline), outs)
        if outcome.end is End.GONE:
            raise host.Failure(_named(inputs, _DELETED_WHILE_STARTING))
        reason = _named(inputs, outcome.story("was created, but "))
        if host.can_init_fail():
            raise host.InitFailed(_id(pipeline), outs, reason)
        raise host.Failure(f"{reason} {self._undo(pipeline, outs)}")

    def _undo(self, pipeline: RemotePipeline, outs: Bag) -> str:
        """Delete what was just created, where its id cannot be kept: nothing may be orphaned."""
        outcome = self._remove(pipeline, Live(properties.definition_of(outs), outs[STATUS]), outs)
        if outcome.end in (End.DONE, End.GONE):
            return "It was deleted again."
        return outcome.story(f'It could not be deleted again, so adopt it with import_="{_id(pipeline)}": ')

    @_hook
    def update(self, _id: str, _olds: Bag, _news: Bag) -> UpdateResult:
        """Bring the live pipeline to what the program says; always return the complete outputs."""
        olds, inputs = _received(_olds), _received(_news)
        self._claims.meet(host.current_call().urn, _id)
        pipeline = self._pipeline(_id, olds)
        try:
            live = Live(pipeline.definition(), pipeline.status())
        except NotFound:
            if not pipeline.is_gone():
                raise
            raise host.Failure(_named(inputs, _DELETED_OUTSIDE)) from None
        if properties.imports_another(_id, olds, inputs):
            raise host.Failure(_named(inputs, _OTHER_IMPORT.format(inputs[IMPORT_ID], _id)))
        if inputs[NAME] == live.definition.get(NAME):
            return self._edited(pipeline, inputs, live, properties.said_of(olds))
        with self._claims.name(pipeline.project_id, inputs[NAME]):
            adoption.check_name(pipeline, inputs[NAME])
            return self._edited(pipeline, inputs, live, properties.said_of(olds))

    def _edited(self, pipeline: RemotePipeline, inputs: Bag, live: Live, said: Said) -> UpdateResult:
        steps = plan(live, properties.wish_of(inputs), said)
        if steps.refusal:
            raise host.Failure(_named(inputs, steps.refusal))
        outcome = converge(pipeline, steps, live, said, self._around())
        outs = properties.outputs_of(inputs, outcome, pipeline.place.api_url)
        if outcome.end is End.DONE:
            return UpdateResult(outs)
        if outcome.end is End.GONE:
            raise host.Failure(_named(inputs, _DELETED_OUTSIDE))
        reason = _named(inputs, outcome.story())
        if outcome.end is End.REFUSED:
            raise host.Failure(reason)
        outs = _sealed(outs, outs.get(SECRETS, ()))
        if host.can_init_fail():
            raise host.InitFailed(_id(pipeline), outs, reason)
        host.current_call().warn(f"{reason} The next `pulumi up` continues.")
        return UpdateResult(outs)

    @_hook
    def delete(self, _id: str, _props: Bag) -> None:
        """Stop and delete the pipeline, unless another resource of the program has taken it over."""
        call, recorded = host.current_call(), _received(_props)
        if self._claims.lives_on(call.urn, _id):
            return
        pipeline = self._pipeline(_id, recorded)
        if self._claims.is_disputed(_id, (pipeline.project_id, recorded.get(NAME, ""))):
            raise host.Failure(_named(recorded, _DISPUTED))
        try:
            live = Live(properties.definition_of(recorded), pipeline.status())
        except NotFound:
            if not pipeline.is_gone():
                raise
            self._claims.delete(_id)
            return
        outcome = self._remove(pipeline, live, recorded)
        if outcome.end not in (End.DONE, End.GONE):
            raise host.Failure(_named(recorded, outcome.story("was not deleted: ")))
        self._claims.delete(_id)

    def _remove(self, pipeline: RemotePipeline, live: Live, recorded: Bag) -> Outcome:
        said = properties.said_of(recorded)
        return converge(pipeline, plan(live, Wish(None), said), live, said, self._around())

    def _pipeline(self, id_: str, bag: Bag) -> RemotePipeline:
        project_id, pipeline_id = properties.split_id(id_)
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

    def _around(self) -> Surroundings:
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
        )


_OTHER_IMPORT = (
    "import_ names {}, but this resource manages {}, which is not changed into the other one: adopt that under"
    " another resource name, or remove `import_`"
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


def _show(text: str) -> None:
    host.current_call().progress(text)


def _id(pipeline: RemotePipeline) -> str:
    return properties.make_id(pipeline.project_id, pipeline.pipeline_id)


def _without_provider(bag: Bag) -> Bag:
    return {key: value for key, value in bag.items() if key != "__provider"}


def _received(bag: Bag) -> Bag:
    """Return a bag as it was before the engine made every number a float."""
    return whole_numbers(_without_provider(bag))


def _without_definition(bag: Bag) -> Bag:
    return {key: value for key, value in _without_provider(bag).items() if key not in DEFINITION}
