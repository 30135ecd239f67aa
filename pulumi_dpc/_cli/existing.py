"""What is to come under Pulumi, in plain values: the pipelines of a project and their agents, as the account has them.

How they are written is decided elsewhere (`generated`), so they may come from another place too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pulumi_dpc._api.client import PIPELINE_ID, DpcClient, is_definition
from pulumi_dpc._definition.agent import canonical as canonical_agent
from pulumi_dpc._definition.agent import may_be_streaming, mistakes, settings_of
from pulumi_dpc._definition.definition import canonical
from pulumi_dpc._names import AGENT_ID, DEFINITION, NAME
from pulumi_dpc._resources.streaming_agent.remote import MOST_WITNESSES, choose_witnesses
from pulumi_dpc._resources.streaming_pipeline.run_state import is_known, is_running
from pulumi_dpc.errors import NotFound

from .chosen import Chosen
from .run_states import Row, agents_by_id, statuses
from .words import progress, say

AgentChoice = Literal["used", "all", "none"]


@dataclass(frozen=True)
class ExistingPipeline:
    """A streaming pipeline.

    Attributes:
        project_id: Its project.
        pipeline_id: Its id there.
        label: What its resource is called after.
        definition: In the one spelling, without ids.
        status: Its status now; None where nobody asked.
        running: What the program is to say of its run state; None: nothing.
    """

    project_id: str
    pipeline_id: str
    label: str
    definition: Mapping[str, Any]
    status: str | None = None
    running: bool | None = None

    @property
    def id(self) -> str:
        """The resource id."""
        return f"{self.project_id}/{self.pipeline_id}".lower()


@dataclass(frozen=True)
class ExistingAgent:
    """A streaming agent that a program can say.

    Attributes:
        id: The resource id, as the service spells it.
        label: What its resource is called after.
        live: What the service shows of it.
        witnesses: What else its account has, as states record it.
    """

    id: str
    label: str
    live: Mapping[str, Any]
    witnesses: Sequence[str] = ()

    @property
    def inputs(self) -> dict[str, Any]:
        """What the program says of it: all that the service shows of what can be said."""
        return canonical_agent(settings_of(self.live))


@dataclass(frozen=True)
class Existing:
    """All that is to be written.

    Attributes:
        projects: The name of each project, by its id.
        api_url: Where everything is.
        agents: Those that become resources; a pipeline on another one says its id.
        pipelines: In the order of the program.
    """

    projects: Mapping[str, str]
    api_url: str
    agents: Sequence[ExistingAgent]
    pipelines: Sequence[ExistingPipeline]


def read_existing(
    client: DpcClient, chosen: Chosen, *, agents: AgentChoice = "used", says_running: bool = False
) -> Existing:
    """Return what the account has; what a person should know of it is said.

    Args:
        client: The account.
        chosen: The project, and which of its pipelines.
        agents: Which agents become resources: those of the pipelines, every streaming one, or none.
        says_running: The program is to say of each pipeline whether it runs. Each status is asked for that only.
    """
    project_id = str(chosen.project["id"])
    found = read_pipelines(client, chosen, says_running=says_running)
    # The order of a listing may be another one at the next run.
    pipelines = sorted(found, key=lambda one: (one.label.lower(), one.id))
    return Existing(
        {project_id.lower(): str(chosen.project.get("name"))},
        client.settings.api_url,
        [] if agents == "none" else list(_agents(client, project_id, pipelines, agents)),
        pipelines,
    )


def _say_left_out(pipeline: Row, why: str) -> None:
    say(f"{(pipeline.get(NAME) or pipeline[PIPELINE_ID])!r} {why}")


def read_pipelines(
    client: DpcClient,
    chosen: Chosen,
    *,
    says_running: bool,
    leave_out: Callable[[Row, str], None] = _say_left_out,
) -> Iterator[ExistingPipeline]:
    """Yield the chosen pipelines of a project, in the order of its listing.

    Args:
        client: The account.
        chosen: The project, and which of its pipelines.
        says_running: Each status is asked for.
        leave_out: Called with one that cannot be written, and a sentence about it that lacks only its name.
    """
    project_id, wanted = str(chosen.project["id"]), {id_.lower() for id_ in chosen.pipelines}
    there = [
        one
        for one in client.list_pipelines(project_id)
        if not wanted or str(one[PIPELINE_ID]).lower() in wanted
    ]
    seen: list[tuple[Row, str | None]] = [(one, None) for one in there]
    if says_running:
        seen = [*statuses(client, project_id, there)]
    for listed, status in progress(seen, "pipelines", total=len(seen)):
        whole = _whole(client, project_id, listed, leave_out)
        if whole is None:
            continue
        definition = {key: value for key, value in canonical(whole).items() if key in DEFINITION}
        running = is_running(status) if status is not None and is_known(status) else None
        label, pipeline_id = str(whole.get(NAME)), str(listed[PIPELINE_ID])
        if status is not None and running is None:
            say(f"{label!r}: its run state is not known now, so the program says nothing of it")
        yield ExistingPipeline(project_id.lower(), pipeline_id, label, definition, status, running)


def _whole(
    client: DpcClient, project_id: str, listed: Row, leave_out: Callable[[Row, str], None]
) -> Row | None:
    """Return the whole definition, where the listing has only a part of it too; None for one that is left out."""
    pipeline_id = listed[PIPELINE_ID]
    if is_definition(listed, pipeline_id):
        return listed
    try:
        found = client.get_pipeline_as_it_is(project_id, pipeline_id)
    except NotFound:
        leave_out(listed, "has been deleted meanwhile")
        return None
    if is_definition(found, pipeline_id):
        return found
    lacking = [key for key in (NAME, AGENT_ID, "streamingSource", "streamingTarget") if not found.get(key)]
    why = (
        f"the service has no {' and no '.join(lacking)} of it"
        if lacking
        else "what the service has is no definition"
    )
    leave_out(listed, f"is left out, because it is not finished: {why}")
    return None


def _agents(
    client: DpcClient, project_id: str, pipelines: Sequence[ExistingPipeline], choice: AgentChoice
) -> Iterator[ExistingAgent]:
    there = agents_by_id(client) if pipelines or choice == "all" else {}
    used = {str(one.definition.get(AGENT_ID)).lower(): one.label for one in pipelines}
    for agent_id, label in used.items():
        if there and not (agent_id in there and may_be_streaming(there[agent_id])):
            say(
                f"{label!r}: its agent {agent_id} is no streaming agent of this account, so its id is written"
            )
    labels = {key: str(live.get(NAME)) for key, live in there.items() if choice == "all" or key in used}
    yield from resources_of(there, labels, [project_id])


def resources_of(
    there: Mapping[str, Mapping[str, Any]], labels: Mapping[str, str], project_ids: Iterable[str]
) -> Iterator[ExistingAgent]:
    """Yield the agents that can be resources, by name; of a streaming one that cannot, it is said why.

    Args:
        there: Every agent of the account, by id in lower case.
        labels: What the resource of each wanted one is called after, by id in lower case.
        project_ids: Projects of the account.
    """
    # Whichever of these is the agent itself, enough are left.
    lasting = sorted(there.values(), key=may_be_streaming)[: MOST_WITNESSES + 1]
    for key, live in sorted(there.items(), key=lambda one: (str(one[1].get(NAME)).lower(), one[0])):
        if key not in labels or not may_be_streaming(live):
            continue
        refused = mistakes(canonical_agent(settings_of(live)))
        if refused:
            name = str(live.get(NAME))
            say(f"the agent {name!r} gets no resource, only its id is written, because of {refused[0]}")
        else:
            witnesses = choose_witnesses(key, lasting, lambda: project_ids)
            yield ExistingAgent(str(live[AGENT_ID]), labels[key], live, witnesses)
