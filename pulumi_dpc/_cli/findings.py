"""What the doctor finds out about one subject, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """One line of the doctor.

    Attributes:
        subject: What was looked at.
        result: ``ok``; ``warning``: a program may work; ``problem``: it cannot.
        found: What there is; never a secret.
        fix: What to do; empty where nothing is to be done.
    """

    subject: str
    result: Literal["ok", "warning", "problem"]
    found: str
    fix: str = ""
