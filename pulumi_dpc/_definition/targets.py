"""The targets of a pipeline: where the captured changes are written, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from .fields import (
    DecimalMapping,
    Input,
    Model,
    ModelInput,
    TablePrefixType,
    TemporalMapping,
    Text,
    TransformationType,
    mappings,
)
from .references import SecretReference
from .rules import ByType


@dataclass(frozen=True, kw_only=True)
class KeyPairAuthentication(Model):
    """A key pair to sign in to Snowflake with."""

    type: Literal["key-pair"] = "key-pair"
    private_key: ModelInput[SecretReference, mappings.SecretReferenceDict]
    passphrase: ModelInput[SecretReference, mappings.SecretReferenceDict] | None = None


if TYPE_CHECKING:
    Authentication = KeyPairAuthentication | mappings.KeyPairAuthenticationDict | Mapping[str, Any]
else:
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
    connection: ModelInput[SnowflakeConnection, mappings.SnowflakeConnectionDict]
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
    account_key: ModelInput[SecretReference, mappings.SecretReferenceDict]
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


if TYPE_CHECKING:
    Target = (
        SnowflakeTarget | S3Target | AzureBlobTarget | GcsTarget | mappings.TargetDict | Mapping[str, Any]
    )
else:
    Target = Annotated[SnowflakeTarget | S3Target | AzureBlobTarget | GcsTarget | Mapping[str, Any], ByType()]
