"""The six hooks that the engine calls: from its dictionaries to the operations of a kind of resource, and back.

A hook decides only how a result is shown; where the host cannot keep a failed create, `create` also deletes what was
made. What the stock host does not offer comes from `host`; every hook keeps working without it, only plainer.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, TypeVar

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
from pulumi_dpc._api.pace import CONCURRENT_REQUESTS
from pulumi_dpc._definition.definition import whole_numbers
from pulumi_dpc._definition.paths import spell_details
from pulumi_dpc._names import EXPLICIT, PREVIEW, PROVIDER
from pulumi_dpc._resources.operation import (
    Done,
    Gone,
    Operation,
    Operations,
    Partial,
    Process,
    with_name,
    without,
)
from pulumi_dpc._resources.service import Service, Services
from pulumi_dpc._resources.streaming_agent import operations as streaming_agents
from pulumi_dpc._resources.streaming_pipeline import operations as streaming_pipelines
from pulumi_dpc.errors import ConfigurationError, DpcError

from .host import answer, cancel, workers
from .host.call import current_call
from .shared_errors import SharedErrors

Bag = dict[str, Any]
Hook = TypeVar("Hook", bound=Callable[..., Any])

SERVICES = Services(cancel.interrupted())
"""One for all kinds of resources: the host makes a provider for each kind, and all share one token and one pace."""
SHARED_ERRORS = SharedErrors()
"""One for all kinds too: what has been told of one is not told again of another."""
NOT_ASKED: set[str] = set()
"""What previews could not ask: likewise."""


def _hook(hook: Hook) -> Hook:
    """Let an error of ours reach the user as one sentence that starts with the resource's name at the service."""

    @answer.boundary
    @functools.wraps(hook)
    def spoken(self: KindProvider, *args: Any) -> Any:
        try:
            with redaction.protecting(*args):
                return hook(self, *args)
        except DpcError as error:
            name, is_recorded = current_call().name, hook.__name__ in ("read", "delete")
            text = self._shared_errors.text(error, name, is_recorded=is_recorded)
            raise answer.Failure(spell_details(with_name(args[-1], text, name))) from error

    return spoken  # type: ignore[return-value]


