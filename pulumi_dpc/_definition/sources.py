"""The sources of a pipeline: each database, how it is reached, and which of its tables are captured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import MinLen

from .fields import Input, Model, ModelInput, Port, Text, mappings
from .references import SecretReference
from .rules import ByType


@dataclass(frozen=True)
class Table(Model):
    """One table to stream; for MySQL the schema is the database."""

    schema: Input[Text]
    table: Input[Text]


Tables = Annotated[Sequence[ModelInput[Table, mappings.TableDict]], MinLen(1)]


@dataclass(frozen=True, kw_only=True)
class _DatabaseConnection(Model):
    """How a database is reached; without this docstring `dataclass` would work one out, slowly, from the signature."""

    host: Input[Text]
    port: Input[Port]
    username: Input[Text]
    password: ModelInput[SecretReference, mappings.SecretReferenceDict]
    jdbc_properties: Input[Mapping[str, Any]] | None = None


@dataclass(frozen=True, kw_only=True)
class PostgresConnection(_DatabaseConnection):
    """The connection to a PostgreSQL database."""

    database: Input[Text]


@dataclass(frozen=True, kw_only=True)
class SqlServerConnection(_DatabaseConnection):
    """The connection to a Microsoft SQL Server database."""

    database: Input[Text]


@dataclass(frozen=True, kw_only=True)
class MySqlConnection(_DatabaseConnection):
    """The connection to a MySQL server."""


@dataclass(frozen=True, kw_only=True)
class OracleConnection(_DatabaseConnection):
    """The connection to an Oracle database: the container database, and the pluggable one if there is one."""

    database: Input[Text]
    pdb: Input[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Db2IbmIConnection(_DatabaseConnection):
    """The connection to Db2 for IBM i."""


@dataclass(frozen=True, kw_only=True)
class PostgresSource(Model):
    """Tables of a PostgreSQL database."""

    type: Literal["postgres"] = "postgres"
    connection: ModelInput[PostgresConnection, mappings.PostgresConnectionDict]
    tables: Input[Tables]


@dataclass(frozen=True, kw_only=True)
class SqlServerSource(Model):
    """Tables of a Microsoft SQL Server database."""

    type: Literal["sqlserver"] = "sqlserver"
    connection: ModelInput[SqlServerConnection, mappings.SqlServerConnectionDict]
    tables: Input[Tables]


@dataclass(frozen=True, kw_only=True)
class MySqlSource(Model):
    """Tables of a MySQL server."""

    type: Literal["mysql"] = "mysql"
    connection: ModelInput[MySqlConnection, mappings.MySqlConnectionDict]
    tables: Input[Tables]


@dataclass(frozen=True, kw_only=True)
class OracleSource(Model):
    """Tables of an Oracle database."""

    type: Literal["oracle"] = "oracle"
    connection: ModelInput[OracleConnection, mappings.OracleConnectionDict]
    tables: Input[Tables]


@dataclass(frozen=True, kw_only=True)
class Db2IbmISource(Model):
    """Tables of Db2 for IBM i."""

    type: Literal["db2ibmi"] = "db2ibmi"
    connection: ModelInput[Db2IbmIConnection, mappings.Db2IbmIConnectionDict]
    tables: Input[Tables]


if TYPE_CHECKING:
    Source = (
        PostgresSource
        | SqlServerSource
        | MySqlSource
        | OracleSource
        | Db2IbmISource
        | mappings.SourceDict
        | Mapping[str, Any]
    )
else:
    Source = Annotated[
        PostgresSource | SqlServerSource | MySqlSource | OracleSource | Db2IbmISource | Mapping[str, Any],
        ByType(),
    ]
