"""A pipeline beside its database: an address that is not known yet, a secret, and a part that others own."""

import pulumi
from database import Database

import pulumi_dpc as dpc

config = pulumi.Config()
project = dpc.get_project("Analytics")
environment = dpc.get_environment(project.id, "production")

database = Database("shop")  # in your program: aws.rds.Instance, azure-native, gcp.sql, a StackReference...

shop = dpc.StreamingPipeline(
    "shop",
    project_id=project.id,
    agent_id=environment.default_agent_id,
    name="shop-to-s3",
    streaming_source=dpc.PostgresSource(
        connection=dpc.PostgresConnection(
            # Outputs at any depth. What is known is checked in the preview even while these are not.
            host=database.host,
            port=database.port,
            database="shop",
            username="matillion_streaming",
            # The password itself never passes through Pulumi: the agent reads it from its vault.
            password=dpc.SecretReference.aws("rds/shop/streaming", key="password"),
            # A secret that has to pass through is ciphertext in the state and hidden in every preview.
            jdbc_properties={"sslmode": "verify-full", "sslpassword": config.require_secret("sslPassword")},
        ),
        tables=[dpc.Table("public", "orders")],
    ),
    streaming_target=dpc.S3Target(bucket="analytics-landing", prefix="streaming/shop"),
    advanced_properties={"max.batch.size": 10000},
    running=True,
    # The operators tune these in the Matillion UI; their values stay, whatever this program says.
    opts=pulumi.ResourceOptions(ignore_changes=["advanced_properties"]),
)

pulumi.export("projectId", project.id)
pulumi.export("defaultAgentID", environment.default_agent_id)
pulumi.export("streamingPipelineId", shop.streaming_pipeline_id)
pulumi.export("status", shop.status)
