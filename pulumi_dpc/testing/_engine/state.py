"""What a deployment remembers: resource states, the snapshot that changes step by step, and the file it is kept in."""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
import secrets
import threading
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .values import SECRET, SIGNATURE, Props, Secret, transform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def _stored(name: str, factory: Callable[[], Any]) -> Any:
    return field(default_factory=factory, metadata={"json": name})


@dataclass(eq=False)
class State:
    """One resource; the names in the state file stand beside the fields."""

    urn: str = _stored("urn", str)
    custom: bool = _stored("custom", bool)
    delete: bool = _stored("delete", bool)
    id: str = _stored("id", str)
    type: str = _stored("type", str)
    inputs: Props = _stored("inputs", dict)
    outputs: Props = _stored("outputs", dict)
    parent: str = _stored("parent", str)
    protect: bool = _stored("protect", bool)
    external: bool = _stored("external", bool)
    dependencies: list[str] = _stored("dependencies", list)
    init_errors: list[str] = _stored("initErrors", list)
    provider: str = _stored("provider", str)
    property_dependencies: dict[str, list[str]] = _stored("propertyDependencies", dict)
    pending_replacement: bool = _stored("pendingReplacement", bool)
    additional_secret_outputs: list[str] = _stored("additionalSecretOutputs", list)
    custom_timeouts: dict[str, float] = _stored("customTimeouts", dict)
    retain_on_delete: bool = _stored("retainOnDelete", bool)
    deleted_with: str = _stored("deletedWith", str)
    ignore_changes: list[str] = _stored("ignoreChanges", list)
    replace_on_changes: list[str] = _stored("replaceOnChanges", list)
    resource_hooks: dict[str, list[str]] = _stored("resourceHooks", dict)

    @property
    def name(self) -> str:
        return self.urn.split("::", 3)[3]

    @property
    def is_provider(self) -> bool:
        return self.type.startswith("pulumi:providers:")

    def copy(self, **changes: Any) -> State:
        new = copy.copy(self)
        for name, value in changes.items():
            setattr(new, name, value)
        return new

    def needs(self) -> set[str]:
        """The urns that must be there before this resource and go after it."""
        provider = self.provider.rpartition("::")[0]
        properties = {urn for urns in self.property_dependencies.values() for urn in urns}
        return {*self.dependencies, *properties, self.parent, provider, self.deleted_with} - {""}

    def to_json(self, encrypt: Callable[[Secret], Any]) -> dict[str, Any]:
        stored = {"urn": self.urn, "custom": self.custom}
        for f in fields(self):
            value = getattr(self, f.name)
            if value:
                stored[f.metadata["json"]] = transform(value, encrypt)
        return stored

    @classmethod
    def from_json(cls, stored: dict[str, Any], decrypt: Callable[[dict[str, Any]], Secret]) -> State:
        names = {f.metadata["json"]: f.name for f in fields(cls)}
        known = {names[k]: _open(v, decrypt) for k, v in stored.items() if k in names}
        return cls(**known)


def _open(value: Any, decrypt: Callable[[dict[str, Any]], Secret]) -> Any:
    if isinstance(value, list):
        return [_open(item, decrypt) for item in value]
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return decrypt(value)
        return {key: _open(item, decrypt) for key, item in value.items()}
    return value


def _shown(secret: Secret) -> dict[str, Any]:
    opened = transform(secret.value, lambda inner: inner.value)
    return {SIGNATURE: SECRET, "plaintext": json.dumps(opened)}


