"""Matillion Data Productivity Cloud streaming pipelines as code: a Pulumi dynamic provider.

``import pulumi_dpc`` adds little to ``import pulumi``: models, settings and client are loaded when they are first used,
pydantic and HTTP when a definition is checked and a request is made.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ._program.agent_credentials import (
    AgentCredentials,
    get_agent_credentials,
    get_agent_credentials_output,
)
from ._program.agent_lookups import get_agent, get_agent_output, get_agents, get_agents_output
from ._program.found import Agent, Environment, ListedStreamingPipeline, LiveStreamingPipeline, Project
from ._program.interruption import silence_interrupts
from ._program.lookups import (
    get_environment,
    get_environment_output,
    get_environments,
    get_environments_output,
    get_project,
    get_project_output,
    get_projects,
    get_projects_output,
)
from ._program.pipeline_lookups import (
    get_streaming_pipeline,
    get_streaming_pipeline_output,
    get_streaming_pipelines,
    get_streaming_pipelines_output,
)
from ._program.provider import Provider
from ._program.streaming_agent import StreamingAgent
from ._program.streaming_pipeline import StreamingPipeline
from ._version import __version__
from .errors import (
    ApiError,
    ConfigurationError,
    Conflict,
    DpcError,
    InvalidDefinition,
    LookupFailed,
    NotFound,
    OutcomeUnknown,
    StartFailed,
    WaitTimedOut,
)

if TYPE_CHECKING:
    from ._api.settings import Settings
    from ._definition.mappings import (
        AzureBlobTargetDict,
        Db2IbmIConnectionDict,
        Db2IbmISourceDict,
        GcsTargetDict,
        KeyPairAuthenticationDict,
        MySqlConnectionDict,
        MySqlSourceDict,
        OracleConnectionDict,
        OracleSourceDict,
        PipelineDefinitionDict,
        PostgresConnectionDict,
        PostgresSourceDict,
        S3TargetDict,
        SecretReferenceDict,
        SnowflakeConnectionDict,
        SnowflakeTargetDict,
        SourceDict,
        SqlServerConnectionDict,
        SqlServerSourceDict,
        TableDict,
        TargetDict,
    )
    from ._definition.models import (
        AzureBlobTarget,
        Db2IbmIConnection,
        Db2IbmISource,
        GcsTarget,
        KeyPairAuthentication,
        MySqlConnection,
        MySqlSource,
        OracleConnection,
        OracleSource,
        PipelineDefinition,
        PostgresConnection,
        PostgresSource,
        S3Target,
        SecretReference,
        SnowflakeConnection,
        SnowflakeTarget,
        SqlServerConnection,
        SqlServerSource,
        Table,
    )
    from ._program.client import DpcClient

__all__ = [
    "Agent",
    "AgentCredentials",
    "ApiError",
    "AzureBlobTarget",
    "AzureBlobTargetDict",
    "ConfigurationError",
    "Conflict",
    "Db2IbmIConnection",
    "Db2IbmIConnectionDict",
    "Db2IbmISource",
    "Db2IbmISourceDict",
    "DpcClient",
    "DpcError",
    "Environment",
    "GcsTarget",
    "GcsTargetDict",
    "InvalidDefinition",
    "KeyPairAuthentication",
    "KeyPairAuthenticationDict",
    "ListedStreamingPipeline",
    "LiveStreamingPipeline",
    "LookupFailed",
    "MySqlConnection",
    "MySqlConnectionDict",
    "MySqlSource",
    "MySqlSourceDict",
    "NotFound",
    "OracleConnection",
    "OracleConnectionDict",
    "OracleSource",
    "OracleSourceDict",
    "OutcomeUnknown",
    "PipelineDefinition",
    "PipelineDefinitionDict",
    "PostgresConnection",
    "PostgresConnectionDict",
    "PostgresSource",
    "PostgresSourceDict",
    "Project",
    "Provider",
    "S3Target",
    "S3TargetDict",
    "SecretReference",
    "SecretReferenceDict",
    "Settings",
    "SnowflakeConnection",
    "SnowflakeConnectionDict",
    "SnowflakeTarget",
    "SnowflakeTargetDict",
    "SourceDict",
    "SqlServerConnection",
    "SqlServerConnectionDict",
    "SqlServerSource",
    "SqlServerSourceDict",
    "StartFailed",
    "StreamingAgent",
    "StreamingPipeline",
    "Table",
    "TableDict",
    "TargetDict",
    "WaitTimedOut",
    "__version__",
    "get_agent",
    "get_agent_credentials",
    "get_agent_credentials_output",
    "get_agent_output",
    "get_agents",
    "get_agents_output",
    "get_environment",
    "get_environment_output",
    "get_environments",
    "get_environments_output",
    "get_project",
    "get_project_output",
    "get_projects",
    "get_projects_output",
    "get_streaming_pipeline",
    "get_streaming_pipeline_output",
    "get_streaming_pipelines",
    "get_streaming_pipelines_output",
]

silence_interrupts()

_LOADED_ON_FIRST_USE = {"DpcClient": "_program.client", "Settings": "_api.settings"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Everything that is public and not loaded above is a model or its mapping, but for the two named here.
    otherwise = "_definition.mappings" if name.endswith("Dict") else "_definition.models"
    module = importlib.import_module(f".{_LOADED_ON_FIRST_USE.get(name, otherwise)}", __name__)
    return getattr(module, name)


def __dir__() -> list[str]:
    return sorted(__all__)
