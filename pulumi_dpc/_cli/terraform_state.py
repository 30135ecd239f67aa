"""What Terraform's state says of the vendor's provider: which agents and pipelines it has, and at which addresses.

Terraform and OpenTofu write the same format, version 4, since Terraform 0.12. Only ids are taken from it: what a
pipeline is, its service says, because the state holds what Terraform knows of it and not what was changed since.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi_dpc.errors import ConfigurationError

from .words import readable

PIPELINE, AGENT = "matillion-streaming_pipeline", "matillion-streaming_agent"
"""The types of the vendor's provider that have resources here."""
STANDARD_INPUT = "-"

_PREFIX = "matillion-streaming_"
_VERSION = 4
_MODULE = re.compile(r'module\.([^.\[]+)(?:\[(?:(\d+)|"((?:[^"\\]|\\.)*)")\])?(?:\.|$)')
_MOST_TYPES = 10
_PULL = "`terraform state pull > state.json`"


@dataclass(frozen=True)
class Held:
    """One agent or pipeline that Terraform manages.

    Attributes:
        address: As Terraform's commands take it.
        label: Its modules, name and key, which name it in a program.
        id: The service's id of it.
        project_id: The project of a pipeline; empty for an agent.
    """

    address: str
    label: str
    id: str
    project_id: str = ""


@dataclass(frozen=True)
class TerraformState:
    """What a state has of the vendor's provider.

    Attributes:
        name: What the state is called in messages.
        pipelines: In the order of the state.
        agents: In the order of the state.
        others: The addresses of what has no resource here, such as data sources.
    """

    name: str
    pipelines: list[Held] = field(default_factory=list)
    agents: list[Held] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


def read_state(file: Path) -> TerraformState:
    """Return what a state says.

    Args:
        file: Where it is; ``-`` is the standard input.

    Raises:
        ConfigurationError: It cannot be read, is no state of version 4, or has nothing of the vendor's provider.
    """
    name = "the standard input" if str(file) == STANDARD_INPUT else str(file)
    found, types = TerraformState(name), set()
    for position, resource in enumerate(_resources(name, _document(name, file))):
        try:
            types.add(resource["type"])
            if resource["type"].startswith(_PREFIX):
                _take(found, resource)
        except (TypeError, KeyError, AttributeError, ValueError, OverflowError):
            raise ConfigurationError(
                f"{name}: is no whole Terraform state: its resources[{position}] is not what Terraform writes"
            ) from None
    if not found.pipelines and not found.agents:
        shown = ", ".join(found.others[:_MOST_TYPES])
        if shown:
            raise ConfigurationError(f"{name}: has nothing that can move to Pulumi, only {shown}")
        shown = ", ".join(sorted(map(str, types))[:_MOST_TYPES])
        raise ConfigurationError(
            f"{name}: has no {PIPELINE} and no {AGENT}; it has {shown or 'no resources at all'}"
        )
    return found


def forget_command(address: str) -> str:
    """Return the line for a shell that takes one object out of Terraform's state and leaves it alone."""
    quoted = address.replace("'", "'\"'\"'")
    return f"terraform state rm '{quoted}'"


def _document(name: str, file: Path) -> Any:
    try:
        content = sys.stdin.buffer.read() if str(file) == STANDARD_INPUT else file.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{name}: cannot be read: {error.strerror}") from None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise ConfigurationError(f"{name}: is no Terraform state, because it is not JSON") from None


def _resources(name: str, document: Any) -> list[Any]:
    """Return the resources of a state, or say why it is none that can be read."""
    if not isinstance(document, Mapping):
        raise ConfigurationError(f"{name}: is no Terraform state")
    if "encrypted_data" in document:
        raise ConfigurationError(
            f"{name}: is encrypted: let OpenTofu write it in plain text with `tofu state pull > state.json`"
        )
    if isinstance(document.get("backend"), Mapping):
        kind = str(document["backend"].get("type"))
        raise ConfigurationError(
            f"{name}: only says that the state is remote ({kind}): write it to a file with {_PULL}"
        )
    if "format_version" in document:
        raise ConfigurationError(
            f"{name}: is what `terraform show -json` prints, and no state: write that with {_PULL}"
        )
    version = document.get("version")
    if not isinstance(version, int):
        raise ConfigurationError(f"{name}: is no Terraform state: it has no version")
    if version != _VERSION:
        raise ConfigurationError(
            f"{name}: is a Terraform state of version {version}, and only version {_VERSION} can be read: write it"
            f" anew with {_PULL} of Terraform 0.12 or newer"
        )
    resources = document.get("resources")
    if not isinstance(resources, list):
        raise ConfigurationError(f"{name}: is no whole Terraform state: it has no list of resources")
    return resources


def _take(found: TerraformState, resource: Mapping[str, Any]) -> None:
    """Add the objects of one resource block.

    Raises:
        ValueError: It is not as Terraform writes it.
    """
    type_, module, is_managed = resource["type"], resource.get("module", ""), resource["mode"] == "managed"
    for instance in resource["instances"]:
        key, mode = instance.get("index_key"), "" if is_managed else "data."
        address = readable(f"{module}{'.' * bool(module)}{mode}{type_}.{resource['name']}{_index(key)}")
        if not is_managed or type_ not in (PIPELINE, AGENT):
            found.others.append(address)
        elif instance.get("deposed"):
            # Terraform has replaced it and is about to delete it.
            found.others.append(f"{address} (deposed object {instance['deposed']})")
        else:
            label = "-".join([*_module_words(module), resource["name"], *([] if key is None else [str(key)])])
            _add(found, type_, address, label, instance["attributes"])


def _add(found: TerraformState, type_: str, address: str, label: str, attributes: Mapping[str, Any]) -> None:
    if type_ == AGENT:
        found.agents.append(Held(address, label, _id(attributes["agent_id"])))
    else:
        ids = _id(attributes["pipeline_id"]), _id(attributes["project_id"])
        found.pipelines.append(Held(address, label, *ids))


def _id(value: Any) -> str:
    if not isinstance(value, str) or not value.strip("."):
        raise ValueError(value)
    return value


def _module_words(module: str) -> Iterator[str]:
    """Yield the names of modules and their keys, from the outermost.

    Raises:
        ValueError: It is no address of a module.
    """
    end = 0
    while end < len(module):
        found = _MODULE.match(module, end)
        if found is None:
            raise ValueError(module)
        yield from (word for word in found.groups() if word is not None)
        end = found.end()


def _index(key: Any) -> str:
    """Return the key of ``count`` or ``for_each`` as it stands in an address, quoted as HCL does.

    Raises:
        ValueError: It is neither a whole number nor a text.
    """
    if key is None:
        return ""
    if isinstance(key, str):
        return f'["{"".join(_quoted(key, position) for position in range(len(key)))}"]'
    if isinstance(key, bool) or int(key) != key:
        raise ValueError(key)
    return f"[{int(key)}]"


def _quoted(text: str, position: int) -> str:
    one = text[position]
    if one in '"\\':
        return "\\" + one
    if one in "$%" and text[position + 1 : position + 2] == "{":
        return one * 2  # else it would begin a template
    if one in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[one]
    code = ord(one)
    return one if one.isprintable() else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004
