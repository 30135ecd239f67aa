"""From Microsoft SQL Server to Azure Blob Storage."""

import pulumi

import pulumi_dpc as dpc

project = dpc.get_project("Analytics")
environment = dpc.get_environment(project.id, "production")

VAULT = "streaming-key-vault"

sales = dpc.StreamingPipeline(
    "sales",
    project_id=project.id,
    agent_id=environment.default_agent_id,
    name="sqlserver-to-abs",
    streaming_source=dpc.SqlServerSource(
        connection=dpc.SqlServerConnection(
            host="sales-sql.internal.example.com",
            port=1433,
            database="Sales",
            username="matillion_streaming",
            password=dpc.SecretReference.azure("sqlserver-password", vault=VAULT),
            # Strings, although they look like booleans: JDBC properties are text.
            jdbc_properties={"encrypt": "true", "trustServerCertificate": "false"},
        ),
        # CDC must be enabled for the database and for each of these tables.
        tables=[dpc.Table("dbo", "Customers"), dpc.Table("sales", "Orders")],
    ),
    streaming_target=dpc.AzureBlobTarget(
        account_name="analyticslanding",
        account_key=dpc.SecretReference.azure("landing-account-key", vault=VAULT),
        container="streaming",
        prefix="sales",
    ),
    running=True,
)

pulumi.export("projectId", project.id)
pulumi.export("defaultAgentID", environment.default_agent_id)
pulumi.export("streamingPipelineId", sales.streaming_pipeline_id)
pulumi.export("status", sales.status)
