"""From SQL Server to Snowflake, running: the pipeline of Matillion's own guide, in typed Python."""

import pulumi

import pulumi_dpc as dpc

VAULT = "streaming-key-vault"

config = pulumi.Config()
project = dpc.get_project(config.get("project") or "Analytics")
environment = dpc.get_environment(project.id, config.get("environment") or "production")

orders = dpc.StreamingPipeline(
    "orders",
    project_id=project.id,
    agent_id=environment.default_agent_id,
    name="sqlserver-to-snowflake",
    streaming_source=dpc.SqlServerSource(
        connection=dpc.SqlServerConnection(
            host="sqlserver.example.com",
            port=1433,
            database="ProductionDB",
            username="streaming_user",
            password=dpc.SecretReference.azure("sqlserver-password", vault=VAULT),
            jdbc_properties={"encrypt": "true", "trustServerCertificate": "false"},
        ),
        tables=[dpc.Table("dbo", "Customers"), dpc.Table("sales", "Orders")],
    ),
    streaming_target=dpc.SnowflakeTarget(
        connection=dpc.SnowflakeConnection(
            account_name="myorg.us-east-1",
            username="STREAMING_USER",
            authentication=dpc.KeyPairAuthentication(
                private_key=dpc.SecretReference.azure("snowflake-private-key", vault=VAULT),
                passphrase=dpc.SecretReference.azure("snowflake-private-key-passphrase", vault=VAULT),
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
    advanced_properties={"max.batch.size": config.get_int("maxBatchSize") or 10000},
    running=True,
)

pulumi.export("projectId", project.id)
pulumi.export("defaultAgentID", environment.default_agent_id)
pulumi.export("streamingPipelineId", orders.streaming_pipeline_id)
pulumi.export("status", orders.status)
