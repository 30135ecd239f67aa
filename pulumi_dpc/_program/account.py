"""The account that a program's lookups ask: its settings, and each question asked once."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import pulumi

from pulumi_dpc._api.single_flight import SingleFlight

if TYPE_CHECKING:
    from pulumi_dpc._api.client import DpcClient
    from pulumi_dpc._api.settings import Settings
    from pulumi_dpc._resources.service import Services

T = TypeVar("T")


def settings_of_program(arguments: Mapping[str, str] | None = None) -> Settings:
    """Return the settings that the environment and the stack configuration give, or a `Provider`'s arguments.

    Raises:
        ConfigurationError: Credentials or endpoint are missing or malformed.
    """
    from pulumi_dpc._api.settings import (  # a program without lookups loads neither HTTP nor settings
        CONFIG_KEYS,
        Settings,
    )

    if arguments is not None:
        return Settings.resolve(arguments=arguments)
    config = pulumi.Config("dpc")
    values = {key: config.get(key.removeprefix("dpc:")) for key in CONFIG_KEYS}
    return Settings.resolve(stack_config={key: value for key, value in values.items() if value is not None})


class Answers:
    """What the API answered for the life of the program, whose preview and update are separate processes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._services: Services | None = None
        self._flights: dict[tuple[Settings, tuple[str, ...]], SingleFlight] = defaultdict(SingleFlight)
        self._values: dict[tuple[Settings, tuple[str, ...]], Any] = {}
        self._met: set[tuple[Settings, tuple[str, ...]]] = set()

    def get(self, settings: Settings, key: tuple[str, ...], ask: Callable[[DpcClient], T]) -> T:
        """Return the answer to a question, asked once."""
        with self._lock:
            client, flight = self._client(settings), self._flights[settings, key]
        with flight.turn():
            if (settings, key) not in self._values:
                self._values[settings, key] = ask(client)
            value: T = self._values[settings, key]
            return value

    def is_first(self, settings: Settings, key: tuple[str, ...]) -> bool:
        """Tell whether this is the first time that the key is met."""
        with self._lock:
            first = (settings, key) not in self._met
            self._met.add((settings, key))
            return first

    def _client(self, settings: Settings) -> DpcClient:
        if self._services is None:
            from pulumi_dpc._resources.service import Services  # a program without lookups needs no HTTP

            self._services = Services()
        return self._services.at(settings, _show).client


def _show(text: str) -> None:
    pulumi.log.info(text, ephemeral=True)
