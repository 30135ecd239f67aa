"""What the fault campaign found, a test for each, named after the symptom."""

from __future__ import annotations

from pathlib import Path

from tests.scenarios import failed, succeeded
from tests.worlds import World, edited, resource

COMMANDS = "POST *commands"
STATUS = "GET *status"
EDITED = edited(advancedProperties={"max.batch.size": 20000})


def test_a_start_whose_answer_is_lost_is_not_called_stopped(tmp_path: Path) -> None:
    """The last status seen was that before the START, and the error repeated it as if it were so."""
    with World("engine", tmp_path, env={"DPC_TIMEOUT": "5"}) as world:
        world.up(resource(running=False))
        world.api.drop_next("after", match=COMMANDS)
        world.api.fail_next(503, match=STATUS, nth=1, times=None)
        failed(world.up(resource(running=True)), "orders-pipeline:", "Whether it runs is not known.")


def test_an_edit_whose_stop_is_lost_from_sight_is_owed_a_start(tmp_path: Path) -> None:
    """Where `running` is not given only the state can know that it ran; the next `up` left it stopped."""
    with World("engine", tmp_path) as world:
        world.up(resource())
        world.api.start(world.pipeline.id)
        world.api.drop_next("after", match=COMMANDS)
        world.api.fail_next(503, match=STATUS, nth=1, times=None)
        failed(world.up(resource(definition=EDITED)), "Whether it runs is not known.")
        world.api.clear_faults()
        succeeded(world.up(), ("orders", "update"))
        assert world.pipeline.status == "STREAMING"
        assert world.pipeline.definition["advancedProperties"] == EDITED["advancedProperties"]
