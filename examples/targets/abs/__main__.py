"""From PostgreSQL to Azure Blob Storage."""

import pulumi

import pulumi_dpc as dpc

project = dpc.get_project("Analytics")
environment = dpc.get_environment(project.id, "production")

shop = dpc.StreamingPipeline(
    "shop",
    project_id=project.id,
    agent_id=environment.default_agent_id,
    name="shop-to-abs",
    streaming_source=dpc.PostgresSource(
        connection=dpc.PostgresConnection(
            host="shop-db.internal.example.com",
            port=5432,
            database="shop",
            username="matillion_streaming",
            password=dpc.SecretReference.azure("shop-password", vault="streaming-key-vault"),
        ),
        tables=[dpc.Table("public", "orders")],
    ),
    streaming_target=dpc.AzureBlobTarget(
        account_name="analyticslanding",
        # Unlike for S3 and GCS, the agent needs the storage account's key.
        account_key=dpc.SecretReference.azure("landing-account-key", vault="streaming-key-vault"),
        container="streaming",
        prefix="shop",
        decimal_mapping="LOGICAL",
    ),
    running=True,
)

pulumi.export("projectId", project.id)
pulumi.export("defaultAgentID", environment.default_agent_id)
pulumi.export("streamingPipelineId", shop.streaming_pipeline_id)
pulumi.export("status", shop.status)
