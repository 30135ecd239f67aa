"""A do-nothing dynamic provider whose cloud is a directory of JSON files; every call is written down there.

It is what the scenarios of `tests/engine/test_engine.py` run against on both engines. The cloud's directory is named by
the environment variable `SAMPLE_CLOUD`. A file `on/<call>.<name>` there makes the next such call misbehave
(`Cloud.make`).
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

Props = dict[str, Any]
REPLACE_KEYS = ("zone",)


class Cloud:
    """The directory: `objects/<id>.json`, `calls.jsonl` and the misbehaviour in `on/`."""

    def __init__(self, directory: str | Path) -> None:
        self.directory = Path(directory)
        for part in ("objects", "on", "ids"):
            (self.directory / part).mkdir(parents=True, exist_ok=True)

    # -- for tests ---------------------------------------------------------------------------------

    @property
    def calls(self) -> list[Props]:
        """Every call the provider received, in order: `{"call", "name", "id", ...}`."""
        path = self.directory / "calls.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def take_calls(self) -> list[Props]:
        """Return the calls so far and forget them."""
        calls = self.calls
        (self.directory / "calls.jsonl").unlink(missing_ok=True)
        return calls

    @property
    def objects(self) -> dict[str, Props]:
        return {path.stem: json.loads(path.read_text()) for path in self._path("").parent.glob("*.json")}

    def make(self, call: str, name: str, do: str, **more: Any) -> None:
        """Let the next `call` for the object called `name` do something else: raise, init-failed, exit or wait.

        One that waits goes on with `after`, another such word. With `then`, a list of such words with their arguments,
        so do the calls after that one.
        """
        path = self.directory / "on" / f"{call}.{name}"
        path.write_text(json.dumps({"do": do, **more}))
        if do == "wait":
            os.mkfifo(path.with_suffix(path.suffix + ".arrived"))
            os.mkfifo(path.with_suffix(path.suffix + ".go"))

    def await_call(self, call: str, name: str) -> None:
        """Return once the call that was made to wait has arrived."""
        with (self.directory / "on" / f"{call}.{name}.arrived").open() as fifo:
            fifo.read()

    def release(self, call: str, name: str) -> None:
        with (self.directory / "on" / f"{call}.{name}.go").open("w"):
            pass

    def await_cancel(self) -> None:
        """Return once the host has been told that the user wants to stop."""
        while not (self.directory / "canceled").exists():
            time.sleep(0.01)

    # -- for the provider and for changes behind its back ------------------------------------------

    def _path(self, identity: str) -> Path:
        return self.directory / "objects" / f"{identity}.json"

    def get(self, identity: str) -> Props | None:
        path = self._path(identity)
        return json.loads(path.read_text()) if path.exists() else None

    def put(self, identity: str, **fields: Any) -> None:
        self._path(identity).write_text(json.dumps({**(self.get(identity) or {}), **fields}))

    def remove(self, identity: str) -> None:
        self._path(identity).unlink(missing_ok=True)

    def new_id(self, name: str) -> str:
        """Count the creations of each name, so that ids do not depend on the order of parallel calls."""
        path = self.directory / "ids" / name
        count = 1 + int(path.read_text()) if path.exists() else 1
        path.write_text(str(count))
        return f"{name}-{count}"

    def record(self, call: str, name: str, **more: Any) -> None:
        line = json.dumps({"call": call, "name": name, **more}, default=_show) + "\n"
        with (self.directory / "calls.jsonl").open("a") as log:
            fcntl.flock(log, fcntl.LOCK_EX)
            log.write(line)

    def misbehaviour(self, call: str, name: str) -> Props:
        path = self.directory / "on" / f"{call}.{name}"
        if not path.exists():
            return {}
        found: Props = json.loads(path.read_text())
        path.unlink()
        if then := found.pop("then", []):
            path.write_text(json.dumps({**then[0], "then": then[1:]}))
        if found["do"] == "wait":
            path.with_suffix(path.suffix + ".arrived").open("w").close()
            path.with_suffix(path.suffix + ".go").open().close()
            found["do"] = found.get("after", "")
        return found


def _show(value: object) -> str:
    return "<unknown>" if isinstance(value, pulumi.output.Unknown) else repr(value)


def _host_call() -> tuple[Any, Any]:
    """Find the gRPC request and context of the host's servicer in the frames above."""
    frame = sys._getframe(1)
    while frame:
        context, request = frame.f_locals.get("context"), frame.f_locals.get("request")
        if context is not None and request is not None and hasattr(context, "set_trailing_metadata"):
            return request, context
        frame = frame.f_back  # type: ignore[assignment]
    raise RuntimeError("not called by the provider host")


