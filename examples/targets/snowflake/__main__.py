"""From PostgreSQL to Snowflake."""

import pulumi

import pulumi_dpc as dpc

project = dpc.get_project("Analytics")
environment = dpc.get_environment(project.id, "production")

shop = dpc.StreamingPipeline(
    "shop",
    project_id=project.id,
    agent_id=environment.default_agent_id,
    name="shop-to-snowflake",
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
    streaming_target=dpc.SnowflakeTarget(
        connection=dpc.SnowflakeConnection(
            account_name="myorg.us-east-1",  # what stands before .snowflakecomputing.com
            username="STREAMING_USER",
            authentication=dpc.KeyPairAuthentication(
                private_key=dpc.SecretReference.aws("snowflake/streaming", key="private_key"),
                passphrase=dpc.SecretReference.aws("snowflake/streaming", key="passphrase"),
            ),
        ),
        role="STREAMING_ROLE",
        warehouse="STREAMING_WH",
        database="ANALYTICS_DB",
        # An internal stage whose file format is AVRO; the role needs READ and WRITE on it.
        stage_schema="STREAMING_STAGE",
        stage_name="ANALYTICS_STAGE",
        stage_prefix="streaming/shop",
        table_schema="PUBLIC",
        # Tables of one name in two source schemas would otherwise meet in one replica.
        table_prefix_type="SOURCE_DATABASE_AND_SCHEMA",
        # Rows deleted at the source stay, marked as deleted: reports on history keep working.
        transformation_type="COPY_TABLE_SOFT_DELETE",
        temporal_mapping="NATIVE",
    ),
    running=True,
)

pulumi.export("projectId", project.id)
pulumi.export("defaultAgentID", environment.default_agent_id)
pulumi.export("streamingPipelineId", shop.streaming_pipeline_id)
pulumi.export("status", shop.status)
