"""From Db2 for IBM i to Azure Blob Storage."""

import pulumi

import pulumi_dpc as dpc

project = dpc.get_project("Analytics")
environment = dpc.get_environment(project.id, "production")

stock = dpc.StreamingPipeline(
    "stock",
    project_id=project.id,
    agent_id=environment.default_agent_id,
    name="db2ibmi-to-abs",
    streaming_source=dpc.Db2IbmISource(
        connection=dpc.Db2IbmIConnection(
            host="as400.internal.example.com",
            port=8471,
            username="MTLSTREAM",
            password=dpc.SecretReference.azure("db2-password", vault="streaming-key-vault"),
            jdbc_properties={"secure": "true", "date format": "iso"},
        ),
        # Each table must be journaled: changes are read from the journal.
        tables=[dpc.Table("WAREHOUSE", "STOCK"), dpc.Table("WAREHOUSE", "MOVEMENTS")],
    ),
    streaming_target=dpc.AzureBlobTarget(
        account_name="analyticslanding",
        account_key=dpc.SecretReference.azure("landing-account-key", vault="streaming-key-vault"),
        container="streaming",
        prefix="stock",
    ),
    running=True,
)

pulumi.export("projectId", project.id)
pulumi.export("defaultAgentID", environment.default_agent_id)
pulumi.export("streamingPipelineId", stock.streaming_pipeline_id)
pulumi.export("status", stock.status)
