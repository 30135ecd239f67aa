"""Every way in which one request goes wrong, by name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Literal

from pulumi_dpc.emulator.faults import Fault

TIMEOUT = 0.6
"""The client's HTTP timeout, in real seconds."""
STALL = 0.9

Trigger = Literal["kill_provider", "kill", "cancel", "cancel_twice"]


@dataclass(frozen=True)
class Kind:
    """One way to go wrong.

    Attributes:
        fault: What the service does; None where it answers as ever.
        trigger: What happens to our own processes, when the request arrives.
        lasts: It goes on with every later request until the service is repaired.
        late: The service carries the request out after we have given up on it.
    """

    fault: Fault | None = None
    trigger: Trigger | None = None
    lasts: bool = False
    late: bool = False

    @property
    def is_kill(self) -> bool:
        """Tell whether nobody is left who could clean up, or speak."""
        return self.trigger not in (None, "cancel")

    @property
    def is_passing(self) -> bool:
        """Tell whether it befalls one request, and everything is as ever before and after."""
        return self.fault is not None and not self.lasts and not self.late

    @property
    def is_lie(self) -> bool:
        """Tell whether an answer reads well and is not so."""
        return self.fault is not None and self.fault.kind == "status-word"

    def then(self, later: Kind) -> Kind:
        """Return what both together may do: one befalls a request, the other a later one."""
        trigger, fault = self.trigger or later.trigger, later.fault if later.is_lie else self.fault
        return replace(self, fault=fault, trigger=trigger, lasts=True, late=self.late or later.late)

    def due(self) -> Fault | None:
        """Return the fault to inject now."""
        if self.fault is None or self.fault.retry_after != _SOON:
            return self.fault
        moment = datetime.now(timezone.utc) + timedelta(seconds=2)
        return replace(self.fault, retry_after=format_datetime(moment, usegmt=True))


_SOON = "soon"


def _status(status: int, **more: object) -> Kind:
    return Kind(Fault("status", status=status, **more))  # type: ignore[arg-type]


def _lasting(fault: Fault) -> Kind:
    return Kind(replace(fault, times=None), lasts=True)


KINDS: dict[str, Kind] = {
    "refused for 5 s": Kind(Fault("refuse", seconds=5)),
    "refused for ever": Kind(Fault("refuse"), lasts=True),
    "closed before handling": Kind(Fault("drop-before")),
    "handled, answer lost": Kind(Fault("drop-after")),
    "handled, answer cut": Kind(Fault("drop-during")),
    "every answer lost": _lasting(Fault("drop-after")),
    "stalled, not handled": Kind(Fault("stall", seconds=STALL)),
    "stalled, handled": Kind(Fault("stall", seconds=STALL, handled=True)),
    "stalled, handled late": Kind(Fault("stall", seconds=STALL, handled="late"), late=True),
    "401 once": _status(401),
    "401 for ever": _lasting(Fault("status", status=401)),
    "403": _status(403),
    "404": _status(404),
    "409": _status(409),
    "429 with seconds": _status(429, retry_after=2),
    "429 with a date": _status(429, retry_after=_SOON),
    "429 bare": _status(429),
    "500": _status(500),
    "500, handled": _status(500, handled=True),
    "502": _status(502),
    "503 once": _status(503),
    "503 for ever": _lasting(Fault("status", status=503)),
    "truncated JSON": Kind(Fault("truncated")),
    "HTML": Kind(Fault("html")),
    "empty body": Kind(Fault("empty")),
    "wrong shape": Kind(Fault("shape")),
    "unknown status word": Kind(Fault("status-word")),
    "unknown words for ever": _lasting(Fault("status-word")),
    "provider killed": Kind(trigger="kill_provider"),
    "CLI killed": Kind(trigger="kill"),
    "Ctrl-C once": Kind(trigger="cancel"),
    "Ctrl-C twice": Kind(trigger="cancel_twice"),
}
