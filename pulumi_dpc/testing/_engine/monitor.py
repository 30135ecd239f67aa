"""The two gRPC services a program talks to, translated into the deployment's terms."""

from __future__ import annotations

from concurrent import futures
from typing import TYPE_CHECKING, Any, cast

import grpc
from google.protobuf import empty_pb2
from google.protobuf.message import Message
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    provider_pb2,
    resource_pb2,
    resource_pb2_grpc,
)

from .deadline import STREAM
from .hooks import ARE_KNOWN, ON_ERROR, HookFailed
from .providers import PACKAGE, PROVIDER_TYPE
from .steps import Alias, Goal, seconds
from .transforms import TransformFailed
from .unsupported import Unsupported, missing
from .values import from_wire, plain, to_wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from .deployment import Deployment

FEATURES = {
    "secrets": "SECRETS",
    "resourceReferences": "RESOURCE_REFERENCES",
    "outputValues": "OUTPUT_VALUES",
    "aliasSpecs": "ALIAS_SPECS",
    "deletedWith": "DELETED_WITH",
    "transforms": "TRANSFORMS",
} | ({"errorHooks": "ERROR_HOOKS"} if ARE_KNOWN else {})
"""What a program may rely on, by the name that it asks for and the one that newer SDKs are told all at once."""
REFUSED = (
    "remote",
    "importId",
    "providers",
    "packageRef",
    "replace_with",
    "replacement_trigger",
    "state_migrations",
    "envVarMappings",
)
SEVERITIES = {engine_pb2.INFO: "info", engine_pb2.WARNING: "warning", engine_pb2.ERROR: "error"}


class Stopped(Exception):
    """The deployment is over; the program will get no answer."""


