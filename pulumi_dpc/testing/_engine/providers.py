"""The provider processes of one command: which reference is served by which host."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from .values import Props, equal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .host import Host
    from .state import State

PACKAGE = "pulumi-python"
PROVIDER_TYPE = f"pulumi:providers:{PACKAGE}"


class Providers:
    """Starts a host per provider resource and configuration; keeps the latest one under its reference."""

    def __init__(self, start: Callable[[Props], Host]) -> None:
        self._start = start
        self._lock = threading.Lock()
        self._hosts: dict[str, Host] = {}
        self._all: list[Host] = []

    def serve(self, reference: str, config: Props) -> Host:
        """Let `reference` be served with `config`; the same configuration keeps its process."""
        with self._lock:
            host = self._hosts.get(reference)
            if host is None or not equal(host.config, config):
                host = self._start(config)
                self._all.append(host)
                self._hosts[reference] = host
            return host

    def ensure(self, reference: str, states: Iterable[State]) -> Host:
        """Return the host of `reference`; one that no program has registered starts from its recorded state."""
        if reference in self._hosts:
            return self._hosts[reference]
        for state in states:
            if f"{state.urn}::{state.id}" == reference:
                return self.serve(reference, state.inputs)
        raise LookupError(f"unknown provider {reference}")

    def cancel(self) -> None:
        for host in list(self._all):
            host.cancel()

    def kill(self) -> None:
        for host in list(self._all):
            host.kill()

    def close(self) -> None:
        for host in self._all:
            host.close()
