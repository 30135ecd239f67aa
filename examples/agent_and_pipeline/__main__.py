"""An agent and its pipeline, from nothing to streaming.

1. `pulumi up` makes the agent, and its pipeline, which does not run yet.
2. Install the agent in your cloud. Its credentials are two secret outputs:
   `pulumi stack output agentClientSecret --show-secrets` shows one.
3. `pulumi config set agentInstalled true`, then `pulumi up`: the pipeline runs.
4. `pulumi destroy` deletes the pipeline, then the agent. What you have installed is yours to remove.
"""

import pulumi

import pulumi_dpc as dpc

config = pulumi.Config()
project = dpc.get_project(config.get("project") or "Analytics")

agent = dpc.StreamingAgent(
    "orders",
    name="orders-agent",
    cloud_provider="aws",
    deployment="fargate",
    description="Runs the pipeline of the shop's orders",
)
credentials = dpc.get_agent_credentials_output(agent.agent_id)

orders = dpc.StreamingPipeline(
    "orders",
    project_id=project.id,
    agent_id=agent.agent_id,
    name="orders-to-s3",
    streaming_source=dpc.PostgresSource(
        connection=dpc.PostgresConnection(
            host="shop.internal.example.com",
            port=5432,
            database="shop",
            username="matillion_streaming",
            password=dpc.SecretReference.aws("rds/shop/streaming", key="password"),
        ),
        tables=[dpc.Table("public", "orders")],
    ),
    streaming_target=dpc.S3Target(bucket="analytics-landing"),
    # An agent that is not installed yet can start nothing.
    running=config.get_bool("agentInstalled") or False,
)

pulumi.export("agentId", agent.agent_id)
pulumi.export("agentClientId", credentials.client_id)
pulumi.export("agentClientSecret", credentials.client_secret)
pulumi.export("status", orders.status)
