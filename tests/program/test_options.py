"""Resource options, in every spelling and whichever way they come."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from pulumi_dpc._program.options import as_registered
from pulumi_dpc.emulator import GUIDE_PROJECT
from pulumi_dpc.testing._engine.engines import EngineName
from tests.stack.scenarios import failed, succeeded
from tests.worlds import DEFINITION, ENGINES, MakeWorld, World, edited, resource

WITH_PATHS = ("ignore_changes", "replace_on_changes", "additional_secret_outputs")


def registered(option: str, paths: list[str], **properties: Any) -> tuple[list[str], list[str]]:
    """Return the paths that the engine is given for these, and what the user is warned of."""
    warnings: list[str] = []
    given = pulumi.ResourceOptions()
    setattr(given, option, paths)
    _, options = as_registered(properties, given, warnings.append)
    return getattr(options, option), warnings


@pytest.mark.parametrize("option", ["ignore_changes", "replace_on_changes"])
@pytest.mark.parametrize(
    ("path", "spelled"),
    [
        ("streaming_source.connection.jdbc_properties", "streamingSource.connection.jdbcProperties"),
        (
            'streaming_source.connection.jdbc_properties["my_key"].x_y',
            'streamingSource.connection.jdbcProperties["my_key"].x_y',
        ),
        ('streaming_source.connection["jdbc_properties"]', 'streamingSource.connection["jdbcProperties"]'),
        (
            "streaming_source['connection']['jdbc_properties']",
            'streamingSource["connection"]["jdbcProperties"]',
        ),
        ('["streaming_source"].connection', '["streamingSource"].connection'),
        ("streaming_source.*.jdbc_properties", "streamingSource.*.jdbcProperties"),
        ("streaming_target.table_prefix_type", "streamingTarget.tablePrefixType"),
        ("streaming_source.tables[0].schema", "streamingSource.tables[0].schema"),
        ("streaming_source.tables[*]", "streamingSource.tables[*]"),
        ("advanced_properties.my_key", "advancedProperties.my_key"),
        ('advanced_properties["a.b_c"]', 'advancedProperties["a.b_c"]'),
        ("streamingSource.connection.jdbcProperties", "streamingSource.connection.jdbcProperties"),
        ("project_id", "projectId"),
        ("*", "*"),
        ("__provider", "__provider"),
    ],
)
def test_options_take_python_names_at_any_depth(option: str, path: str, spelled: str) -> None:
    assert registered(option, [path]) == ([spelled], [])


@pytest.mark.parametrize(
    ("path", "spelled"),
    [
        ("streaming_source", ["streamingSource"]),
        ("streaming_source.connection.jdbc_properties", ["streamingSource"]),
        ('advancedProperties["api.password"]', ["advancedProperties"]),
        ("api_url", ["apiUrl"]),
    ],
)
def test_a_part_of_an_output_that_is_to_be_secret_makes_the_whole_secret(
    path: str, spelled: list[str]
) -> None:
    """The engine knows outputs by their names only, and would leave a path in plain text without a word."""
    assert registered("additional_secret_outputs", [path]) == (spelled, [])


def test_all_outputs_may_be_secret() -> None:
    assert "streamingTarget" in registered("additional_secret_outputs", ["*"])[0]


@pytest.mark.parametrize(
    ("option", "path", "warning"),
    [
        (
            "ignore_changes",
            "streaming_sorce.connection",
            "among the properties of a streaming pipeline (did you mean `streaming_source`?)",
        ),
        (
            "ignore_changes",
            'streaming_source.connection["jdbc_propertis"]',
            "there is no `jdbc_propertis` in streaming_source.connection (did you mean `jdbc_properties`?)",
        ),
        ("replace_on_changes", "status", "there is no `status` among the properties of a streaming pipeline"),
        ("additional_secret_outputs", "id", "there is no `id` among the properties of a streaming pipeline"),
        (
            "ignore_changes",
            "streaming_source.tables.schema",
            "there is no `schema` in streaming_source.tables",
        ),
        ("replace_on_changes", "streaming_source[connection]", "is no property path"),
    ],
)
def test_a_path_that_names_nothing_is_a_warning(option: str, path: str, warning: str) -> None:
    (text,) = registered(option, [path])[1]
    assert text.startswith(f"{option} has {path!r}")
    assert warning in text
    assert "has no effect" in text


def test_a_field_that_only_the_program_knows_is_no_warning() -> None:
    """The service may be newer than the models, and what they do not have is passed on."""
    source = {"type": "postgres", "newer": {"a": 1}}
    assert registered("ignore_changes", ["streamingSource.newer.a"], streamingSource=source)[1] == []


# ---- through transformations and transforms ----


def transformed(way: str, options: str) -> tuple[str, str]:
    """Return what stands before a resource that gets these options in this way, and its own options."""
    change = f"pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions({options}))"
    result = "ResourceTransformResult" if way.endswith("transform") else "ResourceTransformationResult"
    is_ours = "args.type_.endswith(':StreamingPipeline')"
    function = f"def change(args):\n    return pulumi.{result}(args.props, {change}) if {is_ours} else None\n"
    own = f"{way.rpartition(' ')[2]}s=[change]"
    if way.startswith("component"):
        parent = f"parent = pulumi.ComponentResource('a:b:C', 'c', opts=pulumi.ResourceOptions({own}))\n"
        return function + parent, "text:pulumi.ResourceOptions(parent=parent)"
    if way.startswith("stack"):
        register = "register_stack_transformation" if way.endswith("ation") else "register_resource_transform"
        return function + f"pulumi.runtime.{register}(change)\n", "text:None"
    return function, f"text:pulumi.ResourceOptions({own})"


TRANSFORMATIONS: list[Any] = [
    ("engine", "transformation"),
    ("engine", "component transformation"),
    ("engine", "stack transformation"),
]
STACK_TRANSFORM = pytest.param("cli", "stack transform", marks=pytest.mark.cli)
WAYS = [
    *TRANSFORMATIONS,
    ("engine", "stack transform"),
    ("engine", "component transform"),
    STACK_TRANSFORM,
    pytest.param("cli", "transform", marks=pytest.mark.cli),
    pytest.param("cli", "component transform", marks=pytest.mark.cli),
]


@pytest.mark.parametrize(("kind", "way"), WAYS)
def test_ignored_changes_that_come_in_python_names_through_a_transformation_are_ignored(
    kind: EngineName, way: str, make_world: MakeWorld
) -> None:
    world = make_world(kind)
    before, opts = transformed(way, 'ignore_changes=["advanced_properties"]')
    succeeded(world.up(before, resource(opts=opts)), ("orders", "create"))
    succeeded(world.up(before, resource(definition=edited(advancedProperties={"x": 1}), opts=opts)))
    assert world.pipeline.definition["advancedProperties"] == DEFINITION["advancedProperties"]


@pytest.mark.parametrize(("kind", "way"), [*TRANSFORMATIONS, STACK_TRANSFORM])
def test_a_secret_output_that_a_transformation_names_is_not_left_in_plain_text(
    kind: EngineName, way: str, make_world: MakeWorld
) -> None:
    world = make_world(kind)
    before, opts = transformed(way, "additional_secret_outputs=['streaming_source.connection[\"username\"]']")
    succeeded(world.up(before, resource(opts=opts)), ("orders", "create"))
    assert "streamer" not in str(world.outputs())
    assert world.outputs()["streamingTarget"] == DEFINITION["streamingTarget"]


@pytest.mark.parametrize("kind", ENGINES)
def test_a_refused_adoption_shows_nothing_that_a_transform_makes_a_secret(
    kind: EngineName, make_world: MakeWorld
) -> None:
    world = make_world(kind)
    living = world.api.add_pipeline(
        edited(streamingTarget={**DEFINITION["streamingTarget"], "prefix": "live-4f1c"})
    )
    before = (
        "def hide(args):\n"
        "    target = {**args.props['streamingTarget'], 'prefix': 'ours-4f1c'}\n"
        "    args.props['streamingTarget'] = pulumi.Output.secret(target)\n"
        "    return pulumi.ResourceTransformResult(args.props, args.opts)\n"
    )
    opts = f'text:pulumi.ResourceOptions(import_="{GUIDE_PROJECT}/{living}", transforms=[hide])'
    world.write(before, resource(opts=opts))
    assert "4f1c" not in failed(world.run("preview"), "the program and the live pipeline differ")


@pytest.mark.parametrize(("kind", "way"), [*TRANSFORMATIONS, STACK_TRANSFORM])
def test_a_transformation_can_ask_for_a_replacement_in_python_names(
    kind: EngineName, way: str, make_world: MakeWorld
) -> None:
    world = make_world(kind)
    before, opts = transformed(way, 'replace_on_changes=["advanced_properties"]')
    world.up(before, resource(opts=opts))
    first = world.pipeline.id
    result = world.up(before, resource(definition=edited(advancedProperties={"x": 1}), opts=opts))
    assert result.ok, result.text
    assert world.pipeline.id != first


@pytest.mark.parametrize(("kind", "way"), [*TRANSFORMATIONS, STACK_TRANSFORM])
def test_a_pipeline_is_adopted_by_the_import_of_a_transformation(
    kind: EngineName, way: str, make_world: MakeWorld
) -> None:
    """The engine cannot import a dynamic resource: its host ends in ``KeyError: '__provider'``."""
    world = make_world(kind)
    existing = world.api.add_pipeline(DEFINITION)
    id_ = f"{world.api.pipelines[0].project_id}/{existing}"
    before, opts = transformed(way, f"import_={id_!r}")
    succeeded(world.up(before, resource(opts=opts)), ("orders", "create"))
    assert world.managed["id"] == id_
    succeeded(world.run("preview", expect_no_changes=True))


@pytest.mark.parametrize("kind", ENGINES)
def test_a_mistyped_path_is_warned_of_once(kind: EngineName, make_world: MakeWorld) -> None:
    world = make_world(kind)
    way = "stack transform" if kind == "cli" else "stack transformation"
    before, opts = transformed(way, 'ignore_changes=["advanced_propertys"]')
    result = world.up(before, resource(opts=opts))
    (warning,) = [text for text in result.warnings() if "has no effect" in text]
    assert warning == (
        "orders: ignore_changes has 'advanced_propertys', but there is no `advanced_propertys` among the properties"
        " of a streaming pipeline (did you mean `advanced_properties`?), so it has no effect"
    )


def test_what_is_inside_a_pipeline_is_left_as_it_is(world: World) -> None:
    """A child inherits the transformations of its parent, ours among them."""
    child = (
        "class Part(pulumi.ComponentResource):\n"
        "    def __init__(self):\n"
        "        super().__init__('a:b:Part', 'part', None, pulumi.ResourceOptions(parent=orders))\n"
        "Part()\n"
    )
    succeeded(world.up(resource(), child), ("orders", "create"))
