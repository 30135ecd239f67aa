"""Mappings that stand for models, as types: written by `make tables` from the models.

A type checker knows their keys, in the API's spelling. Every value may be an Output.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

if TYPE_CHECKING:
    from pulumi import Input
    from typing_extensions import NotRequired

    from . import models


class SecretReferenceDict(TypedDict):
    """`SecretReference` as a mapping in the API's spelling."""

    secretType: Input[Literal["AWS_SECRETS_MANAGER", "AZURE_KEY_VAULT", "GOOGLE_SECRET_MANAGER"]]
    secretName: Input[str]
    secretKey: NotRequired[Input[str]]
    secretLocation: NotRequired[Input[str]]


class TableDict(TypedDict):
    """`Table` as a mapping in the API's spelling."""

    schema: Input[str]
    table: Input[str]


class PostgresConnectionDict(TypedDict):
    """`PostgresConnection` as a mapping in the API's spelling."""

    host: Input[str]
    port: Input[int]
    username: Input[str]
    password: Input[models.SecretReference | SecretReferenceDict]
    jdbcProperties: NotRequired[Input[Mapping[str, Any]]]
    database: Input[str]


class SqlServerConnectionDict(TypedDict):
    """`SqlServerConnection` as a mapping in the API's spelling."""

    host: Input[str]
    port: Input[int]
    username: Input[str]
    password: Input[models.SecretReference | SecretReferenceDict]
    jdbcProperties: NotRequired[Input[Mapping[str, Any]]]
    database: Input[str]


class MySqlConnectionDict(TypedDict):
    """`MySqlConnection` as a mapping in the API's spelling."""

    host: Input[str]
    port: Input[int]
    username: Input[str]
    password: Input[models.SecretReference | SecretReferenceDict]
    jdbcProperties: NotRequired[Input[Mapping[str, Any]]]


class OracleConnectionDict(TypedDict):
    """`OracleConnection` as a mapping in the API's spelling."""

    host: Input[str]
    port: Input[int]
    username: Input[str]
    password: Input[models.SecretReference | SecretReferenceDict]
    jdbcProperties: NotRequired[Input[Mapping[str, Any]]]
    database: Input[str]
    pdb: NotRequired[Input[str]]


class Db2IbmIConnectionDict(TypedDict):
    """`Db2IbmIConnection` as a mapping in the API's spelling."""

    host: Input[str]
    port: Input[int]
    username: Input[str]
    password: Input[models.SecretReference | SecretReferenceDict]
    jdbcProperties: NotRequired[Input[Mapping[str, Any]]]


class PostgresSourceDict(TypedDict):
    """`PostgresSource` as a mapping in the API's spelling."""

    type: Literal["postgres"]
    connection: Input[models.PostgresConnection | PostgresConnectionDict]
    tables: Input[Sequence[Input[models.Table | TableDict]]]


class SqlServerSourceDict(TypedDict):
    """`SqlServerSource` as a mapping in the API's spelling."""

    type: Literal["sqlserver"]
    connection: Input[models.SqlServerConnection | SqlServerConnectionDict]
    tables: Input[Sequence[Input[models.Table | TableDict]]]


class MySqlSourceDict(TypedDict):
    """`MySqlSource` as a mapping in the API's spelling."""

    type: Literal["mysql"]
    connection: Input[models.MySqlConnection | MySqlConnectionDict]
    tables: Input[Sequence[Input[models.Table | TableDict]]]


class OracleSourceDict(TypedDict):
    """`OracleSource` as a mapping in the API's spelling."""

    type: Literal["oracle"]
    connection: Input[models.OracleConnection | OracleConnectionDict]
    tables: Input[Sequence[Input[models.Table | TableDict]]]


class Db2IbmISourceDict(TypedDict):
    """`Db2IbmISource` as a mapping in the API's spelling."""

    type: Literal["db2ibmi"]
    connection: Input[models.Db2IbmIConnection | Db2IbmIConnectionDict]
    tables: Input[Sequence[Input[models.Table | TableDict]]]


class KeyPairAuthenticationDict(TypedDict):
    """`KeyPairAuthentication` as a mapping in the API's spelling."""

    type: Literal["key-pair"]
    privateKey: Input[models.SecretReference | SecretReferenceDict]
    passphrase: NotRequired[Input[models.SecretReference | SecretReferenceDict]]


class SnowflakeConnectionDict(TypedDict):
    """`SnowflakeConnection` as a mapping in the API's spelling."""

    accountName: Input[str]
    username: Input[str]
    authentication: Input[models.KeyPairAuthentication | KeyPairAuthenticationDict]
    jdbcProperties: NotRequired[Input[Mapping[str, Any]]]


class SnowflakeTargetDict(TypedDict):
    """`SnowflakeTarget` as a mapping in the API's spelling."""

    type: Literal["snowflake"]
    connection: Input[models.SnowflakeConnection | SnowflakeConnectionDict]
    role: Input[str]
    warehouse: Input[str]
    database: Input[str]
    stageSchema: Input[str]
    stageName: Input[str]
    stagePrefix: NotRequired[Input[str]]
    tableSchema: Input[str]
    tablePrefixType: Input[Literal["PREFIX", "SOURCE_DATABASE_AND_SCHEMA", "NONE"]]
    transformationType: Input[Literal["COPY_TABLE", "COPY_TABLE_SOFT_DELETE", "CHANGE_LOG"]]
    temporalMapping: NotRequired[Input[Literal["NATIVE", "EPOCH"]]]


class S3TargetDict(TypedDict):
    """`S3Target` as a mapping in the API's spelling."""

    type: Literal["s3"]
    bucket: Input[str]
    prefix: NotRequired[Input[str]]
    decimalMapping: NotRequired[Input[Literal["LEGACY", "LOGICAL"]]]


class AzureBlobTargetDict(TypedDict):
    """`AzureBlobTarget` as a mapping in the API's spelling."""

    type: Literal["abs"]
    accountName: Input[str]
    accountKey: Input[models.SecretReference | SecretReferenceDict]
    container: Input[str]
    prefix: NotRequired[Input[str]]
    decimalMapping: NotRequired[Input[Literal["LEGACY", "LOGICAL"]]]


class GcsTargetDict(TypedDict):
    """`GcsTarget` as a mapping in the API's spelling."""

    type: Literal["gcs"]
    bucket: Input[str]
    prefix: NotRequired[Input[str]]
    decimalMapping: NotRequired[Input[Literal["LEGACY", "LOGICAL"]]]


class PipelineDefinitionDict(TypedDict):
    """`PipelineDefinition` as a mapping in the API's spelling."""

    name: Input[str]
    agentId: Input[str]
    streamingSource: Input[
        models.PostgresSource
        | PostgresSourceDict
        | models.SqlServerSource
        | SqlServerSourceDict
        | models.MySqlSource
        | MySqlSourceDict
        | models.OracleSource
        | OracleSourceDict
        | models.Db2IbmISource
        | Db2IbmISourceDict
    ]
    streamingTarget: Input[
        models.SnowflakeTarget
        | SnowflakeTargetDict
        | models.S3Target
        | S3TargetDict
        | models.AzureBlobTarget
        | AzureBlobTargetDict
        | models.GcsTarget
        | GcsTargetDict
    ]
    advancedProperties: NotRequired[Input[Mapping[str, Any]]]


SourceDict: TypeAlias = (
    PostgresSourceDict | SqlServerSourceDict | MySqlSourceDict | OracleSourceDict | Db2IbmISourceDict
)
TargetDict: TypeAlias = SnowflakeTargetDict | S3TargetDict | AzureBlobTargetDict | GcsTargetDict
