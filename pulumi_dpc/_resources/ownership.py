"""Which resource of the program owns which live object, and what earlier calls of this process have done.

A resource renamed without an alias is, to the engine, a create of the new URN first and a delete of the old one
last, both about the same object if the new resource adopted it (``docs/pulumi-host.md`` section 14). Only
this process sees both. ``check`` runs only for what the program declares, so only URNs it has seen count.

Ids are those of resources, such as ``<project id>/<streaming pipeline id>``, in any case. A name is one that only one
object may have: (project id, name).
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Name = tuple[str, str]


@dataclass(frozen=True)
class Predecessor:
    """The object that a resource had before it was replaced.

    Attributes:
        id: The resource id of that object.
        was_running: Whether it ran when this process deleted it; None if that is not known.
    """

    id: str
    was_running: bool | None


class Ownership:
    """The table of owners: which URNs of the program are, or were, about which object."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._import_removed: set[str | None] = set()
        self._declared: set[str] = set()
        self._known_before: set[str] = set()
        self._owners: dict[str, set[str]] = defaultdict(set)
        self._adopted: set[str] = set()
        self._imported: set[tuple[str, str]] = set()
        self._replaced: dict[str, str] = {}
        self._deleted: dict[str, bool | None] = {}
        self._deleted_by: dict[str | Name, str] = {}

    def declare(self, urn: str | None, *, is_new: bool, imported: str | None = None) -> None:
        """Record that the program declares a resource, whether it came with state, and what that state imported."""
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

    def record_owner(self, urn: str | None, id_: str, *, is_new: bool = False) -> None:
        """Record that this resource is about this object (diff, update, create), or new and wants to adopt it."""
        if urn:
            with self._lock:
                if not is_new:
                    self._known_before.add(urn)
                self._owners[id_.lower()].add(urn)

    def record_removed_import(self, urn: str | None, *, is_removed: bool) -> None:
        """Record whether the program has removed the `import_` that the state still has."""
        with self._lock:
            (self._import_removed.add if is_removed else self._import_removed.discard)(urn)

    def is_import_removed(self, urn: str | None) -> bool:
        """Tell whether the program has removed its `import_`, so that the id in the inputs is only kept."""
        with self._lock:
            return urn in self._import_removed

    def record_adoption(self, urn: str | None, id_: str) -> None:
        """Record that a create of this process took an existing object over."""
        self.record_owner(urn, id_)
        with self._lock:
            self._adopted.add(id_.lower())

    def release(self, urn: str | None) -> None:
        """Record that this resource is being replaced: its old object may be deleted, under whichever URN that comes.

        The delete of a resource that is renamed with an alias and replaced in one command comes under the old URN.
        """
        with self._lock:
            for id_, owners in self._owners.items():
                if urn in owners:
                    owners.discard(urn)
                    self._replaced[urn] = id_

    def is_replaced(self, urn: str | None, id_: str) -> bool:
        """Tell whether the program makes another object in the place of this one.

        Nothing else deletes an object of a resource that is still declared. Where the resource is renamed with an alias
        too, the delete comes under its old URN.
        """
        with self._lock:
            return urn in self._declared or id_.lower() in self._replaced.values()

    def record_deletion(
        self, urn: str | None, id_: str, name: Name | None = None, *, was_running: bool | None = None
    ) -> None:
        """Record that this process has deleted a resource's object, and whether it ran then, None if unknown."""
        with self._lock:
            self._deleted[id_.lower()] = was_running
            if urn:
                self._deleted_by[urn] = id_.lower()
            if name is not None:
                self._deleted_by[_key(name)] = self._deleted_by[name[1]] = id_.lower()

    def predecessor(self, urn: str | None, name: Name) -> Predecessor | None:
        """Return the object in whose place this resource is created, None if it is a new one.

        The delete comes under the old URN where the resource is renamed with an alias; its name at the service, which
        it has alone, then tells.
        """
        with self._lock:
            known = (
                self._replaced.get(urn or ""),
                self._deleted_by.get(urn or ""),
                self._deleted_by.get(_key(name)),
                # Without a URN nothing else tells that it was moved to another project.
                None if urn else self._deleted_by.get(name[1]),
            )
            id_ = next((id_ for id_ in known if id_ is not None), None)
            return None if id_ is None else Predecessor(id_, self._deleted.get(id_))

    def import_already_done(self, urn: str | None, import_id: str) -> bool:
        """Tell whether an `import_` has been carried out before, so that a replacement that keeps it creates afresh.

        One that was added after the replaced object was deleted is still to be adopted.
        """
        with self._lock:
            return import_id.lower() in self._deleted or (urn or "", import_id.lower()) in self._imported

    def owners(self, id_: str) -> list[str]:
        """Return the declared resources that are about this object."""
        with self._lock:
            return sorted(self._owners[id_.lower()] & self._declared)

    def other_owner(self, urn: str | None, id_: str) -> str | None:
        """Return another declared resource of this program that is about this object."""
        return next((other for other in self.owners(id_) if other != urn), None)

    def owned_elsewhere(self, urn: str | None, id_: str) -> bool:
        """Tell whether a delete must leave the object alone, because another resource has it now."""
        with self._lock:
            if id_.lower() in self._adopted:
                return True
        return self.other_owner(urn, id_) is not None


