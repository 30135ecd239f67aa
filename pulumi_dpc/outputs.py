"""What the outputs of a pipeline hold, as types: written by `make tables` from the models.

Each is a mapping in the API's spelling, in which fields that are not set are absent. A source or a target of a newer
kind than this package knows is a mapping too, with whatever keys the service gives it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

if TYPE_CHECKING:
    from typing_extensions import NotRequired


class SecretReference(TypedDict):
    """The name of a secret that the pipeline's agent reads from its vault; the API never sees the secret itself."""

    secretType: Literal["AWS_SECRETS_MANAGER", "AZURE_KEY_VAULT", "GOOGLE_SECRET_MANAGER"]
    secretName: str
    secretKey: NotRequired[str]
    secretLocation: NotRequired[str]


class Table(TypedDict):
    """One table to stream; for MySQL the schema is the database."""

    schema: str
    table: str


class PostgresConnection(TypedDict):
    """The connection to a PostgreSQL database."""

    host: str
    port: int
    username: str
    password: SecretReference
    jdbcProperties: NotRequired[Mapping[str, Any]]
    database: str


class SqlServerConnection(TypedDict):
    """The connection to a Microsoft SQL Server database."""

    host: str
    port: int
    username: str
    password: SecretReference
    jdbcProperties: NotRequired[Mapping[str, Any]]
    database: str


class MySqlConnection(TypedDict):
    """The connection to a MySQL server."""

    host: str
    port: int
    username: str
    password: SecretReference
    jdbcProperties: NotRequired[Mapping[str, Any]]


class OracleConnection(TypedDict):
    """The connection to an Oracle database: the container database, and the pluggable one if there is one."""

    host: str
    port: int
    username: str
    password: SecretReference
    jdbcProperties: NotRequired[Mapping[str, Any]]
    database: str
    pdb: NotRequired[str]


class Db2IbmIConnection(TypedDict):
    """The connection to Db2 for IBM i."""

    host: str
    port: int
    username: str
    password: SecretReference
    jdbcProperties: NotRequired[Mapping[str, Any]]


class PostgresSource(TypedDict):
    """Tables of a PostgreSQL database."""

    type: Literal["postgres"]
    connection: PostgresConnection
    tables: Sequence[Table]


class SqlServerSource(TypedDict):
    """Tables of a Microsoft SQL Server database."""

    type: Literal["sqlserver"]
    connection: SqlServerConnection
    tables: Sequence[Table]


class MySqlSource(TypedDict):
    """Tables of a MySQL server."""

    type: Literal["mysql"]
    connection: MySqlConnection
    tables: Sequence[Table]


class OracleSource(TypedDict):
    """Tables of an Oracle database."""

    type: Literal["oracle"]
    connection: OracleConnection
    tables: Sequence[Table]


class Db2IbmISource(TypedDict):
    """Tables of Db2 for IBM i."""

    type: Literal["db2ibmi"]
    connection: Db2IbmIConnection
    tables: Sequence[Table]


class KeyPairAuthentication(TypedDict):
    """A key pair to sign in to Snowflake with."""

    type: Literal["key-pair"]
    privateKey: SecretReference
    passphrase: NotRequired[SecretReference]


class SnowflakeConnection(TypedDict):
    """The connection to a Snowflake account: ``account_name`` is what stands before ``.snowflakecomputing.com``."""

    accountName: str
    username: str
    authentication: KeyPairAuthentication
    jdbcProperties: NotRequired[Mapping[str, Any]]


class SnowflakeTarget(TypedDict):
    """Snowflake tables, by way of an internal stage."""

    type: Literal["snowflake"]
    connection: SnowflakeConnection
    role: str
    warehouse: str
    database: str
    stageSchema: str
    stageName: str
    stagePrefix: NotRequired[str]
    tableSchema: str
    tablePrefixType: Literal["PREFIX", "SOURCE_DATABASE_AND_SCHEMA", "NONE"]
    transformationType: Literal["COPY_TABLE", "COPY_TABLE_SOFT_DELETE", "CHANGE_LOG"]
    temporalMapping: NotRequired[Literal["NATIVE", "EPOCH"]]


class S3Target(TypedDict):
    """Avro files in an Amazon S3 bucket, written in the role of the agent."""

    type: Literal["s3"]
    bucket: str
    prefix: NotRequired[str]
    decimalMapping: NotRequired[Literal["LEGACY", "LOGICAL"]]


class AzureBlobTarget(TypedDict):
    """Avro files in an Azure Blob Storage container."""

    type: Literal["abs"]
    accountName: str
    accountKey: SecretReference
    container: str
    prefix: NotRequired[str]
    decimalMapping: NotRequired[Literal["LEGACY", "LOGICAL"]]


class GcsTarget(TypedDict):
    """Avro files in a Google Cloud Storage bucket, written in the role of the agent."""

    type: Literal["gcs"]
    bucket: str
    prefix: NotRequired[str]
    decimalMapping: NotRequired[Literal["LEGACY", "LOGICAL"]]


Source: TypeAlias = PostgresSource | SqlServerSource | MySqlSource | OracleSource | Db2IbmISource
Target: TypeAlias = SnowflakeTarget | S3Target | AzureBlobTarget | GcsTarget
