"""The Automation API's real `Stack` over a command that runs the inline program as the engine does, and no more."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi import automation
from pulumi.automation import CommandResult, PulumiCommand
from pulumi.runtime.proto import (
    engine_pb2_grpc,
    language_pb2,
    language_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
)
from semver import VersionInfo

SUMMARY = {
    "kind": "update",
    "startTime": "2026-01-01T00:00:00.000Z",
    "message": "",
    "environment": {},
    "config": {},
    "result": "succeeded",
}


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """Takes every registration: of the stack, and of an explicit provider."""

    def SupportsFeature(self, _request: Any, _context: Any) -> Any:  # noqa: N802 - gRPC's names
        return resource_pb2.SupportsFeatureResponse(hasSupport=False)

    def GetDeploymentInfo(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return resource_pb2.DeploymentInfo()

    def RegisterResource(self, request: Any, _context: Any) -> Any:  # noqa: N802
        urn = f"urn:pulumi:dev::shop::{request.type}::{request.name}"
        return resource_pb2.RegisterResourceResponse(urn=urn, id="made", object=request.object)

    def RegisterResourceOutputs(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def SignalAndWaitForShutdown(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()


class Engine(engine_pb2_grpc.EngineServicer):
    """Takes messages."""

    def Log(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()


class Command(PulumiCommand):
    """What takes the place of the CLI: of its commands only those that run a program do anything."""

    def __init__(self) -> None:
        self.command, self.version = "pulumi", VersionInfo.parse("3.260.0")

    def run(self, args: list[str], *_: Any, **__: Any) -> CommandResult:
        client = next((arg for arg in args if arg.startswith("--client=")), None)
        if client is not None:
            run_program(client.removeprefix("--client="))
        return CommandResult(json.dumps([SUMMARY] if "history" in args else {}), "", 0)


def run_program(address: str) -> None:
    """Ask a language server to run its program; raise what it reports."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(Monitor(), server)
    engine_pb2_grpc.add_EngineServicer_to_server(Engine(), server)
    here = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        with grpc.insecure_channel(address) as channel:
            request = language_pb2.RunRequest(
                project="shop", stack="dev", monitor_address=here, args=[here], parallel=4
            )
            error = language_pb2_grpc.LanguageRuntimeStub(channel).Run(request).error
    except grpc.RpcError as failed:  # an older SDK lets an error of the program out of its handler
        error = str(failed)
    finally:
        server.stop(None).wait()
    if error:
        raise RuntimeError(error)


def inline_stack(
    program: Callable[[], None], directory: Path, env_vars: Mapping[str, str]
) -> automation.Stack:
    """Return a stack of an inline program whose workspace has these variables."""
    directory.mkdir(exist_ok=True)
    options = automation.LocalWorkspaceOptions(
        work_dir=str(directory),
        project_settings=automation.ProjectSettings("shop", "python"),
        env_vars=env_vars,
        pulumi_command=Command(),
    )
    return automation.create_stack("dev", project_name="shop", program=program, opts=options)
