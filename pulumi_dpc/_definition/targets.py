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
    """The way to sign in, always ``key-pair``.

    Default: ``key-pair``, which no program has to say. Source: Matillion's Terraform provider.
    """
    private_key: ModelInput[SecretReference, mappings.SecretReferenceDict]
    """Where the agent finds the private key.

    Required. Source: Matillion's Terraform provider.
    """
    passphrase: ModelInput[SecretReference, mappings.SecretReferenceDict] | None = None
    """Where the agent finds the passphrase of the private key.

    Default: left out, for a key without one. Source: Matillion's Terraform provider.
    """


if TYPE_CHECKING:
    Authentication = KeyPairAuthentication | mappings.KeyPairAuthenticationDict | Mapping[str, Any]
else:
    Authentication = Annotated[KeyPairAuthentication | Mapping[str, Any], ByType()]


@dataclass(frozen=True, kw_only=True)
class SnowflakeConnection(Model):
    """The connection to a Snowflake account: ``account_name`` is what stands before ``.snowflakecomputing.com``."""

    account_name: Input[Text]
    """The account: what stands between ``https://`` and ``.snowflakecomputing.com``, such as ``myorg.us-east-1``.

    Required. Source: Matillion's API reference.
    """
    username: Input[Text]
    """The user that the agent signs in as.

    Required. Source: Matillion's Terraform provider.
    """
    authentication: Input[Authentication]
    """How it signs in: a key pair. The API's form of user name and password is not published; a mapping with
    another ``type`` is passed on.

    Required. Source: Matillion's Terraform provider.
    """
    jdbc_properties: Input[Mapping[str, Any]] | None = None
    """Properties for the JDBC driver, such as ``{"networkTimeout": "300000"}``; the keys are the driver's.

    Default: none are set. Source: Matillion's Terraform provider.
    """


@dataclass(frozen=True, kw_only=True)
class SnowflakeTarget(Model):
    """Snowflake tables, by way of an internal stage."""

    type: Literal["snowflake"] = "snowflake"
    """The kind of target in the API, always ``snowflake``.

    Default: ``snowflake``, which no program has to say. Source: Matillion's Terraform provider.
    """
    connection: ModelInput[SnowflakeConnection, mappings.SnowflakeConnectionDict]
    """How the agent reaches Snowflake.

    Required. Source: Matillion's Terraform provider.
    """
    role: Input[Text]
    """The role that it takes. It needs USAGE on warehouse, database and both schemas, CREATE TABLE on the schema of
    the tables, and READ and WRITE on the stage.

    Required. Source: Matillion's Terraform provider, and Matillion's pages on its earlier product for change data
    capture.
    """
    warehouse: Input[Text]
    """The warehouse that does the work.

    Required. Source: Matillion's Terraform provider.
    """
    database: Input[Text]
    """The database of the tables and the stage.

    Required. Source: Matillion's Terraform provider.
    """
    stage_schema: Input[Text]
    """The schema of the stage.

    Required. Source: Matillion's Terraform provider.
    """
    stage_name: Input[Text]
    """The internal stage that files are loaded from, with the file format AVRO.

    Required. Source: Matillion's API reference.
    """
    stage_prefix: Input[str] | None = None
    """What the name of every file in the stage begins with; an empty text means the same as none.

    Default: left out, for no prefix. Source: Matillion's Terraform provider.
    """
    table_schema: Input[Text]
    """The schema of the replica tables, which are made where they are missing.

    Required. Source: Matillion's API reference.
    """
    table_prefix_type: Input[TablePrefixType]
    """What the names of the replica tables begin with: ``SOURCE_DATABASE_AND_SCHEMA`` for
    ``<database>_<schema>_<table>``, ``PREFIX`` (what it puts there is not documented), or ``NONE``.

    Required. Source: Matillion's Terraform provider.
    """
    transformation_type: Input[TransformationType]
    """What the replica tables hold: ``COPY_TABLE`` for the rows as they are in the source,
    ``COPY_TABLE_SOFT_DELETE`` for the same with deleted rows marked, or ``CHANGE_LOG`` for every change.

    Required. Source: Matillion's Terraform provider; the meanings are those of the words.
    """
    temporal_mapping: Input[TemporalMapping] | None = None
    """How dates and times are stored: ``NATIVE`` in Snowflake's types, or ``EPOCH`` as numbers.

    Default: left out; what the service does then is not documented. Source: Matillion's Terraform provider; the
    meanings are those of the words.
    """


