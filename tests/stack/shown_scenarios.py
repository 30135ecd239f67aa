"""Scenarios of what a command shows: which paths have drifted, what an adoption compares, and whose resource it is."""

from __future__ import annotations

from typing import Any

from pulumi_dpc.emulator import GUIDE_PROJECT
from pulumi_dpc.testing._engine.stack import Result
from tests.stack.scenarios import failed, scenario, succeeded
from tests.worlds import DEFINITION, World, edited, resource

TARGET = DEFINITION["streamingTarget"]
EDITED = edited(streamingTarget={**TARGET, "prefix": "somebody's"})
OPTIONS = "text:pulumi.ResourceOptions"


def changed_keys(result: Result) -> list[str]:
    """Return the properties that the update of a preview shows."""
    assert result.ok, result.text
    return sorted(key for step in result.steps if step.op == "update" for key in step.keys)


def adopting(pipeline_id: str, **arguments: Any) -> str:
    """Return a resource that adopts a pipeline."""
    return resource(opts=f'{OPTIONS}(import_="{GUIDE_PROJECT}/{pipeline_id}")', **arguments)


@scenario
def stop_by_hand_shows_as_that_alone(world: World) -> None:
    """The whole definition was printed around it, and no path was told to programs that read `--json`."""
    world.up(resource(running=True))
    world.api.stop(world.pipeline.id)
    assert changed_keys(world.run("preview", refresh=True)) == ["running"]


@scenario
def field_changed_by_hand_shows_as_that_alone(world: World) -> None:
    world.up(resource(running=True))
    world.api.edit(world.pipeline.id, EDITED)
    assert changed_keys(world.run("preview", refresh=True)) == ["streamingTarget"]


@scenario
def stop_and_change_by_hand_show_both(world: World) -> None:
    world.up(resource(running=True))
    world.api.edit(world.pipeline.id, EDITED)
    world.api.stop(world.pipeline.id)
    assert changed_keys(world.run("preview", refresh=True)) == ["running", "streamingTarget"]


@scenario
def stop_by_hand_after_a_failed_edit_shows_as_that_alone(world: World) -> None:
    """What the failed edit owes forces an update too, but says less than what the refresh has found."""
    world.up(resource(running=True))
    world.api.fail_next(503, match="GET *status", times=None)
    failed(world.up(resource(definition=EDITED, running=True)))
    world.api.clear_faults()
    world.up(resource(running=True))
    world.api.stop(world.pipeline.id)
    assert changed_keys(world.run("preview", refresh=True)) == ["running"]


@scenario
def ignored_run_state_shows_nothing(world: World) -> None:
    world.up(resource(running=True, opts=f'{OPTIONS}(ignore_changes=["running"])'))
    world.api.stop(world.pipeline.id)
    assert changed_keys(world.run("preview", refresh=True)) == []


@scenario
def removed_import_shows_nothing_of_it(world: World) -> None:
    """`__import_id` is a property of ours, which nobody can have written."""
    living = world.api.add_pipeline(DEFINITION, status="STREAMING")
    succeeded(world.up(adopting(living, running=True)), ("orders", "create"))
    world.write(resource(definition=EDITED, running=True))
    assert changed_keys(world.run("preview")) == ["streamingTarget"]
    world.write(resource(running=True))
    succeeded(world.run("preview", expect_no_changes=True))


@scenario
def adoption_shows_both_values_side_by_side(world: World) -> None:
    live = edited(
        name="live-name",
        advancedProperties={"max.batch.size": 1},
        streamingTarget={**TARGET, "prefix": "live-prefix"},
        streamingSource={
            **DEFINITION["streamingSource"],
            "tables": [*DEFINITION["streamingSource"]["tables"], {"schema": "public", "table": "extra"}],
        },
    )
    living = world.api.add_pipeline(live)
    world.write(adopting(living))
    errors = failed(
        world.run("preview"),
        'name: "orders-pipeline" in the program, "live-name" in the live pipeline',
        f'streamingTarget.prefix (streaming_target.prefix): "{TARGET["prefix"]}" in the program,'
        ' "live-prefix" in the live pipeline',
        "streamingSource.tables (streaming_source.tables): only the live pipeline has"
        ' [{"schema": "public", "table": "extra"}]',
        'advancedProperties["max.batch.size"] (advanced_properties["max.batch.size"]): the program and the live'
        " pipeline differ",
    )
    assert "10000" not in errors


@scenario
def adoption_shows_no_secret(world: World) -> None:
    living = world.api.add_pipeline(edited(streamingTarget={**TARGET, "prefix": "live-4f1c"}))
    secret = edited(streamingTarget={**TARGET, "prefix": 'text:pulumi.Output.secret("ours-4f1c")'})
    world.write(adopting(living, definition=secret))
    errors = failed(
        world.run("preview"),
        "streamingTarget.prefix (streaming_target.prefix): the program and the live pipeline differ",
    )
    assert "4f1c" not in errors


