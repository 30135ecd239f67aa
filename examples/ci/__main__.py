"""A pipeline whose changes are previewed on pull requests and deployed from main; see .github/workflows."""

import pulumi

import pulumi_dpc as dpc

project = dpc.get_project("Analytics")
environment = dpc.get_environment(project.id, "production")

shop = dpc.StreamingPipeline(
    "shop",
    project_id=project.id,
    agent_id=environment.default_agent_id,
    name="postgres-to-s3",
    streaming_source=dpc.PostgresSource(
        connection=dpc.PostgresConnection(
            host="shop-db.internal.example.com",
            port=5432,
            database="shop",
            username="matillion_streaming",
            password=dpc.SecretReference.aws("rds/shop/streaming", key="password"),
        ),
        tables=[dpc.Table("public", "orders")],
    ),
    streaming_target=dpc.S3Target(bucket="analytics-landing", prefix="streaming/shop"),
    running=True,
    # A merge that removes this resource by mistake must not stop the stream.
    opts=pulumi.ResourceOptions(protect=pulumi.get_stack() == "production"),
)

pulumi.export("projectId", project.id)
pulumi.export("defaultAgentID", environment.default_agent_id)
pulumi.export("streamingPipelineId", shop.streaming_pipeline_id)
pulumi.export("status", shop.status)