@dataclass(frozen=True, kw_only=True)
class S3Target(Model):
    """Avro files in an Amazon S3 bucket, written in the role of the agent."""

    type: Literal["s3"] = "s3"
    """The kind of target in the API, always ``s3``.

    Default: ``s3``, which no program has to say. Source: Matillion's Terraform provider.
    """
    bucket: Input[Text]
    """The bucket's name; the agent's role must be allowed to write to it.

    Required. Source: Matillion's Terraform provider.
    """
    prefix: Input[str] | None = None
    """What the name of every file begins with; an empty text means the same as none.

    Default: left out, for no prefix. Source: Matillion's Terraform provider.
    """
    decimal_mapping: Input[DecimalMapping] | None = None
    """How decimal numbers are written: ``LEGACY``, or ``LOGICAL`` for Avro's logical type.

    Default: left out; what the service does then is not documented. Source: Matillion's Terraform provider.
    """


@dataclass(frozen=True, kw_only=True)
class AzureBlobTarget(Model):
    """Avro files in an Azure Blob Storage container."""

    type: Literal["abs"] = "abs"
    """The kind of target in the API, always ``abs``.

    Default: ``abs``, which no program has to say. Source: Matillion's API reference.
    """
    account_name: Input[Text]
    """The storage account's name.

    Required. Source: Matillion's API reference.
    """
    account_key: ModelInput[SecretReference, mappings.SecretReferenceDict]
    """Where the agent finds the key of the storage account.

    Required. Source: Matillion's API reference.
    """
    container: Input[Text]
    """The container's name.

    Required. Source: Matillion's API reference.
    """
    prefix: Input[str] | None = None
    """What the name of every file begins with; an empty text means the same as none.

    Default: left out, for no prefix. Source: Matillion's API reference.
    """
    decimal_mapping: Input[DecimalMapping] | None = None
    """How decimal numbers are written: ``LEGACY``, or ``LOGICAL`` for Avro's logical type.

    Default: left out; what the service does then is not documented. Source: Matillion's API reference.
    """


@dataclass(frozen=True, kw_only=True)
class GcsTarget(Model):
    """Avro files in a Google Cloud Storage bucket, written in the role of the agent."""

    type: Literal["gcs"] = "gcs"
    """The kind of target in the API, always ``gcs``.

    Default: ``gcs``, which no program has to say. Source: none; it is inferred from the other targets, and from
    Matillion's Terraform provider, which has a target of that name.
    """
    bucket: Input[Text]
    """The bucket's name; the agent's role must be allowed to write to it.

    Required. Source: Matillion's Terraform provider.
    """
    prefix: Input[str] | None = None
    """What the name of every file begins with; an empty text means the same as none.

    Default: left out, for no prefix. Source: Matillion's Terraform provider.
    """
    decimal_mapping: Input[DecimalMapping] | None = None
    """How decimal numbers are written: ``LEGACY``, or ``LOGICAL`` for Avro's logical type.

    Default: left out; what the service does then is not documented. Source: Matillion's Terraform provider.
    """


if TYPE_CHECKING:
    Target = (
        SnowflakeTarget | S3Target | AzureBlobTarget | GcsTarget | mappings.TargetDict | Mapping[str, Any]
    )
else:
    Target = Annotated[SnowflakeTarget | S3Target | AzureBlobTarget | GcsTarget | Mapping[str, Any], ByType()]