class Vault:
    """Keeps secrets unreadable in the state file. A test double: a keyed XOR stream, not cryptography to rely on."""

    def __init__(self, key_file: Path) -> None:
        if not key_file.exists():
            key_file.write_bytes(secrets.token_bytes(32))
        self._key = key_file.read_bytes()

    def encrypt(self, secret: Secret) -> dict[str, Any]:
        text = json.dumps(transform(secret.value, lambda inner: inner.value)).encode()
        nonce = hmac.digest(self._key, text, hashlib.sha256)[:12]
        return {SIGNATURE: SECRET, "ciphertext": f"v1:{nonce.hex()}:{self._stream(nonce, text).hex()}"}

    def decrypt(self, stored: dict[str, Any]) -> Secret:
        if "plaintext" in stored:  # `pulumi stack export --show-secrets`
            return Secret(json.loads(stored["plaintext"]))
        _, nonce, body = stored["ciphertext"].split(":")
        return Secret(json.loads(self._stream(bytes.fromhex(nonce), bytes.fromhex(body))))

    def _stream(self, nonce: bytes, data: bytes) -> bytes:
        blocks = range(len(data) // 32 + 1)
        pad = b"".join(hmac.digest(self._key, nonce + n.to_bytes(4, "big"), hashlib.sha256) for n in blocks)
        return bytes(a ^ b for a, b in zip(data, pad, strict=False))


@dataclass(eq=False)
class Operation:
    """Something under way; left behind by a kill."""

    resource: State
    type: str


class Snapshot:
    """The resources while a command runs: what the steps have made so far, then what they have not yet touched.

    The rules are those of the real engine's snapshot manager. After `freeze` nothing changes any more: that is what a
    killed engine leaves behind.
    """

    def __init__(self, base: Iterable[State], pending: Iterable[Operation] = ()) -> None:
        self._lock = threading.RLock()
        self.base = list(base)
        self._new: list[State] = []
        self._done: set[State] = set()
        # Only pending creates survive the next command: nobody but the user can tell what became of them.
        self._left = [operation for operation in pending if operation.type == "creating"]
        self._pending: list[Operation] = []
        self._frozen = False

    def freeze(self) -> None:
        with self._lock:
            self._frozen = True

    @property
    def frozen(self) -> bool:
        return self._frozen

    def begin(self, state: State, operation: str) -> None:
        with self._lock:
            if not self._frozen:
                self._pending.append(Operation(state, operation))

    def end(self, state: State, *, new: State | None = None, done: State | None = None) -> None:
        """Finish the operation on `state`; on success `new` comes in and `done` goes out."""
        with self._lock:
            if self._frozen:
                return
            self._pending = [operation for operation in self._pending if operation.resource is not state]
            if done is not None:
                self._done.add(done)
            if new is not None:
                self._new.append(new)

    def rebase(self, base: Iterable[State]) -> None:
        """Replace what no step has touched (after a refresh)."""
        with self._lock:
            if not self._frozen:
                self.base = list(base)

    @property
    def resources(self) -> list[State]:
        with self._lock:
            return [state for state in [*self._new, *self.base] if state not in self._done]

    @property
    def pending(self) -> list[Operation]:
        with self._lock:
            return [*self._pending, *self._left]


def following(resources: Iterable[State], aliased: Mapping[str, str]) -> list[State]:
    """Let states that still name a renamed resource by its old urn name it by the new one."""
    if not aliased:
        return list(resources)

    def follow(urns: Iterable[str]) -> list[str]:
        return [aliased.get(urn, urn) for urn in urns]

    def provider(reference: str) -> str:
        urn, _, identity = reference.rpartition("::")
        return f"{aliased.get(urn, urn)}::{identity}" if reference else ""

    return [
        state.copy(
            parent=aliased.get(state.parent, state.parent),
            provider=provider(state.provider),
            deleted_with=aliased.get(state.deleted_with, state.deleted_with),
            dependencies=follow(state.dependencies),
            property_dependencies={k: follow(v) for k, v in state.property_dependencies.items()},
        )
        for state in resources
    ]


class StateFile:
    """A deployment on disk, in the shape of `pulumi stack export`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._vault = Vault(path.with_suffix(".key"))

    def encrypt(self, secret: Secret) -> dict[str, Any]:
        return self._vault.encrypt(secret)

    def decrypt(self, stored: dict[str, Any]) -> Secret:
        return self._vault.decrypt(stored)

    def load(self) -> tuple[list[State], list[Operation]]:
        if not self.path.exists():
            return [], []
        return self.parse(json.loads(self.path.read_text()))

    def parse(self, document: Mapping[str, Any]) -> tuple[list[State], list[Operation]]:
        deployment = document["deployment"]
        read = self._vault.decrypt
        states = [State.from_json(stored, read) for stored in deployment.get("resources", [])]
        pending = [
            Operation(State.from_json(stored["resource"], read), stored["type"])
            for stored in deployment.get("pending_operations", [])
        ]
        return states, pending

    def shown(self, resources: Iterable[State]) -> list[dict[str, Any]]:
        """Return resources as an export with `--show-secrets` does."""
        return [state.to_json(_shown) for state in resources]

    def document(self, resources: Iterable[State], pending: Iterable[Operation]) -> dict[str, Any]:
        hide = self._vault.encrypt
        deployment: dict[str, Any] = {"manifest": {"version": "test-engine"}, "metadata": {}}
        deployment["resources"] = [state.to_json(hide) for state in resources]
        operations = [{"resource": op.resource.to_json(hide), "type": op.type} for op in pending]
        return {
            "version": 3,
            "deployment": deployment | ({"pending_operations": operations} if operations else {}),
        }

    def save(self, resources: Iterable[State], pending: Iterable[Operation]) -> None:
        self.path.write_text(json.dumps(self.document(resources, pending), indent=1))
