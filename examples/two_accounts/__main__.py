"""Pipelines in two Matillion accounts: one from the environment or stack configuration, one from a `Provider`."""

import pulumi

import pulumi_dpc as dpc

config = pulumi.Config()


def source(host: str) -> dpc.PostgresSource:
    return dpc.PostgresSource(
        connection=dpc.PostgresConnection(
            host=host,
            port=5432,
            database="shop",
            username="matillion_streaming",
            password=dpc.SecretReference.aws("rds/shop/streaming", key="password"),
        ),
        tables=[dpc.Table("public", "orders")],
    )


# The account that DPC_CLIENT_ID and DPC_CLIENT_SECRET, or dpc:clientId and dpc:clientSecret, belong to.
project = dpc.get_project("Analytics")
environment = dpc.get_environment(project.id, "production")
europe = dpc.StreamingPipeline(
    "europe",
    project_id=project.id,
    agent_id=environment.default_agent_id,
    name="shop-to-s3",
    streaming_source=source("shop-eu.internal.example.com"),
    streaming_target=dpc.S3Target(bucket="analytics-landing-eu"),
    running=True,
)

# The other one. Nothing of the stack's dpc: configuration reaches it, so the two cannot mix.
other = dpc.Provider(
    "america",
    region="us1",
    client_id=config.require("americaClientId"),
    client_secret=config.require_secret("americaClientSecret"),
    # Not set for the real service; for an emulator they are its addresses.
    api_url=config.get("americaApiUrl"),
    token_url=config.get("americaTokenUrl"),
)
asked_there = pulumi.InvokeOptions(provider=other)
other_project = dpc.get_project_output("Analytics", opts=asked_there)
other_environment = dpc.get_environment_output(other_project.id, "production", opts=asked_there)
america = dpc.StreamingPipeline(
    "america",
    project_id=other_project.id,
    agent_id=other_environment.default_agent_id,
    name="shop-to-s3",
    streaming_source=source("shop-us.internal.example.com"),
    streaming_target=dpc.S3Target(bucket="analytics-landing-us"),
    running=True,
    opts=pulumi.ResourceOptions(provider=other),
)

pulumi.export("projectId", project.id)
pulumi.export("defaultAgentID", environment.default_agent_id)
pulumi.export("status", {"europe": europe.status, "america": america.status})