def _request() -> Props:
    """Return what the engine sends beside what the host hands on."""
    from google.protobuf import json_format

    request, _ = _host_call()
    old_inputs = json_format.MessageToDict(request.old_inputs) if request.HasField("old_inputs") else None
    return {
        "old_inputs": old_inputs and _plain(old_inputs),
        "ignored": list(getattr(request, "ignoreChanges", ())),
    }


def _init_failed(identity: str, properties: Props, reasons: list[str]) -> Exception:
    """Answer with a partial state, as Go providers do (docs/pulumi-host.md section 1b)."""
    from google.protobuf import any_pb2, struct_pb2
    from pulumi.runtime.proto import provider_pb2, status_pb2

    _, context = _host_call()
    struct = struct_pb2.Struct()
    struct.update(properties)
    packed = any_pb2.Any()
    packed.Pack(provider_pb2.ErrorResourceInitFailed(id=identity, properties=struct, reasons=reasons))
    status = status_pb2.Status(code=2, message="initialization failed", details=[packed])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    return RuntimeError("initialization failed")


def _clean_error(message: str) -> Exception:
    """Show the message only, without a traceback (docs/pulumi-host.md section 1)."""
    from pulumi.runtime.proto import status_pb2

    _, context = _host_call()
    status = status_pb2.Status(code=2, message=message)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    return RuntimeError(message)


def _say(text: str) -> None:
    """Speak in every way a provider can: progress, a warning on the resource, a line on stdout."""
    import grpc
    from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

    request, _ = _host_call()
    with grpc.insecure_channel(sys.argv[-1]) as channel:
        engine = engine_pb2_grpc.EngineStub(channel)
        engine.Log(
            engine_pb2.LogRequest(severity=engine_pb2.INFO, message=text, urn=request.urn, ephemeral=True)
        )
        engine.Log(
            engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=f"{text}, a warning", urn=request.urn)
        )
    sys.stdout.write(f"{text}, printed\n")


def _note_cancel() -> None:
    """Let the host's Cancel, which does nothing, leave a file: docs/pulumi-host.md section 8."""

    def cancel(self: Any, request: Any, context: Any) -> Any:
        import os

        from google.protobuf import empty_pb2

        open(os.environ["SAMPLE_CLOUD"] + "/canceled", "w").close()
        return empty_pb2.Empty()

    sys.modules["__main__"].DynamicResourceProviderServicer.Cancel.__code__ = cancel.__code__


def load() -> SampleProvider:
    """The frozen entry point that state files name."""
    return SampleProvider()


