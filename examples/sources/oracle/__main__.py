"""From Oracle to Amazon S3."""

import pulumi

import pulumi_dpc as dpc

project = dpc.get_project("Analytics")
environment = dpc.get_environment(project.id, "production")

erp = dpc.StreamingPipeline(
    "erp",
    project_id=project.id,
    agent_id=environment.default_agent_id,
    name="oracle-to-s3",
    streaming_source=dpc.OracleSource(
        connection=dpc.OracleConnection(
            host="erp-scan.internal.example.com",
            port=1521,
            # LogMiner reads the redo log of the container database; the tables are in the pluggable one.
            database="ERPCDB",
            pdb="ERP",
            username="C##MATILLION",
            password=dpc.SecretReference.aws("oracle/erp/streaming", key="password"),
            # The driver's default of 10 rows a round trip makes the snapshot of a large table slow.
            jdbc_properties={"defaultRowPrefetch": "1000"},
        ),
        tables=[dpc.Table("GL", "JE_HEADERS"), dpc.Table("GL", "JE_LINES")],
    ),
    streaming_target=dpc.S3Target(
        bucket="analytics-landing", prefix="streaming/erp", decimal_mapping="LOGICAL"
    ),
    running=True,
)

pulumi.export("projectId", project.id)
pulumi.export("defaultAgentID", environment.default_agent_id)
pulumi.export("streamingPipelineId", erp.streaming_pipeline_id)
pulumi.export("status", erp.status)
