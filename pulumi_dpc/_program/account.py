"""The account that a program's lookups ask: its settings, and each question asked once."""

from __future__ import annotations

import threading
import weakref
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import pulumi
from pulumi.runtime.settings import get_monitor

from pulumi_dpc._api.single_flight import SingleFlight
from pulumi_dpc.errors import ConfigurationError

from .inline import NOT_FOUND, environment_of_program

if TYPE_CHECKING:
    from pulumi_dpc._api.client import DpcClient
    from pulumi_dpc._api.settings import Settings
    from pulumi_dpc._resources.service import Services

T = TypeVar("T")


def settings_of_program(arguments: Mapping[str, str] | None = None) -> Settings:
    """Return the settings that the environment and the stack configuration give, or a `Provider`'s arguments.

    To be called in the thread of the program: which environment it has is found there.

    Raises:
        ConfigurationError: Credentials or endpoint are missing or malformed, or cannot be told.
    """
    from pulumi_dpc._api.settings import (  # a program without lookups loads neither HTTP nor settings
        CONFIG_KEYS,
        Settings,
    )

    environment = environment_of_program()
    if arguments is not None:
        return Settings.resolve(arguments=arguments, environment=environment or {})
    if environment is None:
        raise ConfigurationError(NOT_FOUND)
    config = pulumi.Config("dpc")
    values = {key: config.get(key.removeprefix("dpc:")) for key in CONFIG_KEYS}
    given = {key: value for key, value in values.items() if value is not None}
    return Settings.resolve(environment=environment, stack_config=given)


class Answers:
    """What the API answered during one run of a program; a preview and an update are two of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[tuple[Settings, tuple[str, ...]], SingleFlight] = defaultdict(SingleFlight)
        self._values: dict[tuple[Settings, tuple[str, ...]], Any] = {}
        self._met: set[tuple[Settings, tuple[str, ...]]] = set()

    def get(self, settings: Settings, key: tuple[str, ...], ask: Callable[[DpcClient], T]) -> T:
        """Return the answer to a question, asked once."""
        client = _client(settings)
        with self._lock:
            flight = self._flights[settings, key]
        with flight.turn():
            if (settings, key) not in self._values:
                self._values[settings, key] = ask(client)
            value: T = self._values[settings, key]
            return value

    def known(self, settings: Settings, key: tuple[str, ...]) -> Any:
        """Return the answer to a question that was asked before; None if it was not."""
        return self._values.get((settings, key))

    def is_first(self, settings: Settings, key: tuple[str, ...]) -> bool:
        """Tell whether this is the first time that the key is met."""
        with self._lock:
            first = (settings, key) not in self._met
            self._met.add((settings, key))
            return first


_lock = threading.Lock()
_services: Services | None = None
_answers: weakref.WeakKeyDictionary[Any, Answers] = weakref.WeakKeyDictionary()
_answers_without_engine = Answers()


def answers() -> Answers:
    """Return the answers of this run: the Automation API runs many programs in one process, days apart."""
    monitor = get_monitor()  # each run has a connection of its own to the engine
    if monitor is None:
        return _answers_without_engine
    with _lock:
        return _answers.setdefault(monitor, Answers())


def _client(settings: Settings) -> DpcClient:
    """Return the client of an account, which all runs of the process share: its token and its pace are one."""
    global _services  # noqa: PLW0603 - made when it is first needed
    with _lock:
        if _services is None:
            from pulumi_dpc._resources.service import Services  # a program without lookups needs no HTTP

            _services = Services()
    return _services.at(settings, _show).client


def _show(text: str) -> None:
    pulumi.log.info(text, ephemeral=True)
