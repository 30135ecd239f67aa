"""Property values: between the wire, memory and the state file, with secrets and unknowns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from google.protobuf import json_format, struct_pb2

from .unsupported import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
REFERENCE = "5cf8f73096256a8f31e491e813e4eb8e"

Props = dict[str, Any]
Path = tuple[str | int, ...]


@dataclass(frozen=True, eq=False)
class Secret:
    """A value that must not be shown or stored in plain text."""

    value: Any


def from_wire(struct: struct_pb2.Struct) -> Props:
    """Read the properties of a request or answer."""
    return {key: _decode(value) for key, value in json_format.MessageToDict(struct).items()}


def _decode(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    signature = value.get(SIGNATURE)
    if signature == SECRET:
        return Secret(_decode(value.get("value")))
    if signature == OUTPUT:
        inner = _decode(value["value"]) if "value" in value else UNKNOWN
        return Secret(inner) if value.get("secret") else inner
    if signature not in (None, REFERENCE):
        raise Unsupported("pulumi_dpc.testing does not support assets and archives")
    return {key: _decode(item) for key, item in value.items()}


def to_wire(props: Mapping[str, Any], *, keep_secrets: bool) -> struct_pb2.Struct:
    """Write properties for the program (which keeps secrets) or for the provider host (which does not)."""
    struct = struct_pb2.Struct()
    struct.update({key: _encode(value, keep_secrets=keep_secrets) for key, value in props.items()})
    return struct


def _encode(value: Any, *, keep_secrets: bool) -> Any:
    if isinstance(value, Secret):
        inner = _encode(value.value, keep_secrets=keep_secrets)
        return {SIGNATURE: SECRET, "value": inner} if keep_secrets else inner
    if isinstance(value, list):
        return [_encode(item, keep_secrets=keep_secrets) for item in value]
    if isinstance(value, dict):
        if value.get(SIGNATURE) == REFERENCE and not keep_secrets:
            return value.get("id") or value["urn"]
        return {key: _encode(item, keep_secrets=keep_secrets) for key, item in value.items()}
    return value


def plain(value: Any) -> Any:
    """Return the value with every secret opened."""
    return transform(value, lambda secret: plain(secret.value))


def transform(value: Any, secret: Callable[[Secret], Any]) -> Any:
    """Rebuild a value, with `secret` deciding what stands for each secret."""
    if isinstance(value, Secret):
        return secret(value)
    if isinstance(value, list):
        return [transform(item, secret) for item in value]
    if isinstance(value, dict):
        return {key: transform(item, secret) for key, item in value.items()}
    return value


def _walk(value: Any) -> Iterator[Any]:
    yield value
    for inner in (
        [value.value]
        if isinstance(value, Secret)
        else value
        if isinstance(value, list)
        else value.values()
        if isinstance(value, dict)
        else ()
    ):
        yield from _walk(inner)


def has_unknown(value: Any) -> bool:
    return any(item == UNKNOWN for item in _walk(value) if isinstance(item, str))


def without_unknowns(props: Props) -> Props:
    """Leave out what is unknown, as the engine does outside of previews."""
    return {
        key: without_unknowns(value) if isinstance(value, dict) else value
        for key, value in props.items()
        if isinstance(value, dict) or not has_unknown(value)
    }


def has_secret(value: Any) -> bool:
    return any(isinstance(item, Secret) for item in _walk(value))


def annotate_secrets(outs: Props, ins: Mapping[str, Any]) -> Props:
    """Make secret what the host returned in plain text although it was given as a secret under the same name."""
    marked = dict(outs)
    for key, given in ins.items():
        value = marked.get(key)
        if isinstance(value, dict) and isinstance(given, dict):
            marked[key] = annotate_secrets(value, given)
        elif key in marked and not isinstance(value, Secret) and has_secret(given):
            marked[key] = Secret(value)
    return marked


def equal(old: Any, new: Any) -> bool:
    return not list(changed_paths(old, new))


def changed_paths(old: Any, new: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the paths of the leaves that differ, secrets opened; numbers and truth values are different things."""
    old, new = plain(old), plain(new)
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            if (key in old) != (key in new):
                yield (*path, key)
            else:
                yield from changed_paths(old[key], new[key], (*path, key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            if index >= min(len(old), len(new)):
                yield (*path, index)
            else:
                yield from changed_paths(old[index], new[index], (*path, index))
    elif old != new or isinstance(old, bool) != isinstance(new, bool):
        yield path


_TOKEN = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.\[\]]+)')


def parse_path(text: str) -> Path:
    """Read `a.b[0]["c.d"]` or `*`."""
    return tuple(
        quoted or (int(index) if index.isdigit() else index or name)
        for quoted, index, name in _TOKEN.findall(text)
    )


def covers(pattern: Path, path: Sequence[str | int]) -> bool:
    """Tell whether `pattern` is the path or leads to it; `*` stands for any one part."""
    return len(pattern) <= len(path) and all(p in ("*", q) for p, q in zip(pattern, path, strict=False))


def reset(new: Any, old: Any, path: Path) -> Any:
    """Return `new` with what lies at `path` set back to its value in `old`."""
    if not path:
        return old
    head, rest = path[0], path[1:]
    if isinstance(new, Secret) or isinstance(old, Secret):
        inner = reset(plain(new), plain(old), path)
        return Secret(inner)
    if isinstance(new, dict) and isinstance(old, dict):
        return _reset_mapping(new, old, [*{*new, *old}] if head == "*" else [str(head)], rest)
    if isinstance(new, list) and isinstance(old, list):
        chosen = range(len(new)) if head == "*" else [head]
        return [reset(v, old[i], rest) if i in chosen and i < len(old) else v for i, v in enumerate(new)]
    return new


def _reset_mapping(new: Props, old: Props, keys: Sequence[str], rest: Path) -> Props:
    result = dict(new)
    for key in keys:
        if rest:
            if key in new and key in old:
                result[key] = reset(new[key], old[key], rest)
        elif key in old:
            result[key] = old[key]
        else:
            result.pop(key, None)
    return result
