"""The REST client as programs and scripts use it: it asks the program's account, and its errors are sentences."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from pulumi_dpc._api import client
from pulumi_dpc._api.clock import Clock
from pulumi_dpc._api.retries import Notify, no_output
from pulumi_dpc._api.settings import Settings

from .account import settings_of_program
from .reporting import in_program


class DpcClient(client.DpcClient):
    """The API of one account; threads that share it share its token, its connections and its pace.

    Bodies are mappings in the API's own spelling. Every method raises a `DpcError` where the service cannot be
    reached, refuses or fails; in a Pulumi program that is shown as its sentence, without a traceback.

    Args:
        settings: Where, and as whom; by default from the environment, then, in a Pulumi program, from the stack
            configuration, as for `get_project`.
        clock: Time, and the sleep that a Ctrl-C ends.
        notify: Shows a line while a request is being retried; by default nothing is shown.

    Attributes:
        settings: The settings in use.
        clock: The clock in use.

    Raises:
        ConfigurationError: Neither the environment nor the stack configuration says where, or as whom.
    """

    def __init__(
        self, settings: Settings | None = None, *, clock: Clock | None = None, notify: Notify = no_output
    ) -> None:
        # Found in the thread of the program, which tells an inline one.
        super().__init__(settings or in_program(settings_of_program), clock=clock, notify=notify)

    def __enter__(self) -> DpcClient:
        return self


def _in_program(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def reported(self: DpcClient, *args: Any, **kwargs: Any) -> Any:
        return in_program(lambda: method(self, *args, **kwargs))

    return reported


for _name, _member in vars(client.DpcClient).items():
    if callable(_member) and not _name.startswith("_"):
        setattr(DpcClient, _name, _in_program(_member))
