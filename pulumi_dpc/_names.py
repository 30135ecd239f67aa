"""The names in users' state files: they change only with a migration and a test that loads the old state.

They stand apart from what is done with them, because a program needs only the names.
"""

from __future__ import annotations

PROJECT_ID = "projectId"
NAME = "name"
AGENT_ID = "agentId"
RUNNING = "running"
WAIT = "wait"
INTERRUPT_SNAPSHOT = "interruptSnapshot"
STATUS = "status"
API_URL = "apiUrl"

DEFINITION = (NAME, AGENT_ID, "streamingSource", "streamingTarget", "advancedProperties")
OPTIONS = (WAIT, INTERRUPT_SNAPSHOT)
INPUTS = (PROJECT_ID, *DEFINITION, RUNNING, *OPTIONS)
OUTPUTS = (*INPUTS, STATUS, API_URL)

GIVEN_RUNNING = "__running"
"""What the program wanted at the last operation; absent when `running` was not given."""
UNFINISHED = "__unfinished"
"""A write was sent and its result never seen."""
RESUME = "__resume"
"""It ran when that operation began, and a start is owed."""
SECRETS = "__secrets"
"""The properties that are kept as secrets whole: they hold an earlier program's values, any of which may be one."""
NOT_STORED = "__not_stored"
"""Where the service stores something else than was written, and what; always a secret."""
DRIFT = "__drift"
"""Where a refresh has found something else than was last written or seen; absent after the next update."""
SECRET_PATHS = "__secret_paths"  # noqa: S105 - the name of a property
"""Where the program's values are secrets; absent when none is."""
IMPORT_ID = "__import_id"
"""The id that `import_` named."""

STREAMING_PIPELINE_TYPE = "pulumi-python:dynamic/dpc:StreamingPipeline"
"""The type of the resource."""
STREAMING_AGENT_TYPE = "pulumi-python:dynamic/dpc:StreamingAgent"
"""The type of the resource for an agent."""
PREVIEW = "__preview"
"""Set by the program while it is previewed, for `check` alone, which never returns it: no state has it."""
PROVIDER = "__provider"
"""The serialised provider, which the engine sends with every request."""

EXPLICIT = "dpc:explicit"
"""Set in the configuration of an explicit ``Provider``, whose values win over the environment."""

DESCRIPTION = "description"
CLOUD_PROVIDER = "cloudProvider"
DEPLOYMENT = "deployment"
RESTRICTED_ACCESS = "restrictedAccess"
TRACK_NAME = "trackName"
VERSION_DETAILS = "versionDetails"

AGENT_INPUTS = (NAME, DESCRIPTION, CLOUD_PROVIDER, DEPLOYMENT, RESTRICTED_ACCESS, TRACK_NAME)
AGENT_OUTPUTS = (*AGENT_INPUTS, AGENT_ID, "agentStatus", "connected", VERSION_DETAILS, API_URL)

GIVEN = "__given"
"""Of an agent: which of the properties that need not be given the program gave at the last operation."""
WITNESSES = "__witnesses"
"""Of an agent: what else its account has. Credentials that see none of it may be those of another account."""
