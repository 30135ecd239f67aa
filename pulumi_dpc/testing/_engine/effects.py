"""What the steps do: the provider's RPCs and their traces in the snapshot."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, TypeVar

from .hooks import ErrorHooks, Failed, with_retries
from .host import Host, InitFailed, ProviderError, Read
from .mocks import MockHost, Mocks
from .providers import PACKAGE, PROVIDER_TYPE
from .steps import resolve
from .unsupported import Unsupported
from .values import UNKNOWN, Secret, changed_paths, has_unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from .providers import Providers
    from .state import Snapshot, State


T = TypeVar("T")


class Protected(ProviderError):
    """A protected resource was to be deleted; all such refusals of a command are reported."""


class Effects:
    """Carries out one step at a time; in a preview it only fills in what would come out."""

    def __init__(
        self,
        snapshot: Snapshot,
        providers: Providers,
        hooks: ErrorHooks,
        mocks: Mocks,
        *,
        dry_run: bool,
        warn: Callable[[str, str], None],
    ) -> None:
        self._snapshot, self._providers, self._dry_run, self._warn = snapshot, providers, dry_run, warn
        self._hooks, self._others = hooks, MockHost(mocks)
        self.news: dict[str, State] = {}

    def host(self, state: State) -> Host | MockHost | None:
        """Return the host that serves a resource; components and providers have none."""
        if not state.custom or state.is_provider:
            return None
        if not state.type.startswith(f"{PACKAGE}:"):
            return self._others
        return self._providers.ensure(state.provider, self._snapshot.base)

    def _serve(self, provider: State) -> None:
        if provider.type == PROVIDER_TYPE:
            self._providers.serve(f"{provider.urn}::{provider.id}", provider.inputs)

    def _finish(self, new: State) -> None:
        _mark_secrets(new)
        self.news[new.urn] = new

    def same(self, new: State, old: State) -> None:
        new.id, new.outputs = old.id, old.outputs
        if new.is_provider:
            self._serve(new)
        self._finish(new)
        self._snapshot.end(new, new=new, done=old)

    def create(self, new: State, old: State | None, *, pend_delete: bool) -> None:
        self._snapshot.begin(new, "creating")
        done = old if old is not None and old.pending_replacement else None
        try:
            self._do_create(new)
        except InitFailed as failed:
            new.id, new.outputs, new.init_errors = failed.id, failed.outputs, failed.reasons
            self._created(new, old if pend_delete else None, done)
            raise
        except (ProviderError, Unsupported):
            self._snapshot.end(new)
            raise
        self._created(new, old if pend_delete else None, done)

    def _created(self, new: State, replaced: State | None, done: State | None) -> None:
        if replaced is not None and not self._snapshot.frozen:
            replaced.delete = True
        self._finish(new)
        self._snapshot.end(new, new=new, done=done)

    def _do_create(self, new: State) -> None:
        host = self.host(new)
        if new.is_provider:
            new.id = UNKNOWN if self._dry_run else str(uuid.uuid4())
            new.outputs = dict(new.inputs)
            self._serve(new)
        elif host is None:
            pass
        elif self._dry_run:
            new.outputs = dict(new.inputs) if host.known else {}
        else:
            failed = Failed("create", new, new=new)
            new.id, new.outputs = self._with_retries(failed, lambda: host.create(new))

    def update(self, new: State, old: State) -> None:
        new.id = old.id
        self._snapshot.begin(new, "updating")
        try:
            self._do_update(new, old)
        except InitFailed as failed:
            new.outputs, new.init_errors = failed.outputs, failed.reasons
            self._finish(new)
            self._snapshot.end(new, new=new, done=old)
            raise
        except (ProviderError, Unsupported):
            self._snapshot.end(new)
            raise
        self._finish(new)
        self._snapshot.end(new, new=new, done=old)

    def _do_update(self, new: State, old: State) -> None:
        host = self.host(new)
        if new.is_provider:
            new.outputs = dict(new.inputs)
            self._serve(new)
        elif host is None:
            new.outputs = old.outputs
        elif self._dry_run:
            new.outputs = dict(new.inputs) if host.known else {}
        else:
            failed = Failed("update", new, new=new, old=old)
            new.outputs = self._with_retries(failed, lambda: host.update(new, old))

    def _with_retries(self, failed: Failed, operation: Callable[[], T]) -> T:
        """Carry out an operation, again and again if a hook of the program asks for it.

        What an earlier try has called initialization errors stays with the resource, as in the real engine.
        """

        def attempt() -> T:
            try:
                return operation()
            except InitFailed as error:
                failed.subject.init_errors = error.reasons
                raise

        return with_retries(self._hooks, failed, attempt, self._warn)

    def read(self, new: State, old: State | None, replacing: bool) -> None:
        if has_unknown(new.id):
            new.outputs = {}
        else:
            self._do_read(new)
        if replacing and old is not None:
            old.delete = True
        self._finish(new)
        self._snapshot.end(new, new=new, done=old)
        if new.init_errors:
            raise ProviderError("\n".join(new.init_errors))

    def _do_read(self, new: State) -> None:
        host = self.host(new)
        assert host is not None
        self._snapshot.begin(new, "reading")
        try:
            found = host.read(new, new.inputs)
        except (ProviderError, Unsupported):
            self._snapshot.end(new)
            raise
        new.id, new.outputs, new.init_errors = found.id or new.id, found.outputs, list(found.reasons)

    def delete(self, old: State, *, replacing: bool, early: bool, gone: Container[str]) -> None:
        """Delete; `gone` are the urns whose deletion takes along what is `deletedWith` them."""
        if old.protect and not replacing:
            raise Protected(
                f'resource "{old.urn}" cannot be deleted\nbecause it is protected. To unprotect the resource, '
                "either remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`, "
                f"or use the command:\n`pulumi state unprotect '{old.urn}'`"
            )
        self._snapshot.begin(old, "deleting")
        host = self.host(old)
        kept = old.external or old.retain_on_delete or old.deleted_with in gone
        if host is not None and not kept and not self._dry_run:
            try:
                self._with_retries(Failed("delete", old, old=old), lambda: host.delete(old))
            except ProviderError:
                self._snapshot.end(old)
                raise
        if early and not self._snapshot.frozen:
            old.pending_replacement = True
        self._snapshot.end(old, done=None if old.pending_replacement else old)

    def forget(self, state: State) -> None:
        """Drop what had been deleted to be replaced and is not wanted any more."""
        self._snapshot.end(state, done=state)

    def refreshed(self, old: State) -> tuple[State | None, str, frozenset[str]]:
        """Read a resource; return its new state, or None, what a refresh says of it, and the keys that differ."""
        host = self.host(old)
        if host is None or old.pending_replacement:
            return old, "same", frozenset()
        read = host.read(old, old.outputs)
        if read.reasons:
            text = "\n* ".join(["Refreshed resource is in an unhealthy state:", *read.reasons])
            self._warn(old.urn, text)
        if not read.id:
            return None, "delete", frozenset()
        new = self._as_read(old, read)
        if old.external:
            same = not any(changed_paths(old.outputs, new.outputs))
            return new, "same" if same else "update", frozenset()
        diff = resolve(host.diff(new, new, old.inputs), new.inputs, old.inputs, old.ignore_changes)
        return new, "update" if diff.changes else "same", diff.keys

    def _as_read(self, old: State, read: Read) -> State:
        inputs = old.inputs if read.inputs is None else read.inputs
        new = old.copy(id=read.id, inputs=inputs, outputs=read.outputs, init_errors=list(read.reasons))
        _mark_secrets(new)
        return new


def _mark_secrets(state: State) -> None:
    for key, value in state.outputs.items():
        secret = key in state.additional_secret_outputs or isinstance(state.inputs.get(key), Secret)
        if secret and not isinstance(value, Secret):
            state.outputs[key] = Secret(value)
