"""The definition file of Matillion's guide, as it is."""

import pulumi

import pulumi_dpc as dpc

project = dpc.get_project("Analytics")
environment = dpc.get_environment(project.id, "production")

orders = dpc.StreamingPipeline.from_definition(
    "orders",
    "streaming-pipeline.json",
    project_id=project.id,
    # What is given here wins over the file, so that one file serves every environment.
    agent_id=environment.default_agent_id,
    running=True,
)

pulumi.export("projectId", project.id)
pulumi.export("defaultAgentID", environment.default_agent_id)
pulumi.export("streamingPipelineId", orders.streaming_pipeline_id)
pulumi.export("status", orders.status)
