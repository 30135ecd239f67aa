"""What the errors of a run tell a person to do, in the words of the place where that person is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WaysOut:
    """What to do, for each kind of failure; these are the words for a program.

    Attributes:
        longer_wait: A wait was too short.
        agent_away: The agent is not connected; it was named before.
        start_failed: A start has failed; where its cause is found was said before.
        interrupted: A wait was interrupted.
        agent_taken: The agent runs another pipeline, which was named before.
        agent_taken_by_ours: It runs another pipeline of the same program.
        start_refused: A START was refused, and nobody sees why.
    """

    longer_wait: str = "custom_timeouts allows a longer wait"
    agent_away: str = (
        "Start that agent, or give the pipeline another one with agent_id, and run `pulumi up` again"
    )
    start_failed: str = "Run `pulumi up` again once the cause is fixed"
    interrupted: str = "the next command goes on"
    agent_taken: str = (
        "Stop that one, or choose another agent with agent_id, and run `pulumi up` again; if it is removed from this"
        " program, `pulumi up --continue-on-error` deletes it first"
    )
    agent_taken_by_ours: str = (
        "This program has that one too: set running=False on one of the two, or give one of them a third agent, run"
        " `pulumi up`, and then make the change"
    )
    start_refused: str = "stop that one or choose another agent with agent_id"


IN_A_PROGRAM = WaysOut()
