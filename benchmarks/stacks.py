"""The two stacks that are compared, pipelines and do-nothing resources, and what one command on them costs."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi_dpc.emulator import GUIDE_PROJECT, Emulator
from pulumi_dpc.testing import Stack, find_cli, open_stack

HAS_CLI = find_cli() is not None
REPOSITORY = Path(__file__).resolve().parents[1]
LATENCY_SECONDS = 0.05
MOST = 1000
AGENT = "00000000-0000-4000-8000-"
TOKEN_PATH = "/oauth"  # noqa: S105

DO_NOTHING = """
from benchmarks.do_nothing import Nothing
for i in range({count}):
    Nothing(f"r{{i:04}}", size={edited} if i == 0 else 0)
"""

DO_NOTHING_AS_LARGE = """
from benchmarks.do_nothing import Nothing
for i in range({count}):
    Nothing(
        f"r{{i:04}}", size={edited} if i == 0 else 0,
        projectId="3dda0acf-e646-4f4b-b4f6-e00449b69427", agentId=f"00000000-0000-4000-8000-{{i:012}}",
        name=f"pipeline-{{i:04}}", wait=True, interruptSnapshot=False, running=False, status="NOT_RUNNING",
        streamingSource=dict(
            type="postgres",
            connection=dict(
                host="db.example.com", port=5432, database="shop", username="streaming_user",
                password=dict(secretType="AWS_SECRETS_MANAGER", secretName="shop/streaming", secretKey="password"),
            ),
            tables=[dict(schema="public", table="orders"), dict(schema="public", table="customers")],
        ),
        streamingTarget=dict(type="s3", bucket="analytics-landing", prefix=f"shop/{{i}}"),
        advancedProperties={{"max.batch.size": 10000}}, apiUrl="http://127.0.0.1:8642/dpc",
    )
"""

PIPELINES = f"""
import pulumi_dpc as dpc
for i in range({{count}}):
    dpc.StreamingPipeline(
        f"r{{{{i:04}}}}",
        project_id="{GUIDE_PROJECT}",
        agent_id=f"{AGENT}{{{{i:012}}}}",
        name=f"pipeline-{{{{i:04}}}}",
        streaming_source=dpc.PostgresSource(
            connection=dpc.PostgresConnection(
                host="db.example.com", port=5432, database="shop", username="streaming_user",
                password=dpc.SecretReference.aws("shop/streaming", key="password"),
            ),
            tables=[dpc.Table("public", "orders"), dpc.Table("public", "customers")],
        ),
        streaming_target=dpc.S3Target(bucket="analytics-landing", prefix=f"shop/{{{{i}}}}"),
        advanced_properties={{{{"max.batch.size": 10000 + ({{edited}} if i == 0 else 0)}}}},
        running={{running}},
    )
"""


@dataclass(frozen=True)
class Cost:
    """Hold what one command took.

    Attributes:
        seconds: Wall time.
        requests: Of the API, without tokens.
        tokens: Requests for a token.
        connections: TCP connections that these came over.
        span: Between the first request and the last, in the service's own (nominal) seconds.
        mebibytes: The most memory the provider process held; 0 where that cannot be seen.
        cpu_seconds: Processor time of the provider process, to a fifth of a second before its end; 0 likewise.
    """

    seconds: float
    requests: int = 0
    tokens: int = 0
    connections: int = 0
    span: float = 0.0
    mebibytes: float = 0.0
    cpu_seconds: float = 0.0


class Bench:
    """Write programs of a stack and measure commands on it.

    Args:
        stack: The stack.
        folder: Of its program.
        template: Its program.
    """

    def __init__(self, stack: Stack, folder: Path, template: str) -> None:
        self._stack = stack
        self._folder = folder
        self._template = template

    def write(self, count: int, *, edited: int = 0, running: bool | None = None) -> None:
        """Write the program with that many resources; ``edited`` is a property of the first."""
        text = self._template.format(count=count, edited=edited, running=running)
        (self._folder / "__main__.py").write_text(text)

    def set_config(self, key: str, value: str) -> None:
        """Set a value of the stack's configuration for the next command."""
        self._stack.set_config(key, value)

    def cost(self, command: str) -> Cost:
        """Run preview, up, refresh or destroy."""
        self._stack.api.clear_requests()
        with _watched(self._folder) as most:
            result = getattr(self._stack, command)()
        requests = self._stack.api.requests
        tokens = sum(request.path.startswith(TOKEN_PATH) for request in requests)
        connections = len({request.connection for request in requests})
        span = requests[-1].at - requests[0].at if requests else 0.0
        return Cost(result.seconds, len(requests) - tokens, tokens, connections, span, *most())


@contextmanager
def pipelines(
    directory: Path,
    *,
    cli: bool = HAS_CLI,
    options: dict[str, Any] | None = None,
    agents: int = MOST,
    **emulator: Any,
) -> Iterator[Bench]:
    """Open a stack of pipelines and the emulator they live at, with that many agents.

    It has no limit of requests a minute unless one is given: the figures are of many commands in a row.
    """
    defaults = {"rate_limit_per_minute": None, "latency_seconds": LATENCY_SECONDS}
    with Emulator(**{**defaults, **emulator}) as api:
        for i in range(agents):
            api.add_agent(f"agent-{i:04}", f"{AGENT}{i:012}")
        with _opened(directory, PIPELINES, api=api, cli=cli, **(options or {})) as bench:
            yield bench


@contextmanager
def do_nothing(
    directory: Path, *, cli: bool = HAS_CLI, as_large: bool = False, env: Mapping[str, str] | None = None
) -> Iterator[Bench]:
    """Open a stack of do-nothing resources, with one property or with as many as a pipeline has."""
    template = DO_NOTHING_AS_LARGE if as_large else DO_NOTHING
    with _opened(directory, template, cli=cli, env=env) as bench:
        yield bench


@contextmanager
def _opened(
    folder: Path, template: str, *, env: Mapping[str, str] | None = None, **options: Any
) -> Iterator[Bench]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Pulumi.yaml").write_text("name: bench\nruntime: python\n")
    with open_stack(folder, env={"PYTHONPATH": str(REPOSITORY), **(env or {})}, **options) as stack:
        yield Bench(stack, folder, template)


@contextmanager
def _watched(directory: Path) -> Iterator[Callable[[], tuple[float, float]]]:
    """Watch the provider process of a stack; yield what returns the most memory and processor time of it (Linux)."""
    seen, ended = [(0.0, 0.0)], threading.Event()

    def watch() -> None:
        while not ended.wait(0.2):
            seen.extend(_used(process, directory) for process in Path("/proc").glob("[0-9]*"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield lambda: (max(memory for memory, _ in seen), max(cpu for _, cpu in seen))
    finally:
        ended.set()
        watcher.join()


def _used(process: Path, directory: Path) -> tuple[float, float]:
    """Return peak memory in MiB and processor time in s of a stack's provider process, zeros for any other process."""
    try:
        if (
            b"pulumi.dynamic" not in (process / "cmdline").read_bytes()
            or (process / "cwd").readlink() != directory
        ):
            return 0.0, 0.0
        (peak,) = (line for line in (process / "status").read_text().splitlines() if line.startswith("VmHWM"))
        fields = (process / "stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):  # it has ended
        return 0.0, 0.0
    return int(peak.split()[1]) / 1024, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
