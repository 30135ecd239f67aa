"""Moving a running pipeline to another agent: it is not stopped before that agent is free, or about to be."""

from __future__ import annotations

from pulumi_dpc._definition.comparison import is_same
from pulumi_dpc._names import AGENT_ID
from pulumi_dpc._resources.polling import poll_delay

from .commands import find_agent_user, raise_unless_worth_waiting
from .plan import Live, Plan, Step
from .remote import RemotePipeline
from .waiting import RunContext

_AGENT = (AGENT_ID,)


def await_free_agent(pipeline: RemotePipeline, plan: Plan, live: Live, context: RunContext) -> None:
    """Wait until the agent to which this plan moves a running pipeline is free.

    It is enough that the update of the pipeline on it has begun, and takes it away. Two pipelines that swap their
    agents therefore do not wait for each other.

    Raises:
        DpcError: The agent runs another pipeline, and nothing in this command is going to change that.
    """
    if not {Step.STOP, Step.START} <= set(plan.steps) or is_same(live.definition, plan.body, _AGENT):
        return
    agent_id = str(plan.body[AGENT_ID])
    began, attempt = context.clock.now(), 0
    while True:
        user = find_agent_user(agent_id, pipeline)
        if user is None or (context.has_begun(user.id) and context.may_leave(user.id, agent_id)):
            return
        raise_unless_worth_waiting(user, agent_id, context, context.clock.now() - began)
        attempt += 1
        context.clock.sleep(poll_delay(attempt))
