"""A listing that all threads of a process share, read as far as it is needed."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .clock import Clock
from .paging import Reading
from .single_flight import SingleFlight

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """What is known of one thing that is listed.

    Attributes:
        id: As the service, or the program that wrote it, spells it.
        name: As it was listed; not a string where that is not known.
        body: The whole of it; None where the listed one is out of date or incomplete.
        next_name: The name that an edit of this process may have given it since.
        shown: What was listed of it, whole or not; None where this process may have written something else since.
    """

    id: str
    name: Any = None
    body: Body | None = None
    next_name: Any = None
    shown: Body | None = None

    def may_be_named(self, name: str) -> bool:
        """Tell whether it may have that name now."""
        return name in (self.name, self.next_name) or not isinstance(self.name, str)


@dataclass(frozen=True)
class Listed:
    """What a listing lists.

    Attributes:
        path: Its path.
        key: The property that has the id.
        is_whole: Tells whether an entry, with its id, has all that a GET would answer.
    """

    path: str
    key: str
    is_whole: Callable[[Any, str], bool]


class ReadPage(Protocol):
    """Reads one page of a listing."""

    def __call__(self, page: int) -> Mapping[str, Any]:
        """Return a page, counted from 0."""


class SharedListing:
    """A listing, read as far as it is needed and corrected by the writes of this process.

    It is read once in the life of a process. The first page is always read. More are read while the thing asked for
    has not been found and the pages left are no more than the things asked for so far. Ids are compared in lower case.

    Args:
        listed: What is listed, and where.
        read_page: Returns a page.
        clock: Time, by which a caller says how old a listing may be.
    """

    def __init__(self, listed: Listed, read_page: ReadPage, clock: Clock) -> None:
        self._listed = listed
        self._request_page = read_page
        self._clock = clock
        self._flight = SingleFlight()
        self._lock = threading.Lock()
        self._wanted: set[str] = set()
        self._writes: defaultdict[str, int] = defaultdict(int)
        self._begin()

    def find(self, id_: str) -> Body | None:
        """Return what the listing says; None if it says nothing, or if one GET costs less than reading on."""
        key = id_.lower()
        with self._lock:
            self._wanted.add(key)
        with self._flight.turn():
            while self._should_read_on(key):
                self._read_page()
            with self._lock:
                entry = self._entries.get(key)
                return entry.body if entry else None

    def all(self, *, since: float | None) -> dict[str, Entry]:
        """Return the whole listing: an entry for each id, in lower case.

        Args:
            since: Read it again if it was begun before that time of the clock.
        """
        with self._flight.turn():
            if since is not None and self._began < since:
                with self._lock:
                    self._begin()
            while not self._reading.done:
                self._read_page()
            with self._lock:
                return dict(self._entries)

    def store(self, id_: str, body: Body | None) -> None:
        """Record what this process has created, edited or, with None, deleted."""
        key = id_.lower()
        with self._lock:
            self._writes[key] += 1
            if body is None:
                self._entries.pop(key, None)
            else:
                live = {**body, self._listed.key: id_}
                self._entries[key] = Entry(id_, live.get("name"), live, shown=live)

    def invalidate(self, id_: str, body: Body) -> None:
        """Record that this may have been written: what is listed is out of date."""
        key = id_.lower()
        with self._lock:
            self._writes[key] += 1
            before, next_name = self._entries.get(key), body.get("name")
            is_first = before is not None and before.next_name in (None, next_name)
            name = before.name if before is not None and is_first else None
            self._entries[key] = Entry(id_, name, next_name=next_name)

    def _begin(self) -> None:
        self._reading = Reading(self._listed.path, self._listed.key)
        self._entries: dict[str, Entry] = {}
        self._began = self._clock.now()

    def _should_read_on(self, key: str) -> bool:
        """Tell whether to read the next page: it is the first, or no more pages are left than were asked for.

        Those whose threads still wait for their turn count too, so a refresh of many does not begin with GETs.
        """
        if self._reading.done:
            return False
        with self._lock:
            first = self._reading.page == 0
            return key not in self._entries and (first or len(self._wanted) >= self._reading.pages_left())

    def _read_page(self) -> None:
        """Read the next page; where this process wrote something while the page was on its way, the write wins."""
        with self._lock:
            before = dict(self._writes)
        body = self._request_page(self._reading.page)
        with self._lock:
            for item in self._reading.add(body):
                id_ = item[self._listed.key]
                key = id_.lower()
                if self._writes.get(key, 0) == before.get(key, 0):
                    whole = item if self._listed.is_whole(item, id_) else None
                    self._entries[key] = Entry(id_, item.get("name"), whole, shown=item)