class KindProvider(ResourceProvider):
    """The provider of one kind of resource; one instance serves all threads of a provider process.

    Args:
        services: The APIs that this process reaches.

    Attributes:
        operations: What can be done with a resource of this kind.
    """

    serialize_as_secret_always = False
    operations: Operations

    def __init__(self, services: Services = SERVICES, shared_errors: SharedErrors = SHARED_ERRORS) -> None:
        super().__init__()
        self._config: Callable[[str], Any] = lambda _key: None
        self._services = services
        self._shared_errors = shared_errors
        self._process = Process(self._connect, NOT_ASKED)

    def configure(self, req: ConfigureRequest) -> None:
        """Keep the configuration for the first call that needs it."""
        self._config = req.config.get
        workers.raise_worker_limit(CONCURRENT_REQUESTS)
        cancel.interrupted()  # the host is up only now, and can be told to listen

    @_hook
    def check(self, _olds: Bag, news: Bag) -> CheckResult:
        """Return the canonical inputs and every mistake, with its path in both spellings."""
        given = without(news, (PROVIDER, PREVIEW))
        operation = self._operation(
            is_preview=PREVIEW in news and _may_ask_in_preview(), is_only_provider=news.get(PREVIEW) is True
        )
        checked = self.operations.check(operation, without(_olds, (PROVIDER,)), given)
        # The engine prints the value of a named property, secrets too, so the property stays empty.
        return CheckResult(checked.inputs, [CheckFailure("", mistake) for mistake in checked.mistakes])

    @_hook
    def diff(self, _id: str, _olds: Bag, _news: Bag) -> DiffResult:
        """Return whether there is something to do; no request is made."""
        difference = self.operations.diff(self._operation(), _id, _olds, _news)
        first = True if difference.deletes_first else None
        return DiffResult(difference.changes, difference.replaces, delete_before_replace=first)

    @_hook
    def read(self, id_: str, props: Bag) -> ReadResult:
        """Return the live object for refresh and get; an empty id says that it is gone."""
        result = self.operations.read(self._operation(), id_, _received(props))
        if isinstance(result, Gone):
            return ReadResult("", {})
        inputs = None if result.inputs is None else _sealed(result.inputs, result.secrets)
        return ReadResult(id_, _sealed(result.outputs, result.secrets), inputs)

    @_hook
    def create(self, props: Bag) -> CreateResult:
        """Create or adopt the object."""
        operation, inputs = self._operation(), _received(props)
        result = self.operations.create(operation, inputs)
        if isinstance(result, Done):
            return CreateResult(result.id, _sealed(result.outputs, result.secrets))
        if answer.can_init_fail():
            _raise_partial(result)
        # Its id cannot be kept, and nothing may be orphaned.
        try:
            self.operations.delete(operation, result.id, result.outputs)
        except DpcError as error:
            way_out = f'It could not be deleted again, so adopt it with import_="{result.id}": {error}'
            raise answer.Failure(spell_details(f"{result.reason} {way_out}")) from error
        raise answer.Failure(spell_details(f"{result.reason} It was deleted again."))

    @_hook
    def update(self, _id: str, _olds: Bag, _news: Bag) -> UpdateResult:
        """Bring the live object to what the program says; the outputs are complete in a failure too."""
        operation = self._operation()
        result = self.operations.update(operation, _id, _received(_olds), _received(_news))
        if isinstance(result, Partial):
            if answer.can_init_fail():
                _raise_partial(result)
            operation.warn(f"{result.reason} The next `pulumi up` continues.")
        return UpdateResult(_sealed(result.outputs, result.secrets))

    @_hook
    def delete(self, _id: str, _props: Bag) -> None:
        """Delete the object, unless another resource of the program has taken it over."""
        self.operations.delete(self._operation(), _id, _received(_props))

    def _operation(self, *, is_preview: bool = False, is_only_provider: bool = True) -> Operation:
        call = current_call()
        return Operation(
            process=self._process,
            urn=call.urn,
            timeout=call.timeout,
            ignored=call.ignored,
            warn=call.warn,
            progress=call.progress,
            inform=call.inform,
            is_preview=is_preview,
            is_only_provider=is_only_provider,
            old_inputs=call.old_inputs,
        )

    def _connect(self) -> Service:
        from pulumi_dpc._api.settings import CONFIG_KEYS, Settings

        values = {key: value for key in CONFIG_KEYS if (value := self._config(key)) is not None}
        try:
            if self._config(EXPLICIT) is not None:
                settings = Settings.resolve(arguments=values)
            else:
                settings = Settings.resolve(stack_config=values)
        except ConfigurationError as error:
            error.shared = re.split("[:;] ", str(error))[0]  # what is wrong, without the ways out
            raise
        return self._services.at(settings, _show)


class StreamingPipelineProvider(KindProvider):
    """The provider of streaming pipelines."""

    operations = streaming_pipelines


class StreamingAgentProvider(KindProvider):
    """The provider of streaming agents."""

    operations = streaming_agents


def _raise_partial(result: Partial) -> NoReturn:
    raise answer.InitFailed(result.id, _sealed(result.outputs, result.secrets), spell_details(result.reason))


def _sealed(bag: Mapping[str, Any], names: Sequence[str]) -> Bag:
    """Return a bag with these properties as secrets, which the engine keeps encrypted and does not show."""
    return {key: wrap_rpc_secret(value) if key in names else value for key, value in bag.items()}


def _show(text: str) -> None:
    current_call().progress(text)


def _received(bag: Bag) -> Bag:
    """Return a bag as it was before the engine made every number a float."""
    return whole_numbers(without(bag, (PROVIDER, PREVIEW)))


def _may_ask_in_preview() -> bool:
    return os.environ.get("DPC_PREFLIGHT", "").lower() != "off"
