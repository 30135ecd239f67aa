"""The pipeline definition: sources, targets, tables and secret references, each described once.

The classes are frozen dataclasses, so a constructor takes and refuses arguments exactly as Python does and
looks at no value. Their annotations are what pydantic validates the same definition by
(``definition.validate``); it is loaded only then.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeVar

from annotated_types import Interval, MinLen, Predicate

from .rules import ByType, Pending, Strict, engine

if TYPE_CHECKING:
    import pulumi

T = TypeVar("T")

if TYPE_CHECKING:
    Input = pulumi.Input[T]
    ModelInput = pulumi.Input[T | Mapping[str, Any]]
else:
    Input = ModelInput = Annotated[T, Pending()]


def wire_name(name: str) -> str:
    """Return the API's spelling of a field: ``agent_id`` is ``agentId``."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def is_uuid(text: str) -> bool:
    """Tell whether a text is a well-formed UUID, which is all the service asks of an agent's id."""
    return _UUID.fullmatch(text) is not None


IS_UUID = Predicate(is_uuid)

Text = Annotated[str, MinLen(1)]
Uuid = Annotated[str, IS_UUID]
Port = Annotated[int, Strict(), Interval(ge=1, le=65535)]
SecretType = Literal["AWS_SECRETS_MANAGER", "AZURE_KEY_VAULT", "GOOGLE_SECRET_MANAGER"]
TablePrefixType = Literal["PREFIX", "SOURCE_DATABASE_AND_SCHEMA", "NONE"]
TransformationType = Literal["COPY_TABLE", "COPY_TABLE_SOFT_DELETE", "CHANGE_LOG"]
TemporalMapping = Literal["NATIVE", "EPOCH"]
DecimalMapping = Literal["LEGACY", "LOGICAL"]


class Model:
    """One object of the API; its fields are the API's in Python case (docs/api.md section 3)."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"alias_generator": wire_name}


@dataclass(frozen=True)
class Table(Model):
    """One table to stream; for MySQL the schema is the database."""

    schema: Input[Text]
    table: Input[Text]


@dataclass(frozen=True, kw_only=True)
class SecretReference(Model):
    """The name of a secret that the pipeline's agent reads from its vault; the API never sees the secret itself."""

    secret_type: Input[SecretType]
    secret_name: Input[Text]
    secret_key: Input[str] | None = None
    secret_location: Input[str] | None = None

    @classmethod
    def aws(cls, name: Input[str], key: Input[str] | None = None) -> SecretReference:
        """Refer to AWS Secrets Manager; ``key`` chooses one value of a key/value secret."""
        return cls(secret_type="AWS_SECRETS_MANAGER", secret_name=name, secret_key=key)  # noqa: S106 - the vault's type, no secret

    @classmethod
    def azure(cls, name: Input[str], vault: Input[str] | None = None) -> SecretReference:
        """Refer to the Azure Key Vault named ``vault``."""
        return cls(secret_type="AZURE_KEY_VAULT", secret_name=name, secret_location=vault)  # noqa: S106 - the vault's type, no secret

    @classmethod
    def google(cls, name: Input[str]) -> SecretReference:
        """Refer to Google Secret Manager."""
        return cls(secret_type="GOOGLE_SECRET_MANAGER", secret_name=name)  # noqa: S106 - the vault's type, no secret


Tables = Annotated[Sequence[ModelInput[Table]], MinLen(1)]


@dataclass(frozen=True, kw_only=True)
class _DatabaseConnection(Model):
    """How a database is reached; without this docstring `dataclass` would work one out, slowly, from the signature."""

    host: Input[Text]
    port: Input[Port]
    username: Input[Text]
    password: ModelInput[SecretReference]
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
    connection: ModelInput[PostgresConnection]
    tables: Input[Tables]


@dataclass(frozen=True, kw_only=True)
class SqlServerSource(Model):
    """Tables of a Microsoft SQL Server database."""

    type: Literal["sqlserver"] = "sqlserver"
    connection: ModelInput[SqlServerConnection]
    tables: Input[Tables]


