"""What Terraform manages of an account, as it is there now: its state says which, the service says what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pulumi_dpc._api.client import PIPELINE_ID, DpcClient
from pulumi_dpc._definition.agent import is_streaming
from pulumi_dpc.errors import ConfigurationError, LookupFailed

from .chosen import Chosen
from .existing import AgentChoice, Existing, ExistingAgent, ExistingPipeline, read_pipelines, resources_of
from .run_states import Row, agents_by_id
from .terraform_state import Held, TerraformState
from .words import counted, say


@dataclass(frozen=True)
class Moved:
    """What moves from Terraform to Pulumi.

    Attributes:
        existing: As the service has it.
        addresses: At which addresses Terraform has it.
    """

    existing: Existing
    addresses: Sequence[str]


def read_moved(client: DpcClient, state: TerraformState, *, agents: AgentChoice, says_running: bool) -> Moved:
    """Return what the account has of a state; what it has not is said, and left out.

    Args:
        client: The account.
        state: Terraform's.
        agents: Which agents become resources: those of the state, every streaming one, or none.
        says_running: The program is to say of each pipeline whether it runs.

    Raises:
        ConfigurationError: The state has agents alone, and they are not wanted.
        LookupFailed: The account has nothing of it, or nothing that can be written.
    """
    if agents == "none" and not state.pipelines:
        raise ConfigurationError(f"{state.name}: has agents alone, which --agents none leaves out")
    projects = {str(one["id"]).lower(): str(one.get("name")) for one in client.list_projects()}
    needs_agents = agents == "all" or (agents == "used" and state.agents)
    there = agents_by_id(client) if needs_agents else {}
    _hold_same_account(client, state, {*projects, *there})
    held_pipelines = _by_id(state.pipelines)
    pipelines = sorted(
        _pipelines(client, held_pipelines, projects, says_running=says_running),
        key=lambda one: (one.label.lower(), one.id),
    )
    held_agents = {} if agents == "none" else _by_id(state.agents)
    ours = {one.project_id for one in pipelines}
    found = [] if agents == "none" else list(_agents(there, held_agents, ours or projects, choice=agents))
    ids = {one.pipeline_id.lower() for one in pipelines} | {one.id.lower() for one in found}
    addresses = [
        one.address
        for key, held in [*held_agents.items(), *held_pipelines.items()]
        if key in ids
        for one in held
    ]
    if not addresses:
        raise LookupFailed(f"{state.name}: nothing of it can come under Pulumi, for the reasons above")
    names = {id_: name for id_, name in projects.items() if id_ in ours}
    return Moved(Existing(names, client.settings.api_url, found, pipelines), addresses)


def _hold_same_account(client: DpcClient, state: TerraformState, there: Container[str]) -> None:
    """Raise at once if an account has no project and no agent of a state: a word about each of them would hide why.

    Raises:
        LookupFailed: It is another account.
    """
    wanted = {one.project_id.lower() for one in state.pipelines} | {one.id.lower() for one in state.agents}
    if not any(id_ in there for id_ in wanted):
        raise LookupFailed(
            f"nothing of {state.name} is at {client.settings.api_url} with these credentials: give the region and the"
            " credentials of the account that Terraform has used"
        )


def _by_id(held: Iterable[Held]) -> dict[str, list[Held]]:
    """Return what Terraform has, by the service's id in lower case; one that it has twice becomes one resource."""
    found: dict[str, list[Held]] = defaultdict(list)
    for one in held:
        found[one.id.lower()].append(one)
    for first, *others in found.values():
        for other in others:
            say(f"{other.address}: is the same as {first.address}, and becomes one resource with it")
    return found


def _pipelines(
    client: DpcClient, held: Mapping[str, Sequence[Held]], projects: Mapping[str, str], *, says_running: bool
) -> Iterator[ExistingPipeline]:
    of_projects: dict[str, dict[str, Held]] = defaultdict(dict)
    for first, *_ in held.values():
        of_projects[first.project_id.lower()][first.id.lower()] = first
    for project_id, wanted in of_projects.items():
        if project_id not in projects:
            say(
                f"the project {project_id} is not visible with these credentials, so"
                f" {counted(wanted, 'streaming pipeline')} of it {'is' if len(wanted) == 1 else 'are'} left out:"
                f" {', '.join(one.address for one in wanted.values())}"
            )
            continue
        chosen = Chosen({"id": project_id, "name": projects[project_id]}, tuple(wanted))
        leave_out = partial(_say_left_out, wanted)
        for one in read_pipelines(client, chosen, says_running=says_running, leave_out=leave_out):
            yield replace(one, label=wanted.pop(one.pipeline_id.lower()).label)
        _say_missing(wanted.values())


def _say_left_out(wanted: dict[str, Held], pipeline: Row, why: str) -> None:
    say(f"{wanted.pop(str(pipeline[PIPELINE_ID]).lower()).address}: {pipeline.get('name')!r} {why}")


def _agents(
    there: Mapping[str, Mapping[str, Any]],
    held: Mapping[str, Sequence[Held]],
    projects: Iterable[str],
    *,
    choice: AgentChoice,
) -> Iterator[ExistingAgent]:
    labels = {key: first.label for key, (first, *_) in held.items()}
    if choice == "all":
        labels = {key: str(live.get("name")) for key, live in there.items()} | labels
    found = list(resources_of(there, labels, projects))
    yield from sorted(found, key=lambda one: (one.label.lower(), one.id))
    written = {one.id.lower() for one in found}
    for key, (first, *_) in held.items():
        if key not in written:
            _say_without_resource(first, there)


def _say_without_resource(held: Held, there: Mapping[str, Mapping[str, Any]]) -> None:
    live = there.get(held.id.lower())
    if live is None and there:
        _say_missing([held])
        return
    why = "these credentials see no agent"
    if live is not None:
        name = repr(str(live.get("name")))
        why = f"the agent {name} {'gets no resource' if is_streaming(live) else 'is no streaming agent'}"
    say(f"{held.address}: {why}, so it is left out, and Terraform keeps it ({held.id})")


def _say_missing(held: Iterable[Held]) -> None:
    for one in held:
        say(f"{one.address}: the service does not have it any more ({one.id}), so it is left out")
