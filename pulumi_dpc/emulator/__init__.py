"""The vendor's API on loopback: for tests, the demo, and trying a program without an account.

    with Emulator(time_scale=0.01) as api:
        ...  # a client with the variables of api.env

``python -m pulumi_dpc.emulator --port 8642`` serves it by hand. What it does not imitate: see ``Emulator``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .faults import Fault
from .pipeline import Pipeline
from .settings import Settings
from .wire import Request

__all__ = ["GUIDE_AGENT", "GUIDE_PROJECT", "Emulator", "Fault", "Pipeline", "Request", "Settings"]

_EXTRA = {"jsonschema", "referencing", "werkzeug", "yaml"}

if TYPE_CHECKING:
    from .emulator import GUIDE_AGENT, GUIDE_PROJECT, Emulator
else:

    def __getattr__(name: str) -> Any:
        """Load what needs the extra when it is asked for, so that ``__main__`` can catch that it is missing."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        try:
            return getattr(import_module(".emulator", __name__), name)
        except ModuleNotFoundError as missing:
            needed = (missing.name or "").partition(".")[0]
            if needed not in _EXTRA:
                raise
            raise ModuleNotFoundError(
                f"The emulator needs {needed}, which the extra brings: pip install 'pulumi-dpc[emulator]'.",
                name=needed,
            ) from None
