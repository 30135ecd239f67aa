"""From MySQL to Google Cloud Storage."""

import pulumi

import pulumi_dpc as dpc

project = dpc.get_project("Analytics")
environment = dpc.get_environment(project.id, "production")

web = dpc.StreamingPipeline(
    "web",
    project_id=project.id,
    agent_id=environment.default_agent_id,
    name="mysql-to-gcs",
    streaming_source=dpc.MySqlSource(
        connection=dpc.MySqlConnection(
            host="10.20.0.5",
            port=3306,
            username="matillion_streaming",
            password=dpc.SecretReference.google("web-mysql-streaming"),
            jdbc_properties={"useSSL": "true"},
        ),
        # MySQL has no schemas below its databases, so the schema names the database.
        tables=[dpc.Table("web", "sessions"), dpc.Table("billing", "invoices")],
    ),
    streaming_target=dpc.GcsTarget(bucket="analytics-landing", prefix="streaming/web"),
    running=True,
)

pulumi.export("projectId", project.id)
pulumi.export("defaultAgentID", environment.default_agent_id)
pulumi.export("streamingPipelineId", web.streaming_pipeline_id)
pulumi.export("status", web.status)
