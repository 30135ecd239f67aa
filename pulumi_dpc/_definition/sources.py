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
    """The schema of the table; for MySQL the database.

    Required. Source: Matillion's API reference.
    """
    table: Input[Text]
    """The table's name.

    Required. Source: Matillion's API reference.
    """


Tables = Annotated[Sequence[ModelInput[Table, mappings.TableDict]], MinLen(1)]


@dataclass(frozen=True, kw_only=True)
class _DatabaseConnection(Model):
    """How a database is reached; without this docstring `dataclass` would work one out, slowly, from the signature."""

    host: Input[Text]
    """The database server's host name or address, as the agent reaches it; not looked up when a pipeline is
    created.

    Required. Source: Matillion's API reference.
    """
    port: Input[Port]
    """The port that the database listens on, a whole number from 1 to 65535. Usual are 5432 for PostgreSQL, 1433
    for SQL Server, 3306 for MySQL, 1521 for Oracle and 8471 for Db2 for IBM i.

    Required. Source: Matillion's API reference.
    """
    username: Input[Text]
    """The user that the agent signs in as.

    Required. Source: Matillion's API reference.
    """
    password: ModelInput[SecretReference, mappings.SecretReferenceDict]
    """Where the agent finds the user's password.

    Required. Source: Matillion's API reference.
    """
    jdbc_properties: Input[Mapping[str, Any]] | None = None
    """Properties for the JDBC driver, such as ``{"ssl": "require"}``; the keys are the driver's, and stay as they
    are.

    Default: none are set. Source: Matillion's API reference.
    """


@dataclass(frozen=True, kw_only=True)
class PostgresConnection(_DatabaseConnection):
    """The connection to a PostgreSQL database."""

    database: Input[Text]
    """The database to capture; PostgreSQL 12 to 16.

    Required. Source: Matillion's Terraform provider.
    """


@dataclass(frozen=True, kw_only=True)
class SqlServerConnection(_DatabaseConnection):
    """The connection to a Microsoft SQL Server database."""

    database: Input[Text]
    """The database to capture, with change data capture switched on in it and in its tables.

    Required. Source: Matillion's Terraform provider.
    """


@dataclass(frozen=True, kw_only=True)
class MySqlConnection(_DatabaseConnection):
    """The connection to a MySQL server."""


@dataclass(frozen=True, kw_only=True)
class OracleConnection(_DatabaseConnection):
    """The connection to an Oracle database: the container database, and the pluggable one if there is one."""

    database: Input[Text]
    """The name of the container database (CDB).

    Required. Source: Matillion's Terraform provider.
    """
    pdb: Input[str] | None = None
    """The pluggable database (PDB) in it; names with special characters are not supported.

    Default: left out, for a database without one. Source: Matillion's Terraform provider, and Matillion's pages on
    its earlier product for change data capture.
    """


@dataclass(frozen=True, kw_only=True)
class Db2IbmIConnection(_DatabaseConnection):
    """The connection to Db2 for IBM i."""


@dataclass(frozen=True, kw_only=True)
class PostgresSource(Model):
    """Tables of a PostgreSQL database."""

    type: Literal["postgres"] = "postgres"
    """The kind of source in the API, always ``postgres``.

    Default: ``postgres``, which no program has to say. Source: Matillion's Terraform provider.
    """
    connection: ModelInput[PostgresConnection, mappings.PostgresConnectionDict]
    """How the agent reaches the database.

    Required. Source: Matillion's API reference.
    """
    tables: Input[Tables]
    """The tables to capture, one or more; their order means nothing, and none may stand twice.

    Required. Source: Matillion's API reference.
    """


@dataclass(frozen=True, kw_only=True)
class SqlServerSource(Model):
    """Tables of a Microsoft SQL Server database."""

    type: Literal["sqlserver"] = "sqlserver"
    """The kind of source in the API, always ``sqlserver``.

    Default: ``sqlserver``, which no program has to say. Source: Matillion's Terraform provider.
    """
    connection: ModelInput[SqlServerConnection, mappings.SqlServerConnectionDict]
    """How the agent reaches the database.

    Required. Source: Matillion's API reference.
    """
    tables: Input[Tables]
    """The tables to capture, one or more; their order means nothing, and none may stand twice.

    Required. Source: Matillion's API reference.
    """


@dataclass(frozen=True, kw_only=True)
class MySqlSource(Model):
    """Tables of a MySQL server."""

    type: Literal["mysql"] = "mysql"
    """The kind of source in the API, always ``mysql``.

    Default: ``mysql``, which no program has to say. Source: Matillion's Terraform provider.
    """
    connection: ModelInput[MySqlConnection, mappings.MySqlConnectionDict]
    """How the agent reaches the database.

    Required. Source: Matillion's API reference.
    """
    tables: Input[Tables]
    """The tables to capture, one or more; their order means nothing, and none may stand twice.

    Required. Source: Matillion's API reference.
    """


@dataclass(frozen=True, kw_only=True)
class OracleSource(Model):
    """Tables of an Oracle database."""

    type: Literal["oracle"] = "oracle"
    """The kind of source in the API, always ``oracle``.

    Default: ``oracle``, which no program has to say. Source: Matillion's Terraform provider.
    """
    connection: ModelInput[OracleConnection, mappings.OracleConnectionDict]
    """How the agent reaches the database.

    Required. Source: Matillion's API reference.
    """
    tables: Input[Tables]
    """The tables to capture, one or more; their order means nothing, and none may stand twice.

    Required. Source: Matillion's API reference.
    """


@dataclass(frozen=True, kw_only=True)
class Db2IbmISource(Model):
    """Tables of Db2 for IBM i."""

    type: Literal["db2ibmi"] = "db2ibmi"
    """The kind of source in the API, always ``db2ibmi``.

    Default: ``db2ibmi``, which no program has to say. Source: Matillion's API reference.
    """
    connection: ModelInput[Db2IbmIConnection, mappings.Db2IbmIConnectionDict]
    """How the agent reaches the database.

    Required. Source: Matillion's API reference.
    """
    tables: Input[Tables]
    """The tables to capture, one or more; their order means nothing, and none may stand twice.

    Required. Source: Matillion's API reference.
    """


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
