"""What a program may write: typed constructors, Inputs at any depth, one spelling on the wire."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

import pulumi
import pytest

from pulumi_dpc import StreamingPipeline
from pulumi_dpc._api.redaction import FREE_PROPERTIES
from pulumi_dpc._definition import models
from pulumi_dpc._definition.definition import to_mapping, validate
from pulumi_dpc._definition.fields import Model, wire_name
from pulumi_dpc._definition.models import (
    AzureBlobTarget,
    Db2IbmIConnection,
    Db2IbmISource,
    GcsTarget,
    KeyPairAuthentication,
    MySqlConnection,
    MySqlSource,
    OracleConnection,
    OracleSource,
    PipelineDefinition,
    PostgresConnection,
    PostgresSource,
    S3Target,
    SecretReference,
    SnowflakeConnection,
    SnowflakeTarget,
    SqlServerConnection,
    SqlServerSource,
    Table,
)
from pulumi_dpc._names import DEFINITION, NOT_STORED
from tests import DATA

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

AGENT = "2734aa6f-0c64-4d2b-9406-f44dc8f1f3b6"
VAULT = "streaming-key-vault"


def document(name: str) -> dict[str, Any]:
    text = (DATA / "definitions" / f"{name}.json").read_text()
    content: dict[str, Any] = json.loads(text)
    return content


def guide() -> PipelineDefinition:
    return PipelineDefinition(
        name="sqlserver-to-snowflake",
        agent_id=AGENT,
        streaming_source=SqlServerSource(
            connection=SqlServerConnection(
                host="sqlserver.example.com",
                port=1433,
                database="ProductionDB",
                username="streaming_user",
                password=SecretReference.azure("sqlserver-password", vault=VAULT),
                jdbc_properties={"encrypt": "true", "trustServerCertificate": "false"},
            ),
            tables=[Table("dbo", "Customers"), Table("sales", "Orders")],
        ),
        streaming_target=SnowflakeTarget(
            connection=SnowflakeConnection(
                account_name="myorg.us-east-1",
                username="STREAMING_USER",
                authentication=KeyPairAuthentication(
                    private_key=SecretReference.azure("snowflake-private-key", vault=VAULT),
                    passphrase=SecretReference.azure("snowflake-private-key-passphrase", vault=VAULT),
                ),
                jdbc_properties={"networkTimeout": "300000"},
            ),
            role="STREAMING_ROLE",
            warehouse="STREAMING_WH",
            database="ANALYTICS_DB",
            stage_schema="STREAMING_STAGE",
            stage_name="ANALYTICS_STAGE",
            stage_prefix="streaming/sqlserver",
            table_schema="PUBLIC",
            table_prefix_type="SOURCE_DATABASE_AND_SCHEMA",
            transformation_type="COPY_TABLE",
            temporal_mapping="NATIVE",
        ),
        advanced_properties={"max.batch.size": 10000},
    )


def db2_sample() -> PipelineDefinition:
    secret = dataclasses.replace(
        SecretReference.aws("the-secret-name", key="the-secret-key"),
        secret_location="the-secret-location",
    )
    return PipelineDefinition(
        name="An Updated Streaming Pipeline",
        agent_id="12345678-1234-1234-1234-123456789012",
        streaming_source=Db2IbmISource(
            connection=Db2IbmIConnection(
                host="127.0.0.1",
                port=8471,
                username="db2_streaming_user",
                password=secret,
                jdbc_properties={"date format": "ymd"},
            ),
            tables=[Table("SCHEMA_A", "TABLE_A")],
        ),
        streaming_target=AzureBlobTarget(
            account_name="abs-account-name",
            account_key=secret,
            container="streaming-container",
            prefix="streaming-prefix",
            decimal_mapping="LEGACY",
        ),
        advanced_properties={"max.batch.size": 10000},
    )


def postgres_to_s3() -> PipelineDefinition:
    return PipelineDefinition(
        name="postgres-to-s3",
        agent_id=AGENT,
        streaming_source=PostgresSource(
            connection=PostgresConnection(
                host="postgres.example.com",
                port=5432,
                database="orders",
                username="streaming_user",
                password=SecretReference.aws("databases", key="postgres"),
                jdbc_properties={"ssl": "require"},
            ),
            tables=(Table("public", "customers"), Table("public", "orders")),
        ),
        streaming_target=S3Target(
            bucket="streaming-bucket", prefix="postgres/orders", decimal_mapping="LOGICAL"
        ),
        advanced_properties={
            "slot.name": "matillion_cdc_2",
            "time.precision.mode": "adaptive",
            "max.batch.size": "1000",
        },
    )


def mysql_to_gcs() -> PipelineDefinition:
    return PipelineDefinition(
        name="mysql-to-gcs",
        agent_id=AGENT,
        streaming_source=MySqlSource(
            connection=MySqlConnection(
                host="mysql.example.com",
                port=3306,
                username="streaming_user",
                password=SecretReference.google("mysql-password"),
                jdbc_properties={"useSSL": "true"},
            ),
            tables=[Table("shop", "orders")],
        ),
        streaming_target=GcsTarget(bucket="streaming-bucket", prefix="mysql", decimal_mapping="LEGACY"),
    )


def oracle_to_snowflake() -> PipelineDefinition:
    return PipelineDefinition(
        name="oracle-to-snowflake",
        agent_id=AGENT,
        streaming_source=OracleSource(
            connection=OracleConnection(
                host="oracle.example.com",
                port=1521,
                database="ORCLCDB",
                pdb="ORCLPDB1",
                username="C##STREAMING",
                password=SecretReference.aws("oracle-password"),
                jdbc_properties={"oracle.jdbc.timezoneAsRegion": "false"},
            ),
            tables=[Table("HR", "EMPLOYEES")],
        ),
        streaming_target=SnowflakeTarget(
            connection=SnowflakeConnection(
                account_name="myorg.us-east-1",
                username="STREAMING_USER",
                authentication=KeyPairAuthentication(
                    private_key=SecretReference.aws("snowflake", key="private-key")
                ),
            ),
            role="STREAMING_ROLE",
            warehouse="STREAMING_WH",
            database="ANALYTICS_DB",
            stage_schema="STREAMING_STAGE",
            stage_name="ANALYTICS_STAGE",
            table_schema="PUBLIC",
            table_prefix_type="NONE",
            transformation_type="CHANGE_LOG",
        ),
        advanced_properties={"rac.nodes": "node1,node2"},
    )


@pytest.mark.parametrize(
    ("typed", "published"),
    [
        (guide, "guide_sqlserver_to_snowflake"),
        (db2_sample, "reference_db2ibmi_to_abs_update"),
        (postgres_to_s3, "postgres_to_s3"),
        (mysql_to_gcs, "mysql_to_gcs"),
        (oracle_to_snowflake, "oracle_to_snowflake"),
    ],
)
def test_typed_python_says_the_same_as_the_published_document(
    typed: Callable[[], PipelineDefinition], published: str
) -> None:
    """The wire names are derived from the Python names; a wrong derivation is a field the service ignores."""
    assert to_mapping(typed()) == document(published)


def test_an_argument_that_does_not_exist_is_refused_as_python_does() -> None:
    """A misspelled argument must not become an unknown field that the service may ignore."""
    with pytest.raises(TypeError, match="unexpected keyword argument 'buckets'"):
        S3Target(buckets="b")  # type: ignore[call-arg]


def test_a_missing_argument_is_refused_as_python_does() -> None:
    """Type checkers report the same line before it runs."""
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'container'"):
        AzureBlobTarget(account_name="a", account_key=SecretReference.aws("s"))  # type: ignore[call-arg]


def test_a_wrong_value_is_left_to_the_preview() -> None:
    """There all mistakes are listed at once, with their paths; a constructor could only name the first."""
    made = dataclasses.replace(mysql_to_gcs(), agent_id="no uuid", streaming_target=S3Target(bucket=""))

    assert validate(to_mapping(made)).violations == [
        "agentId: must be a UUID",
        "streamingTarget.bucket: must not be empty",
    ]


def test_a_model_does_not_change() -> None:
    """Two pipelines may share one secret reference."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        Table("dbo", "Orders").table = "Customers"  # type: ignore[misc]