class SampleProvider(ResourceProvider):
    """Echoes inputs to outputs and adds `status` and `seen` (what configuration and environment it saw)."""

    serialize_as_secret_always = False

    def __reduce__(self) -> Any:
        return (load, ())

    def configure(self, req: ConfigureRequest) -> None:
        _note_cancel()
        self.token = req.config.get("sample:token")
        self.endpoint = req.config.get("sample:endpoint")

    @property
    def cloud(self) -> Cloud:
        return Cloud(os.environ["SAMPLE_CLOUD"])

    def _begin(self, call: str, name: str, **more: Any) -> Props:
        self.cloud.record(call, name, token=self.token, pid=os.getpid(), **more)
        found = self.cloud.misbehaviour(call, name)
        if found.get("do") == "raise":
            raise ValueError(found.get("text", "it was told to fail"))
        if found.get("do") == "clean":
            raise _clean_error(found.get("text", "it was told to fail"))
        if found.get("do") == "say":
            _say(found["text"])
        if found.get("do") == "exit":
            os._exit(3)
        return found

    def check(self, _olds: Props, news: Props) -> CheckResult:
        (self.cloud.directory / "canceled").unlink(missing_ok=True)
        self._begin("check", news["name"], olds=_plain(_olds), news=_plain(news))
        failures = []
        if isinstance(news.get("size"), float) and news["size"] > 12:
            failures = [CheckFailure("size", "choose 1..12"), CheckFailure("", "the whole is too large")]
        return CheckResult(news, failures)

    def diff(self, _id: str, _olds: Props, _news: Props) -> DiffResult:
        self._begin("diff", _news["name"], id=_id, olds=_plain(_olds), news=_plain(_news), **_request())
        changed = [key for key in REPLACE_KEYS if _olds.get(key) != _news.get(key)]
        answer = {"true": True, "false": False}.get(str(_news.get("answer")))
        if answer is None and _olds.get("running") != _news.get("running"):
            answer = True
        return DiffResult(changes=answer, replaces=changed, delete_before_replace=bool(_news.get("slot")))

    def create(self, props: Props) -> CreateResult:
        found = self._begin("create", props["name"], news=_plain(props), timeout=_host_call()[0].timeout)
        identity = self.cloud.new_id(props["name"])
        outs = {**props, "status": "ON" if props.get("running") else "OFF"}
        self.cloud.put(identity, **_plain(outs))
        if found.get("do") == "init-failed":
            outs["running"] = False
            raise _init_failed(identity, outs, ["start failed: no capacity"])
        return CreateResult(identity, outs)

    def read(self, id_: str, props: Props) -> ReadResult:
        found = self._begin("read", props["name"], id=id_, olds=_plain(props))
        live = self.cloud.get(id_)
        if live is None:
            return ReadResult("", {})
        outs = {**props, **live}
        if found.get("do") == "init-failed":
            raise _init_failed(id_, outs, ["it is not well"])
        return ReadResult(id_, outs, {k: v for k, v in outs.items() if k != "status"})

    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        timeout = _host_call()[0].timeout
        found = self._begin(
            "update",
            _news["name"],
            id=_id,
            olds=_plain(_olds),
            news=_plain(_news),
            timeout=timeout,
            **_request(),
        )
        outs = {**_news, "status": "ON" if _news.get("running") else "OFF"}
        if found.get("do") == "init-failed":
            outs["running"] = False
            raise _init_failed(_id, outs, ["restart failed: no capacity"])
        self.cloud.put(_id, **_plain(outs))
        return UpdateResult(outs)

    def delete(self, _id: str, _props: Props) -> None:
        timeout = _host_call()[0].timeout
        self._begin("delete", _props["name"], id=_id, olds=_plain(_props), timeout=timeout, **_request())
        self.cloud.remove(_id)


def _plain(props: Mapping[str, Any]) -> Props:
    return {key: value for key, value in props.items() if key != "__provider"}


def asking(*answers: bool) -> Any:
    """Return the function of an error hook that writes down what it is told and gives these answers, one a call."""
    left = iter(answers)

    def hook(args: Any) -> bool:
        told = {key: _closed(getattr(args, key)) for key in ("new_inputs", "old_inputs", "old_outputs")}
        cloud = Cloud(os.environ["SAMPLE_CLOUD"])
        cloud.record("hook", args.name, id=args.id, on=args.failed_operation, errors=args.errors, **told)
        answer = next(left, None)
        if answer is None:
            raise RuntimeError("no answer is left")
        return answer

    return hook


def _closed(told: Mapping[str, Any] | None) -> Props | None:
    """Return what a hook was told, without the values of secrets and the provider's pickle."""
    if told is None:
        return None
    return {
        key: "<secret>" if isinstance(value, pulumi.Output) else value for key, value in _plain(told).items()
    }


class Thing(Resource, module="sample", name="Thing"):
    """The resource: any properties, `name` among them, and the output `status`."""

    status: pulumi.Output[str]

    def __init__(self, resource_name: str, opts: pulumi.ResourceOptions | None = None, **props: Any) -> None:
        props = {"name": resource_name, "status": None, **props}
        super().__init__(SampleProvider(), resource_name, props, opts)


class Other(Resource, module="sample", name="Other"):
    """A second type, for aliases by type."""

    def __init__(self, resource_name: str, opts: pulumi.ResourceOptions | None = None, **props: Any) -> None:
        super().__init__(
            SampleProvider(), resource_name, {"name": resource_name, "status": None, **props}, opts
        )
