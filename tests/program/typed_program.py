"""What a type checker knows of a program: held by mypy (`test_types`), and never run.

An error that must be found is ignored by its code; where mypy does not find it, the comment itself is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from typing_extensions import assert_type

import pulumi_dpc as dpc
from pulumi_dpc import outputs

# ---- lookups ----

project = dpc.get_project("Analytics")
assert_type(project.id, str)
assert_type(dpc.get_environment(project.id).default_agent_id, str)

later = dpc.get_project_output(pulumi.Output.from_input("Analytics"))
assert_type(later.id, pulumi.Output[str])
assert_type(later.name, pulumi.Output[str])
assert_type(later.description, pulumi.Output[str])
assert_type(later.apply(lambda found: found), pulumi.Output[dpc.Project])

orders = dpc.StreamingPipeline.get("orders", "p/s")
after = pulumi.InvokeOutputOptions(depends_on=[orders])
environment = dpc.get_environment_output(later.id, "production", opts=after)
assert_type(environment.name, pulumi.Output[str])
assert_type(environment.default_agent_id, pulumi.Output[str])
assert_type(environment.default_agent_name, pulumi.Output[str])
dpc.get_project_output("Analytics", opts=pulumi.InvokeOptions(provider=dpc.Provider("other")))

for one in dpc.get_agents(streaming=True, connected=True):
    assert_type(one, dpc.Agent)
agent = dpc.get_agent_output(name=pulumi.Output.from_input("eu-agent"))
assert_type(agent.id, pulumi.Output[str])
assert_type(agent.connected, pulumi.Output[bool | None])
assert_type(agent.version_details, pulumi.Output[Mapping[str, Any] | None])
assert_type(agent.apply(lambda found: found), pulumi.Output[dpc.Agent])
assert_type(dpc.get_agents_output(), pulumi.Output[list[dpc.Agent]])
assert_type(dpc.get_projects(), list[dpc.Project])
assert_type(dpc.get_projects_output(), pulumi.Output[list[dpc.Project]])
assert_type(dpc.get_environments("p"), list[dpc.Environment])
assert_type(dpc.get_environments_output(later.id), pulumi.Output[list[dpc.Environment]])

live = dpc.get_streaming_pipeline("p", name="orders")
assert_type(live, dpc.LiveStreamingPipeline)
assert_type(live.streaming_source, outputs.Source)
assert_type(live.status, str)
dpc.StreamingPipeline.from_definition("copy", live.definition, project_id=later.id, agent_id=agent.id)
found_later = dpc.get_streaming_pipeline_output(later.id, id=orders.streaming_pipeline_id)
assert_type(found_later.status, pulumi.Output[str])
assert_type(found_later.streaming_target, pulumi.Output[outputs.Target])
assert_type(found_later.definition, pulumi.Output[Mapping[str, Any]])
assert_type(found_later.apply(lambda found: found), pulumi.Output[dpc.LiveStreamingPipeline])
print(dpc.get_streaming_pipelines("p")[0].status)  # type: ignore[attr-defined]
assert_type(dpc.get_streaming_pipelines_output(later.id), pulumi.Output[list[dpc.ListedStreamingPipeline]])


# ---- outputs ----

assert_type(orders.id, pulumi.Output[str])
assert_type(orders.project_id, pulumi.Output[str])
assert_type(orders.name, pulumi.Output[str])
assert_type(orders.agent_id, pulumi.Output[str])
assert_type(orders.streaming_source, pulumi.Output[outputs.Source])
assert_type(orders.streaming_target, pulumi.Output[outputs.Target])
assert_type(orders.advanced_properties, pulumi.Output[Mapping[str, Any] | None])
assert_type(orders.running, pulumi.Output[bool | None])
assert_type(orders.wait, pulumi.Output[bool])
assert_type(orders.interrupt_snapshot, pulumi.Output[bool])
assert_type(orders.streaming_pipeline_id, pulumi.Output[str])
assert_type(orders.status, pulumi.Output[str])
assert_type(orders.api_url, pulumi.Output[str])


def host_of(source: outputs.Source) -> str:
    assert_type(source["connection"]["host"], str)
    assert_type(source["connection"]["port"], int)
    assert_type(source["tables"][0]["schema"], str)
    source["connection"]["hots"]  # type: ignore[typeddict-item]
    return source["connection"]["host"]


def place_of(target: outputs.Target) -> str:
    if target["type"] == "snowflake":
        assert_type(target, outputs.SnowflakeTarget)
        assert_type(target["connection"]["authentication"]["privateKey"]["secretName"], str)
        assert_type(target.get("stagePrefix"), str | None)
        return target["database"]
    if target["type"] == "abs":
        return target["container"]
    return target["bucket"]


assert_type(orders.streaming_source.apply(host_of), pulumi.Output[str])
assert_type(orders.streaming_target.apply(place_of), pulumi.Output[str])

# ---- mappings as inputs ----

connection: dpc.PostgresConnectionDict = {
    "host": pulumi.Output.from_input("db.example.com"),
    "port": 5432,
    "database": "shop",
    "username": "streaming_user",
    "password": {"secretType": "AWS_SECRETS_MANAGER", "secretName": "shop/streaming"},
}
source: dpc.PostgresSourceDict = {
    "type": "postgres",
    "connection": connection,
    "tables": [{"schema": "public", "table": "orders"}, dpc.Table("public", "customers")],
}
target: dpc.S3TargetDict = {"type": "s3", "bucket": "landing"}
definition: dpc.PipelineDefinitionDict = {
    "name": "orders",
    "agentId": environment.default_agent_id,
    "streamingSource": source,
    "streamingTarget": target,
}
dpc.StreamingPipeline(
    "orders",
    project_id=later.id,
    agent_id=environment.default_agent_id,
    name="orders",
    streaming_source=source,
    streaming_target=target,
    opts=pulumi.ResourceOptions(depends_on=[orders]),
)
dpc.StreamingPipeline.from_definition("orders", definition, project_id=later.id)
dpc.PostgresSource(connection=connection, tables=[{"schema": "public", "table": "orders"}])
dpc.PostgresSource(connection=connection, tables=pulumi.Output.from_input([dpc.Table("a", "b")]))

misspelt: dpc.PostgresConnectionDict = {  # type: ignore[typeddict-item]
    "host": "db.example.com",
    "port": 5432,
    "database": "shop",
    "user": "streaming_user",
    "password": dpc.SecretReference.aws("shop/streaming"),
}
wrong_kind: dpc.S3TargetDict = {"type": "s4", "bucket": "landing"}  # type: ignore[typeddict-item]
no_text: dpc.S3TargetDict = {"type": "s3", "bucket": 1}  # type: ignore[typeddict-item]

# ---- what a checker cannot know passes: a file, a type that is newer than this package ----

newer: dict[str, Any] = {"type": "newer", "anything": 1}
dpc.StreamingPipeline(
    "orders",
    project_id="p",
    agent_id="a",
    name="orders",
    streaming_source=newer,
    streaming_target={"type": "newer", "anything": 1},
)