def test_a_mapping_is_accepted_wherever_a_model_is() -> None:
    """Half of a definition often comes from a file or another tool."""
    connection = {"accountName": "a", "username": "u", "authentication": {"type": "key-pair"}}
    tables: list[Table | dict[str, str]] = [Table("s", "a"), {"schema": "s", "table": "b"}]

    assert to_mapping({"connection": connection, "tables": tables, "pdb": None}) == {
        "connection": connection,
        "tables": [{"schema": "s", "table": "a"}, {"schema": "s", "table": "b"}],
    }


def test_an_output_may_stand_at_any_depth() -> None:
    """Hosts and passwords come from other resources; the engine must get Outputs, to keep secrets."""

    async def program() -> tuple[Any, bool]:
        host = pulumi.Output.secret("db.example.com")
        connection = MySqlConnection(
            host=host, port=3306, username="u", password=pulumi.Output.from_input(SecretReference.aws("s"))
        )
        mapping = to_mapping({"connections": [connection]})["connections"][0]
        assert isinstance(mapping["host"], pulumi.Output)
        return await pulumi.Output.from_input(mapping).future(), await mapping["host"].is_secret()

    value, secret = asyncio.run(program())

    assert secret
    assert value == {
        "host": "db.example.com",
        "port": 3306,
        "username": "u",
        "password": {"secretType": "AWS_SECRETS_MANAGER", "secretName": "s"},
    }


