"""What a command never shows: the secrets of its configuration, by the rules of the CLI's filter.

The CLI hides these and no others, so a test that looks for a leak finds what a deployment would print.
Source: `replacements` in sdk/go/common/util/logging/log.go, `makeEventEmitter` in pkg/engine/events.go (3.260).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from .values import Secret, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

MASK = "[secret]"
_SHORTEST = 3
_HTML = str.maketrans({"&": r"\u0026", "<": r"\u003c", ">": r"\u003e"})
"""What JSON as Go writes it escapes beside what must be."""


class Mask:
    """Replaces each secret text of a configuration, also as it stands within JSON."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        secrets = {str(plain(value)) for value in config.values() if isinstance(value, Secret)}
        forms = sorted({form for secret in secrets for form in _forms(secret)}, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, forms))) if forms else None

    def hide(self, text: str) -> str:
        """Return the text without the secrets."""
        return self._pattern.sub(MASK, text) if self._pattern else text


def _forms(secret: str) -> Iterator[str]:
    if len(secret.encode()) < _SHORTEST or secret.lower() in ("true", "false"):
        return
    yield secret
    escaped = json.dumps(secret, ensure_ascii=False)[1:-1]
    yield escaped
    yield escaped.translate(_HTML)
