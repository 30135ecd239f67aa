"""The emulator as tests and users hold it: the service, its sockets, and everything that can go wrong."""

from __future__ import annotations

import math
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from .access import Access, Account, RateLimit
from .app import PREFIX, App
from .estate import ESTATE, estate
from .fault_injection import FaultInjection
from .faults import Fault, FaultPlan, misbehave
from .journal import TOKEN_PATH, Journal, answered
from .outside_changes import OutsideChanges
from .page import ROTATION, rotated, start_page
from .pipeline import Pipeline
from .seed import add_agents, plant
from .server import Server
from .settings import Settings
from .store import Store
from .wire import Answer, Call, Reply, Request

GUIDE_PROJECT = "3dda0acf-e646-4f4b-b4f6-e00449b69427"
GUIDE_AGENT = "2734aa6f-0c64-4d2b-9406-f44dc8f1f3b6"


class Emulator(FaultInjection, OutsideChanges):
    """The vendor's API on loopback, as its documents describe it, which misbehaves on demand.

    It does not imitate: replication of data, secrets and their vaults, agents' installations, the vendor's
    web pages, metrics and events, roles (a credential may do everything or nothing), TLS.

    Args:
        time_scale: Real seconds in a nominal one: 0.01 makes every duration of the service a hundredth.
        host: Address to listen on.
        port: Port to listen on; 0 for any that is free.
        client_id: The API credential's id.
        client_secret: Its secret.
        token: A bearer token that never expires.
        now: Returns nominal seconds; by default the time that passes, scaled.
        guide: Whether it begins with the project, environment and agent of the vendor's guide, without a seed.
        seed: What it begins with instead: the path of a file, or a mapping, of projects, agents, environments and
            pipelines; or ``estate``, forty pipelines of all kinds. Some of those are of a newer service, so
            ``unknown_field`` is ``kept`` then, unless it is given.
        agents: How many further streaming agents there are: ``agent-1`` and so on, each the default agent of an
            environment of its name in the first project.
        **settings: See ``Settings``.

    Attributes:
        settings: Its switches; each may be changed while it serves.
        store: The service's memory.
    """

    def __init__(
        self,
        *,
        time_scale: float = 1.0,
        host: str = "127.0.0.1",
        port: int = 0,
        client_id: str = "emulator-client",
        client_secret: str = "emulator-secret",  # noqa: S107
        token: str = "emulator-token",  # noqa: S107
        now: Callable[[], float] | None = None,
        guide: bool = True,
        seed: str | Path | Mapping[str, Any] | None = None,
        agents: int = 0,
        **settings: Any,
    ) -> None:
        if seed == ESTATE:
            seed, settings = estate(GUIDE_PROJECT), {"unknown_field": "kept", **settings}
        self.settings = Settings(**settings)
        self._scale = time_scale
        began = time.monotonic()
        self._now = now or (lambda: (time.monotonic() - began) / time_scale)
        self._access = Access(self.settings, self._now)
        self.store = self._add_account(client_id, client_secret, token).store
        self._app = App(self.settings, self._access, RateLimit(self.settings, self._now))
        self._journal = Journal(self._now)
        self._faults = FaultPlan()
        self._callbacks: list[Callable[[Request], None]] = []
        if seed is not None:
            plant(seed, self.store)
        elif guide:
            self.add_project("Analytics", GUIDE_PROJECT, "The project of the vendor's guide")
            self.add_agent("streaming-agent", GUIDE_AGENT)
            self.add_environment(GUIDE_PROJECT, "production", GUIDE_AGENT)
        add_agents(agents, self.store)
        self._server = Server(self._answer, host, port)

    def __enter__(self) -> Emulator:
        self.up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def up(self) -> None:
        """Serve, on the same port every time."""
        self._server.up()

    def down(self) -> None:
        """Refuse connections and close those that are open, until ``up()``."""
        self._server.down()

    def close(self) -> None:
        """End for good."""
        self._server.close()

    # What a client needs to know

    @property
    def origin(self) -> str:
        """Return the URL of the start page."""
        return f"http://{self._server.host}:{self._server.port}"

    @property
    def url(self) -> str:
        """Return the API's URL, as ``DPC_API_URL`` takes it."""
        return self.origin + PREFIX

    @property
    def env(self) -> dict[str, str]:
        """Return the environment variables of a client that has a client id and secret."""
        return self._client_env(self._access.accounts[0])

    @property
    def token_env(self) -> dict[str, str]:
        """Return the environment variables of a client that has a token that does not expire."""
        return self._endpoint_env() | {"DPC_TOKEN": self._access.accounts[0].token}

    def other_account(self) -> dict[str, str]:
        """Return the environment variables of another account, which has nothing and sees nothing of ours."""
        return self._client_env(self._add_account("other-client", "other-secret", "other-token"))

    def powerless_account(self) -> dict[str, str]:
        """Return the environment variables of a credential whose role permits nothing (403)."""
        mine = self._access.accounts[0]
        powerless = Account("member-client", "member-secret", mine.store, permitted=False)
        self._access.accounts.append(powerless)
        return self._client_env(powerless)

    def rotate_secret(self) -> dict[str, str]:
        """Replace the API credential's secret; return the environment variables of a client that has the new one.

        Tokens that were issued for the old secret stay valid for their time; ``expire_tokens`` ends them.
        """
        mine = self._access.accounts[0]
        self._access.accounts[0] = replace(mine, client_secret=secrets.token_urlsafe(24))
        return self.env

    # What happened, and what is there

    @property
    def requests(self) -> list[Request]:
        """Return every request since the last ``clear_requests()``, token requests too."""
        return self._journal.entries()

    def clear_requests(self) -> None:
        """Forget the requests so far; the next has index 0."""
        self._journal.clear()

    @property
    def connections(self) -> int:
        """Return how many TCP connections were accepted."""
        return self._server.connections

    @property
    def pipelines(self) -> list[Pipeline]:
        """Return every pipeline, in the order they were made."""
        return self.store.show_all()

    @property
    def agents(self) -> list[dict[str, Any]]:
        """Return every agent as the API answers it, in the order they were made."""
        return self.store.directory.every_agent()

    def pipeline(self, pipeline: str) -> Pipeline:
        """Return the pipeline of that id or name."""
        return self.store.show(pipeline)

    def on_request(self, callback: Callable[[Request], None]) -> None:
        """Call this with every request, in the thread that serves it, before anything is done about it."""
        self._callbacks.append(callback)

    # Seeding

    def add_project(self, name: str, id: str | None = None, description: str = "") -> str:  # noqa: A002
        """Make a project and return its id."""
        return self.store.directory.add_project(name, id, description)

    def add_environment(
        self, project_id: str, name: str, agent_id: str | None = None, agent_name: str | None = None
    ) -> None:
        """Make an environment; its agent's name is looked up where not given."""
        self.store.directory.add_environment(project_id, name, agent_id, agent_name)

    def add_agent(
        self,
        name: str,
        id: str | None = None,  # noqa: A002
        agent_type: str = "streaming",
        connected: bool = True,  # noqa: FBT001, FBT002
    ) -> str:
        """Make an agent and return its id."""
        request = {"name": name, "agentType": agent_type, "cloudProvider": "azure", "deployment": "aks"}
        after = 0 if connected else math.inf
        return str(self.store.directory.add_agent(request, id, connects_after=after)["agentId"])

    def add_pipeline(
        self,
        definition: Mapping[str, Any],
        project_id: str = GUIDE_PROJECT,
        id: str | None = None,  # noqa: A002
        status: str = "NOT_RUNNING",
    ) -> str:
        """Put a pipeline there, whatever its definition, and return its id."""
        return self.store.place(project_id, definition, id, status)

    # Serving

    def _answer(self, call: Call) -> Reply | None:
        if call.path == "/":
            return start_page(self.origin, self.url, self.store)
        if (call.method, call.path) == ROTATION:
            return rotated(self.rotate_secret())
        request, amend = self._journal.begin(call)
        for callback in self._callbacks:
            callback(request)
        if self.settings.latency_seconds:
            self._pause(self.settings.latency_seconds)
        fault = self._faults.take(request)
        handled: list[Answer] = []

        def handle() -> Answer:
            handled.append(self._app.handle(call))
            return handled[0]

        reply = handle().to_reply() if fault is None else self._misbehave(fault, handle, call)
        amend(answered(replace(request, handled=bool(handled), fault=fault.kind if fault else None), reply))
        return reply

    def _misbehave(self, fault: Fault, handle: Callable[[], Answer], call: Call) -> Reply | None:
        if fault.kind == "refuse":
            self._refuse(fault.seconds)
            return None
        return misbehave(fault, handle, self._pause, call.hangs_up)

    def _pause(self, seconds: float) -> None:
        self._server.closing.wait(seconds)

    def _refuse(self, seconds: float | None) -> None:
        self.down()
        if seconds is not None:
            timer = threading.Timer(seconds * self._scale, self.up)
            timer.daemon = True
            timer.start()

    def _add_account(self, client_id: str, client_secret: str, token: str) -> Account:
        account = Account(client_id, client_secret, Store(self.settings, self._now), token=token)
        self._access.accounts.append(account)
        return account

    def _endpoint_env(self) -> dict[str, str]:
        scale = {} if self._scale == 1 else {"DPC_TIME_SCALE": str(self._scale)}
        return {"DPC_API_URL": self.url} | scale

    def _client_env(self, account: Account) -> dict[str, str]:
        token_url = {"DPC_TOKEN_URL": self.origin + TOKEN_PATH}
        credentials = {"DPC_CLIENT_ID": account.client_id, "DPC_CLIENT_SECRET": account.client_secret}
        return self._endpoint_env() | token_url | credentials
