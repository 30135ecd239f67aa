"""A listing read to its end, however the service counts pages and entries (``docs/api.md`` section 1.4)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pulumi_dpc.errors import OutcomeUnknown

PAGE_SIZE = 100
MOST_PAGES = 1000
MOST_RESULTS = 10 * PAGE_SIZE
"""Most entries that a page may have: the service may use another page size than was asked for."""
_MOST_REPEATS = 2


def is_page(value: Any, key: str) -> bool:
    """Tell whether a body is a page of things that each have this property."""
    results = value.get("results") if isinstance(value, Mapping) else None
    return isinstance(results, list) and all(
        isinstance(item, Mapping) and isinstance(item.get(key), str) for item in results
    )


class Reading:
    """A listing that is being read page by page.

    Entries are told apart by their key, so a service that repeats a page or never ends is noticed. The service's
    counts may be wrong: no count ends the reading while another one says that entries are missing.

    Args:
        path: Path of the listing, for errors.
        key: Property that tells one entry from another.

    Attributes:
        page: Number of the page to ask for next, from 0.
        done: Everything has been read.
    """

    def __init__(self, path: str, key: str) -> None:
        self.page = 0
        self.done = False
        self._path = path
        self._key = key
        self._seen: set[str] = set()
        self._total = 0
        self._repeats = 0

    def add(self, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Add the page that was asked for and return those of its entries that no earlier page had.

        Raises:
            OutcomeUnknown: The listing repeats itself, does not end, or has a page of unlikely size.
        """
        results, new = body["results"], []
        if len(results) > MOST_RESULTS:
            raise OutcomeUnknown(
                f"the service's listing has {len(results)} entries on a page (GET {self._path})"
            )
        for item in results:
            if item[self._key] not in self._seen:
                self._seen.add(item[self._key])
                new.append(item)
        self._total = _count(body.get("total"))
        self.page += 1
        self.done = self._is_last(len(results), _count(body.get("size")))
        if not self.done:
            self._guard(progress=bool(new))
        return new

    def pages_left(self) -> int:
        """Return how many more pages there seem to be, of a listing that is not done."""
        return max(1, math.ceil((self._total - len(self._seen)) / PAGE_SIZE))

    def _is_last(self, results: int, size: int) -> bool:
        seen = len(self._seen)
        if results == 0 or seen == self._total:
            return True
        # A total that is 0 or was exceeded says nothing. While a total is not reached, a short page is not the last.
        # A size above what was asked for is not the one in force, so a page of what was asked for is not short.
        return self._total < seen and results < min(size, PAGE_SIZE)

    def _guard(self, *, progress: bool) -> None:
        """Raise if the listing has no end; a service that counts pages from 1 repeats one page only."""
        self._repeats = 0 if progress else self._repeats + 1
        if self._repeats >= _MOST_REPEATS or self.page >= MOST_PAGES:
            what = "repeats a page" if self._repeats else f"does not end within {MOST_PAGES} pages"
            raise OutcomeUnknown(f"the service's listing {what} (GET {self._path}, page {self.page - 1})")


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0
