"""The models: a whole definition, made of those of its sources, targets and secrets, and as a plain mapping.

The classes are frozen dataclasses, so a constructor takes and refuses arguments exactly as Python does and
looks at no value. Their annotations are what pydantic validates the same definition by
(``definition.validate``); it is loaded only then.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from .fields import Input, Model, Text, Uuid, wire_name
from .references import SecretReference
from .rules import engine
from .sources import (
    Db2IbmIConnection,
    Db2IbmISource,
    MySqlConnection,
    MySqlSource,
    OracleConnection,
    OracleSource,
    PostgresConnection,
    PostgresSource,
    Source,
    SqlServerConnection,
    SqlServerSource,
    Table,
)
from .targets import (
    AzureBlobTarget,
    GcsTarget,
    KeyPairAuthentication,
    S3Target,
    SnowflakeConnection,
    SnowflakeTarget,
    Target,
)

__all__ = [
    "AzureBlobTarget",
    "Db2IbmIConnection",
    "Db2IbmISource",
    "GcsTarget",
    "KeyPairAuthentication",
    "MySqlConnection",
    "MySqlSource",
    "OracleConnection",
    "OracleSource",
    "PipelineDefinition",
    "PostgresConnection",
    "PostgresSource",
    "S3Target",
    "SecretReference",
    "SnowflakeConnection",
    "SnowflakeTarget",
    "Source",
    "SqlServerConnection",
    "SqlServerSource",
    "Table",
    "Target",
    "to_mapping",
]


@dataclass(frozen=True, kw_only=True)
class PipelineDefinition(Model):
    """The definition of a whole streaming pipeline."""

    name: Input[Text]
    """The pipeline's name. This package takes care that a project has one pipeline of a name.

    Required. Source: Matillion's API reference.
    """
    agent_id: Input[Uuid]
    """The id of the streaming agent that runs the pipeline, a UUID in any case. One agent runs one pipeline.

    Required. Source: Matillion's API reference.
    """
    streaming_source: Input[Source]
    """The database, and the tables to capture: a model such as `PostgresSource`, or a mapping.

    Required. Source: Matillion's API reference.
    """
    streaming_target: Input[Target]
    """Where the changes are written: a model such as `SnowflakeTarget`, or a mapping.

    Required. Source: Matillion's API reference.
    """
    advanced_properties: Input[Mapping[str, Any]] | None = None
    """Free properties of the engine, such as ``{"max.batch.size": 10000}``; keys and values stay as they are.

    Default: none are set. Source: Matillion's API reference.
    """


def to_mapping(value: Any) -> Any:
    """Return a value with every model in it, at any depth, as a plain mapping in the API's spelling.

    Absent fields (None) are left out. An Output stays one, and what it brings is turned in the same way.
    """
    if isinstance(value, Model):
        return to_mapping({wire_name(f.name): getattr(value, f.name) for f in fields(value)})  # type: ignore[arg-type]
    if isinstance(value, Mapping):
        return {key: to_mapping(member) for key, member in value.items() if member is not None}
    if isinstance(value, list | tuple):
        return [to_mapping(member) for member in value]
    pulumi = engine()
    if pulumi and (isinstance(value, pulumi.Output) or inspect.isawaitable(value)):
        return pulumi.Output.from_input(value).apply(to_mapping)
    return value
