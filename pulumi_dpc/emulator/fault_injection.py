"""The faults of an emulator, each set in one line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

from .faults import Fault, FaultPlan


class FaultInjection:
    """What a test says to let requests go wrong."""

    _faults: FaultPlan

    def inject(self, fault: Fault) -> None:
        """Let a fault act on the requests it describes; of several, the first injected goes first."""
        self._faults.add(fault)

    def fault_at(self, index: int, fault: Fault) -> None:
        """Let a fault act on the API request of that index (and, if it says so, on later ones)."""
        self.inject(replace(fault, at=index))

    def fail_next(self, status: int, **when: Any) -> None:
        """Answer a status instead; the keywords are those of ``Fault``."""
        self.inject(Fault("status", status=status, **when))

    def drop_next(self, moment: Literal["before", "during", "after"], **when: Any) -> None:
        """Close the connection before the request is handled, during the answer, or before the answer."""
        self.inject(Fault(f"drop-{moment}", **when))  # type: ignore[arg-type]

    def stall_next(self, seconds: float, **when: Any) -> None:
        """Do nothing for that many real seconds."""
        self.inject(Fault("stall", seconds=seconds, **when))

    def garble_next(
        self, how: Literal["truncated", "html", "empty", "shape", "status-word"], **when: Any
    ) -> None:
        """Handle the request, then answer with a broken body."""
        self.inject(Fault(how, **when))

    def rewrite_next(self, rewrite: Callable[[Any], Any], **when: Any) -> None:
        """Handle the request, then answer what the function makes of the JSON answer."""
        self.inject(Fault("rewrite", rewrite=rewrite, **when))

    def withdraw(self, fault: Fault) -> int:
        """Drop one fault, the very object that was injected; return how many requests it has befallen."""
        return self._faults.withdraw(fault)

    def clear_faults(self) -> None:
        """Drop every fault that is still to come."""
        self._faults.clear()