def test_an_output_that_brings_a_model_brings_a_mapping() -> None:
    """The engine can carry a mapping, but no object of ours."""

    async def program() -> Any:
        tables = pulumi.Output.from_input("dbo").apply(lambda schema: [Table(schema, "Orders")])
        source = pulumi.Output.from_input({"tables": tables})
        return await to_mapping(source).future()

    assert asyncio.run(program()) == {"tables": [{"schema": "dbo", "table": "Orders"}]}


def test_an_awaitable_brings_a_mapping_too() -> None:
    """``pulumi.Input`` promises that an awaitable will do."""

    async def table() -> Table:
        return Table("dbo", "Orders")

    async def program() -> Any:
        waiting: Awaitable[Table] = table()
        return await to_mapping([waiting])[0].future()

    assert asyncio.run(program()) == {"schema": "dbo", "table": "Orders"}


def test_a_program_that_writes_models_does_not_load_pydantic() -> None:
    """Every preview would pay for it; only the provider validates."""
    program = "import sys, pulumi_dpc; pulumi_dpc.Table('a', 'b'); sys.exit('pydantic' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


# ---- what is listed beside the models ----


def test_a_field_of_the_definition_is_kept_in_the_state_and_can_be_given_and_read() -> None:
    """A program needs the names without the models, so they are written out; one left out would never be sent."""
    fields = [field.name for field in dataclasses.fields(PipelineDefinition)]
    assert tuple(map(wire_name, fields)) == DEFINITION
    assert set(fields) <= inspect.signature(StreamingPipeline.__init__).parameters.keys()
    assert [name for name in fields if not isinstance(getattr(StreamingPipeline, name, None), property)] == []


def test_a_field_that_users_fill_freely_is_taken_for_a_secret() -> None:
    """The client must not load the models; one left out would be shown as the service quotes it."""
    kinds = [kind for kind in map(models.__dict__.get, models.__all__) if isinstance(kind, type)]
    free = {
        wire_name(field.name)
        for kind in kinds
        if issubclass(kind, Model) and dataclasses.is_dataclass(kind)
        for field in dataclasses.fields(kind)
        if is_free(get_type_hints(kind, include_extras=True)[field.name])
    }
    assert free == {*FREE_PROPERTIES} - {NOT_STORED}


def is_free(hint: object) -> bool:
    """Tell whether an annotation is of a mapping that stands for no model."""
    parts = list(parts_of(hint))
    return Mapping in map(get_origin, parts) and not any(map(dataclasses.is_dataclass, parts))


def parts_of(hint: object) -> Iterator[object]:
    """Yield an annotation, and what it is made of at any depth."""
    yield hint
    for part in get_args(hint):
        yield from parts_of(part)
