"""What the fault campaign found, a test for each, named after the symptom."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_dpc.emulator import GUIDE_PROJECT
from tests.engine.cli import NO_CLI, find_cli
from tests.stack.scenarios import failed, succeeded
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


@pytest.mark.parametrize(
    "kind",
    [
        "engine",
        pytest.param("cli", marks=[pytest.mark.cli, pytest.mark.skipif(find_cli() is None, reason=NO_CLI)]),
    ],
)
def test_renamed_with_an_alias_and_replaced_at_once_deletes_the_old_one(kind: str, tmp_path: Path) -> None:
    """The delete comes under the old name, and was taken for that of a resource whose pipeline lives on."""
    with World(kind, tmp_path) as world:
        world.up(
            resource("old", opts='text:pulumi.ResourceOptions(replace_on_changes=["advanced_properties"])')
        )
        first = world.pipeline.id
        opts = (
            'text:pulumi.ResourceOptions(aliases=[pulumi.Alias(name="old")],'
            ' replace_on_changes=["advanced_properties"])'
        )
        result = world.up(resource("new", EDITED, opts=opts))
        assert result.ok, result.text
        assert world.pipeline.id != first
        assert [entry["urn"].rpartition("::")[2] for entry in world.states()] == ["new"]
        succeeded(world.run("preview", expect_no_changes=True))


def test_the_line_that_adopts_is_obeyed_after_a_replacement_whose_post_was_lost(tmp_path: Path) -> None:
    """To the engine it is still the second half of a replacement, whose `import_` was taken for that of the first."""
    options = 'replace_on_changes=["advanced_properties"]'
    with World("engine", tmp_path) as world:
        world.up(resource(opts=f"text:pulumi.ResourceOptions({options})"))
        world.api.drop_next("after", match="POST *streaming-pipelines")
        world.api.fail_next(503, match="GET *streaming-pipelines", nth=1, times=None)
        failed(
            world.up(resource(definition=EDITED, opts=f"text:pulumi.ResourceOptions({options})")),
            "run `pulumi up` again",
        )
        world.api.clear_faults()
        made = f"{GUIDE_PROJECT}/{world.pipeline.id}"
        failed(world.up(), f'import_="{made}"')
        opts = f'text:pulumi.ResourceOptions({options}, import_="{made}")'
        result = world.up(resource(definition=EDITED, opts=opts))
        assert result.ok, result.text
        assert world.managed["id"] == made
        succeeded(world.run("preview", expect_no_changes=True))
