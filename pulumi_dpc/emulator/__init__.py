"""The vendor's API on loopback: for tests, the demo, and trying a program without an account.

    with Emulator(time_scale=0.01) as api:
        ...  # a client with the variables of api.env

``python -m pulumi_dpc.emulator --port 8642`` serves it by hand. What it does not imitate: see ``Emulator``.
"""

from __future__ import annotations

try:
    from .emulator import GUIDE_AGENT, GUIDE_PROJECT, Emulator
except ModuleNotFoundError as missing:
    needed = (missing.name or "").partition(".")[0]
    if needed not in {"jsonschema", "referencing", "werkzeug", "yaml"}:
        raise
    raise ModuleNotFoundError(
        f"The emulator needs {needed}, which the extra brings: pip install 'pulumi-dpc[emulator]'.",
        name=needed,
    ) from None

from .faults import Fault
from .settings import Settings
from .store import Pipeline
from .wire import Request

__all__ = ["GUIDE_AGENT", "GUIDE_PROJECT", "Emulator", "Fault", "Pipeline", "Request", "Settings"]