@dataclass(frozen=True, kw_only=True)
class MySqlSource(Model):
    """Tables of a MySQL server."""

    type: Literal["mysql"] = "mysql"
    connection: ModelInput[MySqlConnection]
    tables: Input[Tables]


@dataclass(frozen=True, kw_only=True)
class OracleSource(Model):
    """Tables of an Oracle database."""

    type: Literal["oracle"] = "oracle"
    connection: ModelInput[OracleConnection]
    tables: Input[Tables]


@dataclass(frozen=True, kw_only=True)
class Db2IbmISource(Model):
    """Tables of Db2 for IBM i."""

    type: Literal["db2ibmi"] = "db2ibmi"
    connection: ModelInput[Db2IbmIConnection]
    tables: Input[Tables]


@dataclass(frozen=True, kw_only=True)
class KeyPairAuthentication(Model):
    """A key pair to sign in to Snowflake with."""

    type: Literal["key-pair"] = "key-pair"
    private_key: ModelInput[SecretReference]
    passphrase: ModelInput[SecretReference] | None = None


Authentication = Annotated[KeyPairAuthentication | Mapping[str, Any], ByType()]


@dataclass(frozen=True, kw_only=True)
class SnowflakeConnection(Model):
    """The connection to a Snowflake account: ``account_name`` is what stands before ``.snowflakecomputing.com``."""

    account_name: Input[Text]
    username: Input[Text]
    authentication: Input[Authentication]
    jdbc_properties: Input[Mapping[str, Any]] | None = None


@dataclass(frozen=True, kw_only=True)
class SnowflakeTarget(Model):
    """Snowflake tables, by way of an internal stage."""

    type: Literal["snowflake"] = "snowflake"
    connection: ModelInput[SnowflakeConnection]
    role: Input[Text]
    warehouse: Input[Text]
    database: Input[Text]
    stage_schema: Input[Text]
    stage_name: Input[Text]
    stage_prefix: Input[str] | None = None
    table_schema: Input[Text]
    table_prefix_type: Input[TablePrefixType]
    transformation_type: Input[TransformationType]
    temporal_mapping: Input[TemporalMapping] | None = None


@dataclass(frozen=True, kw_only=True)
class S3Target(Model):
    """Avro files in an Amazon S3 bucket, written in the role of the agent."""

    type: Literal["s3"] = "s3"
    bucket: Input[Text]
    prefix: Input[str] | None = None
    decimal_mapping: Input[DecimalMapping] | None = None


@dataclass(frozen=True, kw_only=True)
class AzureBlobTarget(Model):
    """Avro files in an Azure Blob Storage container."""

    type: Literal["abs"] = "abs"
    account_name: Input[Text]
    account_key: ModelInput[SecretReference]
    container: Input[Text]
    prefix: Input[str] | None = None
    decimal_mapping: Input[DecimalMapping] | None = None


@dataclass(frozen=True, kw_only=True)
class GcsTarget(Model):
    """Avro files in a Google Cloud Storage bucket, written in the role of the agent."""

    type: Literal["gcs"] = "gcs"
    bucket: Input[Text]
    prefix: Input[str] | None = None
    decimal_mapping: Input[DecimalMapping] | None = None


Source = Annotated[
    PostgresSource | SqlServerSource | MySqlSource | OracleSource | Db2IbmISource | Mapping[str, Any],
    ByType(),
]
Target = Annotated[SnowflakeTarget | S3Target | AzureBlobTarget | GcsTarget | Mapping[str, Any], ByType()]


@dataclass(frozen=True, kw_only=True)
class PipelineDefinition(Model):
    """The definition of a whole streaming pipeline."""

    name: Input[Text]
    agent_id: Input[Uuid]
    streaming_source: Input[Source]
    streaming_target: Input[Target]
    advanced_properties: Input[Mapping[str, Any]] | None = None


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