@scenario
def adoption_says_so_in_its_row(world: World) -> None:
    """The engine's word for it is `create`."""
    living = world.api.add_pipeline(DEFINITION, status="STREAMING")
    world.write(adopting(living, running=True))
    for result in (world.run("preview"), world.up()):
        assert result.ok, result.text
        assert f"adopts {living}, streaming" in [shown.text for shown in result.progress]


@scenario
def delete_that_leaves_the_pipeline_alone_says_so(world: World) -> None:
    world.up(resource("old", running=True))
    living = world.pipeline.id
    opts = f'{OPTIONS}(import_="{GUIDE_PROJECT}/{living}")'
    result = world.up(resource("new", running=True, opts=opts))
    assert result.ok, result.text
    said = [one.text for one in result.diagnostics if one.urn.endswith("::old")]
    assert len(said) == 1
    assert said[0].startswith("orders-pipeline (resource old): the pipeline was left as it is")


@scenario
def refused_rename_within_a_component_goes_on_with_an_alias_on_the_resource(world: World) -> None:
    """The failed `up` has registered the component, whose alias counts for nothing from then on."""

    def program(group: str, alias: str = "") -> tuple[str, str]:
        components = (
            f"outer = pulumi.ComponentResource('pkg:index:Outer', '{group}')\n"
            f"inner = pulumi.ComponentResource('pkg:index:Inner', '{group}-inner', {{}},"
            " pulumi.ResourceOptions(parent=outer))\n"
        )
        options = f"{OPTIONS}(parent=inner{alias})"
        return components, resource(f"{group}_orders", running=True, opts=options)

    world.up(*program("shop"))
    living = world.pipeline.id
    errors = failed(world.up(*program("store")), "on this resource itself, not on its component")
    assert 'aliases=[pulumi.Alias(name="<its old name>")]' in errors
    result = world.up(*program("store", ', aliases=[pulumi.Alias(name="shop_orders")]'))
    assert result.ok, result.text
    assert (world.pipeline.id, world.pipeline.status) == (living, "STREAMING")


@scenario
def adoption_shows_nothing_that_an_option_makes_a_secret(world: World) -> None:
    living = world.api.add_pipeline(edited(streamingTarget={**TARGET, "prefix": "live-4f1c"}))
    ours = edited(streamingTarget={**TARGET, "prefix": "ours-4f1c"})
    given = f'import_="{GUIDE_PROJECT}/{living}", additional_secret_outputs=["streaming_target"]'
    world.write(resource(definition=ours, opts=f"{OPTIONS}({given})"))
    assert "4f1c" not in failed(world.run("preview"), "the program and the live pipeline differ")


@scenario
def mistaken_import_that_was_removed_again_is_no_obstacle(world: World) -> None:
    """What the error says to do has to work: the id is still in the state."""
    first, other = world.api.add_pipeline(DEFINITION), world.api.add_pipeline(edited(name="other"))
    assert world.up(adopting(first)).ok
    assert any("remove `import_`" in text for text in world.up(adopting(other)).warnings())
    result = world.up(resource(definition=EDITED))
    assert result.ok, result.text
    assert not any("import_" in text for text in result.warnings())
    assert world.api.pipeline(first).definition["streamingTarget"]["prefix"] == "somebody's"


@scenario
def true_in_the_place_of_one_is_an_edit(world: World) -> None:
    """To Python they are equal."""
    world.up(resource(definition=edited(advancedProperties={"a": 1})))
    succeeded(world.up(resource(definition=edited(advancedProperties={"a": True}))), ("orders", "update"))
    assert world.pipeline.definition["advancedProperties"]["a"] is True


@scenario
def drift_that_was_ignored_is_repaired_when_it_is_ignored_no_longer(world: World) -> None:
    """The engine's own record of the program's inputs says that nothing has changed."""
    world.up(resource())
    world.api.edit(world.pipeline.id, EDITED)
    ignoring = f'{OPTIONS}(ignore_changes=["streaming_target.prefix"])'
    free = {"max.batch.size": 1}
    assert world.up(resource(definition=edited(advancedProperties=free), opts=ignoring)).ok
    assert world.pipeline.definition["streamingTarget"]["prefix"] == "somebody's"
    succeeded(world.up(resource(definition=edited(advancedProperties=free))), ("orders", "update"))
    assert world.pipeline.definition["streamingTarget"]["prefix"] == TARGET["prefix"]
    succeeded(world.run("preview", expect_no_changes=True))
