"""What this process has seen its resources hold, so that a rename never deletes a pipeline that lives on.

A resource renamed without an alias is, to the engine, a create of the new URN first and a delete of the old one
last, both with the same live pipeline in hand if the new one adopted it (``docs/pulumi-host.md`` section 14). Only
this process sees both. ``check`` runs only for what the program declares, so only URNs it has seen count.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Predecessor:
    """The pipeline that a resource had before it was replaced.

    Attributes:
        id: The resource id of that pipeline.
        ran: Whether it ran when this process deleted it; None if that is not known.
    """

    id: str
    ran: bool | None


class Claims:
    """Remember, for the life of one process, which resource declared, met, adopted, deleted or failed on what.

    Ids are those of resources, ``<project id>/<streaming pipeline id>``, in any case.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._declared: set[str] = set()
        self._known_before: set[str] = set()
        self._holders: dict[str, set[str]] = defaultdict(set)
        self._adopted: set[str] = set()
        self._imported: set[tuple[str, str]] = set()
        self._deleted: dict[str, bool | None] = {}
        self._deleted_by: dict[str, str] = {}
        self._deleted_names: dict[tuple[str, str], str] = {}
        self._replaced: dict[str, str] = {}
        self._posted: set[tuple[str, str, str]] = set()
        self._made: dict[str, str] = {}
        self._left: dict[str, dict[str, Any]] = {}
        self._failed_ids: set[str] = set()
        self._failed_names: set[tuple[str, str]] = set()
        self._name_locks: dict[tuple[str, str], threading.Lock] = defaultdict(threading.Lock)

    @contextmanager
    def name(self, project_id: str, name: str) -> Iterator[None]:
        """Let one create or rename at a time look up and take a name in a project."""
        with self._lock:
            lock = self._name_locks[project_id.lower(), name]
        with lock:
            yield

    def declare(self, urn: str | None, *, is_new: bool, imported: str | None = None) -> None:
        """Note that the program declares this resource, whether it came with state, and what that state imported."""
        if urn:
            with self._lock:
                self._declared.add(urn)
                if not is_new:
                    self._known_before.add(urn)
                if imported is not None:
                    self._imported.add((urn, imported.lower()))

    def is_first_check(self, urn: str | None) -> bool:
        """Tell whether this resource is new to the engine: a replacement calls check with empty olds too."""
        with self._lock:
            return urn is None or urn not in self._known_before

    def meet(self, urn: str | None, id_: str, *, is_new: bool = False) -> None:
        """Note that this resource is about this live pipeline (diff, update, create), or new and wants to adopt it."""
        if urn:
            with self._lock:
                if not is_new:
                    self._known_before.add(urn)
                self._holders[id_.lower()].add(urn)

    def let_go(self, urn: str | None) -> None:
        """Note that this resource is being replaced, so what it was about may go, under whichever URN that comes.

        The delete of a resource that is renamed with an alias and replaced in one command comes under the old URN.
        """
        with self._lock:
            for id_, holders in self._holders.items():
                if urn in holders:
                    holders.discard(urn)
                    self._replaced[urn] = id_

    def adopt(self, urn: str | None, id_: str) -> None:
        """Note that a create of this process took an existing pipeline over."""
        self.meet(urn, id_)
        with self._lock:
            self._adopted.add(id_.lower())

    def post(self, urn: str | None, name: tuple[str, str]) -> None:
        """Note that this resource is about to create a pipeline of a (project, name) that nobody had."""
        with self._lock:
            self._posted.add((urn or "", *name))

    def has_posted(self, urn: str | None, name: tuple[str, str]) -> bool:
        """Tell whether a pipeline of that name may be this resource's own, whose answer was lost in this process."""
        with self._lock:
            return (urn or "", *name) in self._posted

    def make(self, urn: str | None, id_: str) -> None:
        """Note that a create of this process has made a pipeline: a create that is called again goes on with it."""
        self.meet(urn, id_)
        if urn:
            with self._lock:
                self._made[urn] = id_

    def made(self, urn: str | None) -> str | None:
        """Return the pipeline that this process has made for a resource, and has not deleted since."""
        with self._lock:
            return self._made.get(urn or "")

    def leave(self, id_: str, outputs: dict[str, Any] | None) -> None:
        """Note what a failed operation has left of a pipeline, or with None that nothing is unfinished.

        The engine calls the operation again, if a hook of the user's asks for it, with the outputs of before.
        """
        with self._lock:
            if outputs is None:
                self._left.pop(id_.lower(), None)
            else:
                self._left[id_.lower()] = outputs

    def left(self, id_: str) -> dict[str, Any] | None:
        """Return what a failed operation of this process has left of a pipeline."""
        with self._lock:
            return self._left.get(id_.lower())

    def delete(
        self, urn: str | None, id_: str, name: tuple[str, str] | None = None, *, ran: bool | None = None
    ) -> None:
        """Note that this process has deleted a resource's pipeline, and whether it ran then; None: it was gone."""
        key = id_.lower()
        with self._lock:
            self._deleted[key] = ran
            self._left.pop(key, None)
            self._made = {one: made for one, made in self._made.items() if made.lower() != key}
            if urn:
                self._deleted_by[urn] = key
            if name is not None:
                self._deleted_names[name] = key

    def predecessor(self, urn: str | None, name: tuple[str, str]) -> Predecessor | None:
        """Return the pipeline in whose place this resource is created, None if it is a new one.

        The delete comes under the old URN where the resource is renamed with an alias; its name at the service, which
        it has alone, then tells.
        """
        with self._lock:
            known = (
                self._replaced.get(urn or ""),
                self._deleted_by.get(urn or ""),
                self._deleted_names.get(name),
            )
            id_ = next((id_ for id_ in known if id_ is not None), None)
            return None if id_ is None else Predecessor(id_, self._deleted.get(id_))

    def is_spent(self, urn: str | None, import_id: str) -> bool:
        """Tell whether an `import_` has been carried out before, so that a replacement that keeps it creates afresh.

        One that was added since the replaced pipeline went is to be adopted: an error has said so.
        """
        with self._lock:
            return import_id.lower() in self._deleted or (urn or "", import_id.lower()) in self._imported

    def fail(self, *ids: str, name: tuple[str, str] | None = None) -> None:
        """Note that a create failed which named these pipelines, or could not look up this (project, name)."""
        with self._lock:
            self._failed_ids.update(id_.lower() for id_ in ids)
            if name is not None:
                self._failed_names.add((name[0].lower(), name[1]))

    def other_holder(self, urn: str | None, id_: str) -> str | None:
        """Return another declared resource of this program that is about this pipeline."""
        with self._lock:
            others = (self._holders[id_.lower()] & self._declared) - {urn}
        return min(others, default=None)

    def holders(self, id_: str) -> list[str]:
        """Return the declared resources that are about this pipeline."""
        with self._lock:
            return sorted(self._holders[id_.lower()] & self._declared)

    def lives_on(self, urn: str | None, id_: str) -> bool:
        """Tell whether a delete must leave the pipeline alone, because another resource has it now."""
        with self._lock:
            if id_.lower() in self._adopted:
                return True
        return self.other_holder(urn, id_) is not None

    def is_disputed(self, id_: str, name: tuple[str, str]) -> bool:
        """Tell whether a delete must fail, because a create failed that may have wanted this very pipeline."""
        with self._lock:
            return id_.lower() in self._failed_ids or (name[0].lower(), name[1]) in self._failed_names
