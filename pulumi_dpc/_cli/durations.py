"""Durations as the command line writes them: ``90s``, ``10m``, ``1h30m``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_PART = r"(\d+(?:\.\d+)?)([dhms])"


if TYPE_CHECKING:
    _Base = click.ParamType[float]
else:
    _Base = click.ParamType  # takes no type in older versions


class _Duration(_Base):
    """A duration, in seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds."""
        if isinstance(value, float):
            return value
        text = str(value).strip().lower()
        if not re.fullmatch(f"(?:{_PART})+", text):
            self.fail(f"{value!r} is not a duration: write 90s, 10m or 1h30m", param, ctx)
        return sum(float(number) * _UNITS[unit] for number, unit in re.findall(_PART, text))


DURATION = _Duration()