class MonitorServicer(resource_pb2_grpc.ResourceMonitorServicer):
    """Answers registrations; each runs in a thread of its own until its steps are done."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def SupportsFeature(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802 - gRPC's names
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in FEATURES)

    def GetDeploymentInfo(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        known = (getattr(resource_pb2, f"RESOURCE_MONITOR_FEATURE_{name}") for name in FEATURES.values())
        return resource_pb2.DeploymentInfo(supportedFeatures=known)

    def RegisterResource(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        deployment = self._deployment
        with _Answer(deployment, context):
            _refuse_provider(request, deployment.mocks.knows)
            deployment.transforms.apply(request)
            _refuse(request)
            state, outcome = deployment.register(_goal(request))
            deployment.transforms.remember(state.urn, request)
            return resource_pb2.RegisterResourceResponse(
                urn=state.urn,
                id=state.id,
                object=to_wire(state.outputs, keep_secrets=True),
                result=cast("resource_pb2.Result.ValueType", outcome),
            )

    def ReadResource(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        with _Answer(self._deployment, context):
            goal = Goal(
                type=request.type,
                name=request.name,
                custom=True,
                parent=request.parent,
                inputs=from_wire(request.properties),
                dependencies=list(request.dependencies),
                provider=request.provider,
                additional_secret_outputs=list(request.additionalSecretOutputs),
            )
            state = self._deployment.read(goal, request.id)
            properties = to_wire(state.outputs, keep_secrets=True)
            return resource_pb2.ReadResourceResponse(urn=state.urn, properties=properties)

    def RegisterResourceOutputs(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        with _Answer(self._deployment, context):
            self._deployment.register_outputs(request.urn, from_wire(request.outputs))
            return empty_pb2.Empty()

    def SignalAndWaitForShutdown(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        self._deployment.end_of_program()
        self._deployment.await_end()  # until then it may be asked by way of its hooks
        return empty_pb2.Empty()

    def RegisterErrorHook(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        try:
            self._deployment.hooks.register(request.name, request.callback)
        except HookFailed as refusal:
            context.abort(grpc.StatusCode.UNKNOWN, str(refusal))
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        with _Answer(self._deployment, context):
            answer = self._deployment.mocks.call(request.tok, plain(from_wire(request.args)))
            response = provider_pb2.InvokeResponse()
            getattr(response, "return").CopyFrom(to_wire(answer, keep_secrets=True))
            return response

    def Call(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return self._unsupported(context, f"call of {request.tok}")

    def RegisterPackage(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return self._unsupported(context, f"package {request.name}")

    def RegisterStackTransform(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        self._deployment.transforms.add(request)
        return empty_pb2.Empty()

    def RegisterStackInvokeTransform(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return self._unsupported(context, "invoke transforms")

    def RegisterResourceHook(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return self._unsupported(context, "resource hooks")

    def _unsupported(self, context: grpc.ServicerContext, what: str) -> Any:
        with _Answer(self._deployment, context):
            raise Unsupported(f"pulumi_dpc.testing does not support {what}")


class _Answer:
    """Ends the deployment with an error when a handler raises, and the call when the deployment is over."""

    def __init__(self, deployment: Deployment, context: grpc.ServicerContext) -> None:
        self._deployment, self._context = deployment, context

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        if error is None:
            return
        if isinstance(error, Unsupported):
            self._deployment.refuse(error)
        elif isinstance(error, TransformFailed):
            self._deployment.fail("", str(error))
        elif not isinstance(error, Stopped):
            self._deployment.fail("", repr(error))
        self._deployment.await_end()
        self._context.abort(grpc.StatusCode.UNAVAILABLE, "the deployment has ended")


class EngineServicer(engine_pb2_grpc.EngineServicer):
    """Takes log messages of the program and of the providers."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._root = ""

    def Log(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        if self._deployment.is_deaf:
            return empty_pb2.Empty()
        if request.streamId == STREAM:
            self._deployment.fail(request.urn, request.message)
        elif request.severity in SEVERITIES:
            severity = SEVERITIES[request.severity]
            self._deployment.say(severity, request.urn, request.message, ephemeral=request.ephemeral)
        return empty_pb2.Empty()

    def GetRootResource(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def SetRootResource(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()


def serve(deployment: Deployment, workers: int) -> tuple[grpc.Server, str]:
    """Start both services on one port; return the server and its address."""
    pool = futures.ThreadPoolExecutor(max_workers=workers, thread_name_prefix="monitor")
    server = grpc.server(pool, options=_GRPC_CHANNEL_OPTIONS)
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(MonitorServicer(deployment), server)
    engine_pb2_grpc.add_EngineServicer_to_server(EngineServicer(deployment), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, f"127.0.0.1:{port}"


def _refuse(request: Any) -> None:
    given = {field.name for field, value in request.ListFields() if not _is_empty(value)}
    refused = sorted(given & set(REFUSED) - ({"providers"} if not request.remote else set()))
    refused += [f"{field.name} hooks" for field, _ in request.hooks.ListFields() if field.name != "on_error"]
    if request.type.startswith(f"{PACKAGE}:"):
        refused += sorted(given & {"version", "pluginDownloadURL"})
    if refused:
        raise Unsupported(
            f"pulumi_dpc.testing does not support {', '.join(refused)} (resource `{request.name}`)"
        )


def _refuse_provider(request: Any, is_given: Callable[[str], bool]) -> None:
    """Refuse an explicit provider of another package, unless the test gives it."""
    kind = request.type
    if kind.startswith("pulumi:providers:") and kind != PROVIDER_TYPE and not is_given(kind):
        raise Unsupported(missing(kind, f"provider `{request.name}`"))


def _is_empty(value: Any) -> bool:
    return isinstance(value, Message) and value.ByteSize() == 0


def _goal(request: Any) -> Goal:
    timeouts = {
        name: getattr(request.customTimeouts, name, "") for name in ("create", "update", "delete", "read")
    }
    return Goal(
        type=request.type,
        name=request.name,
        custom=request.custom,
        parent=request.parent,
        inputs=from_wire(request.object),
        dependencies=list(request.dependencies),
        property_dependencies=_property_dependencies(request),
        provider=request.provider,
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
        ignore_changes=list(request.ignoreChanges),
        replace_on_changes=list(request.replaceOnChanges),
        additional_secret_outputs=list(request.additionalSecretOutputs),
        aliases=[Alias(urn=urn) for urn in request.aliasURNs] + [_alias(alias) for alias in request.aliases],
        custom_timeouts={name: seconds(text) for name, text in timeouts.items() if text},
        deleted_with=request.deletedWith,
        resource_hooks=_hooks(request),
    )


def _hooks(request: Any) -> dict[str, list[str]]:
    names = list(request.hooks.on_error) if ARE_KNOWN else []
    return {ON_ERROR: names} if names else {}


def _property_dependencies(request: Any) -> dict[str, list[str]]:
    """Let every property depend on everything when the program did not say which depends on what."""
    if request.propertyDependencies:
        return {name: list(found.urns) for name, found in request.propertyDependencies.items()}
    return {name: list(request.dependencies) for name in request.object}


def _alias(alias: Any) -> Alias:
    if alias.WhichOneof("alias") == "urn":
        return Alias(urn=alias.urn)
    spec = alias.spec
    return Alias("", spec.name, spec.type, spec.parentUrn, spec.noParent, spec.project, spec.stack)
