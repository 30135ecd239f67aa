"""An existing pipeline taken into the program by `import_`, and nothing adopted by mistake."""

from __future__ import annotations

import pytest

from pulumi_dpc.emulator import GUIDE_AGENT, GUIDE_PROJECT
from tests.stack.scenarios import failed, succeeded
from tests.worlds import DEFINITION, World, edited, resource

CHANGED = edited(advancedProperties={"max.batch.size": 1})
EDITED = edited(advancedProperties={"max.batch.size": 20000})


def test_a_rename_adopted_by_an_id_in_another_case_keeps_the_pipeline(world: World) -> None:
    world.up(resource("old", running=True))
    living = world.pipeline.id
    opts = f'text:pulumi.ResourceOptions(import_="{GUIDE_PROJECT}/{living}".upper())'
    succeeded(world.up(resource("new", running=True, opts=opts)), ("new", "create"), ("old", "delete"))
    assert world.pipeline.id == living
    assert world.pipeline.status == "STREAMING"


def test_a_replacement_of_an_adopted_pipeline_is_created_afresh(world: World) -> None:
    """`import_` left in the program names the pipeline that the replacement has just deleted."""
    existing = world.api.add_pipeline(DEFINITION, status="STREAMING")
    given = (
        f'text:pulumi.ResourceOptions(import_="{GUIDE_PROJECT}/{existing}",'
        ' replace_on_changes=["advanced_properties"])'
    )
    world.up(resource(running=True, opts=given))
    result = world.up(resource(definition=CHANGED, running=True, opts=given))
    assert result.ok, result.text
    again = world.up(resource(running=True, opts=given))
    assert again.ok, again.text
    assert world.pipeline.id != existing
    assert world.pipeline.status == "STREAMING"


@pytest.mark.parametrize("running", [True, False])
def test_what_was_adopted_without_a_status_is_looked_at_by_the_next_up(running: bool, world: World) -> None:
    """What was wanted was recorded as if it had been seen, so nothing ever started, or stopped, it."""
    existing = world.api.add_pipeline(DEFINITION, status="NOT_RUNNING" if running else "STREAMING")
    world.api.agent_offline(GUIDE_AGENT)
    opts = f'text:pulumi.ResourceOptions(import_="{GUIDE_PROJECT}/{existing}")'
    adopted = world.up(resource(running=running, opts=opts))
    assert adopted.ok, adopted.text
    assert any("its status is UNKNOWN" in warning for warning in adopted.warnings())
    world.api.agent_online(GUIDE_AGENT)
    succeeded(world.up(), ("orders", "update"))
    assert world.pipeline.running == running
    succeeded(world.run("preview", expect_no_changes=True))


def test_an_adoption_needs_to_know_whether_it_runs(world: World) -> None:
    """With `running` not given, an edit would leave it as it was found, and nobody knows how that is."""
    existing = world.api.add_pipeline(DEFINITION, status="STREAMING")
    opts = f'text:pulumi.ResourceOptions(import_="{GUIDE_PROJECT}/{existing}")'
    world.api.agent_offline(GUIDE_AGENT)
    failed(world.up(resource(opts=opts)), "running: the program does not give it", "UNKNOWN")
    world.api.agent_online(GUIDE_AGENT)
    succeeded(world.up(), ("orders", "create"))
    assert world.outputs()["running"] is True


def test_import_of_another_pipeline_by_a_managed_resource_is_refused(world: World) -> None:
    """It was ignored, and the next edit would have made the old pipeline a copy of the other one."""
    first = world.api.add_pipeline(DEFINITION)
    other = world.api.add_pipeline(edited(name="other"))
    opts = 'text:pulumi.ResourceOptions(import_="{}/{}")'
    world.up(resource(opts=opts.format(GUIDE_PROJECT, first)))
    pointed = opts.format(GUIDE_PROJECT, other)
    result = succeeded(world.up(resource(opts=pointed)))
    assert any(f"this resource manages {GUIDE_PROJECT}/{first}" in text for text in result.warnings())
    failed(world.up(resource(definition=CHANGED, opts=pointed)), f"manages {GUIDE_PROJECT}/{first}")
    assert world.api.pipeline(first).definition["advancedProperties"] == DEFINITION["advancedProperties"]
    succeeded(world.up(resource(opts=opts.format(GUIDE_PROJECT, first))))


def test_two_resources_never_hold_one_pipeline_in_whichever_order_they_come(world: World) -> None:
    """The program's resources register at once, so the adopting one may come before the one that manages it."""
    world.up(resource("first"))
    living = world.pipeline.id
    opts = f'text:pulumi.ResourceOptions(import_="{GUIDE_PROJECT}/{living}")'
    programs = [
        resource("second", opts=opts),
        resource("first", opts="text:pulumi.ResourceOptions(depends_on=[second])"),
    ]
    world.write(*programs)
    failed(world.run("preview"), f"the pipeline {living} is managed already, by the resource", "::second")
    failed(world.up(*programs), f"the pipeline {living} is managed already, by the resource")
    succeeded(world.up(resource("first")), ("second", "delete"))
    assert world.pipeline.id == living
    assert [entry["urn"].rpartition("::")[2] for entry in world.states()] == ["first"]


def test_the_line_that_adopts_is_obeyed_after_a_replacement_whose_post_was_lost(world: World) -> None:
    """To the engine it is still the second half of a replacement, whose `import_` was taken for that of the first."""
    options = 'replace_on_changes=["advanced_properties"]'
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
