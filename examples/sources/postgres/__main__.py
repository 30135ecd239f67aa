"""From PostgreSQL to Amazon S3."""

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
            host="shop.cluster-c1a2b3.eu-west-1.rds.amazonaws.com",
            port=5432,
            database="shop",
            username="matillion_streaming",
            # A key/value secret, as RDS itself writes them: the key says which of its values is meant.
            password=dpc.SecretReference.aws("rds/shop/streaming", key="password"),
            jdbc_properties={"ssl": "require"},
        ),
        tables=[dpc.Table("public", "orders"), dpc.Table("public", "order_lines")],
    ),
    streaming_target=dpc.S3Target(bucket="analytics-landing", prefix="streaming/shop"),
    # Two pipelines that read one database need a replication slot each.
    advanced_properties={"slot.name": "matillion_shop_s3"},
    running=True,
)

pulumi.export("projectId", project.id)
pulumi.export("defaultAgentID", environment.default_agent_id)
pulumi.export("streamingPipelineId", shop.streaming_pipeline_id)
pulumi.export("status", shop.status)