class Attempts:
    """What earlier calls of this process have done, for a call that the engine repeats or that follows a failure."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failed: set[str | Name] = set()
        self._posted: set[tuple[str, Name]] = set()
        self._created: dict[str, str] = {}
        self._unfinished: dict[str, dict[str, Any]] = {}

    def record_failed_create(self, *ids: str, name: Name | None = None) -> None:
        """Record that a create failed which named these objects, or while it looked up or took this name."""
        with self._lock:
            self._failed.update(id_.lower() for id_ in ids)
            if name is not None:
                self._failed.add(_key(name))

    def create_failed_for(self, id_: str, name: Name) -> bool:
        """Tell whether a delete must fail, because a create failed that may have wanted this very object."""
        with self._lock:
            return not self._failed.isdisjoint({id_.lower(), _key(name)})

    def record_post(self, urn: str | None, name: Name) -> None:
        """Record that this resource is about to create an object of a name that nobody had."""
        with self._lock:
            self._posted.add((urn or "", _key(name)))

    def has_posted(self, urn: str | None, name: Name) -> bool:
        """Tell whether an object of that name may be this resource's own, whose answer was lost in this process."""
        with self._lock:
            return (urn or "", _key(name)) in self._posted

    def record_creation(self, urn: str | None, id_: str) -> None:
        """Record that a create of this process has made an object: a create that is called again goes on with it."""
        if urn:
            with self._lock:
                self._created[urn] = id_

    def created(self, urn: str | None) -> str | None:
        """Return the object that this process has made for a resource, and has not deleted since."""
        with self._lock:
            return self._created.get(urn or "")

    def record_unfinished(self, id_: str, outputs: dict[str, Any] | None) -> None:
        """Record what a failed operation has left of an object, or with None that nothing is unfinished.

        The engine calls the operation again, if an error hook of the user's asks for it, with the outputs of before.
        """
        with self._lock:
            if outputs is None:
                self._unfinished.pop(id_.lower(), None)
            else:
                self._unfinished[id_.lower()] = outputs

    def unfinished(self, id_: str) -> dict[str, Any] | None:
        """Return what a failed operation of this process has left of an object."""
        with self._lock:
            return self._unfinished.get(id_.lower())

    def forget(self, id_: str) -> None:
        """Record that an object is deleted, so that nothing is to be gone on with."""
        with self._lock:
            self._unfinished.pop(id_.lower(), None)
            self._created = {urn: made for urn, made in self._created.items() if made.lower() != id_.lower()}


class NameLocks:
    """Locks that let one create or rename at a time look up and take a name."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[Name, threading.Lock] = defaultdict(threading.Lock)

    @contextmanager
    def hold(self, name: Name) -> Iterator[None]:
        """Hold a name for the time of a block."""
        with self._lock:
            lock = self._locks[_key(name)]
        with lock:
            yield


def _key(name: Name) -> Name:
    return name[0].lower(), name[1]
