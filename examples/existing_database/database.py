"""A stand-in for the database that a cloud provider's package makes, so that this example runs without a cloud."""

from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider


class _Provider(ResourceProvider):
    def create(self, props: dict[str, Any]) -> CreateResult:
        host = f"{props['name']}.cluster-c1a2b3.eu-west-1.rds.amazonaws.com"
        return CreateResult(props["name"], {**props, "host": host, "port": 5432})


class Database(Resource):
    """Stand for, say, ``aws.rds.Instance``: its address is not known before it is there."""

    host: pulumi.Output[str]
    port: pulumi.Output[int]

    def __init__(self, resource_name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(
            _Provider(), resource_name, {"name": resource_name, "host": None, "port": None}, opts
        )
