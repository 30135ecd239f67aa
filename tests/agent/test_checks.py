"""What the preview of an agent says before anything is done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

from pulumi_dpc._definition.agent import is_streaming, may_be_streaming
from pulumi_dpc._resources.operation import Done
from pulumi_dpc.errors import ConfigurationError, LookupFailed
from tests.agent.direct import AgentFront, front, inputs

UNKNOWN = pulumi.output.Unknown()  # type: ignore[no-untyped-call]
"""What the host gives for a value that a preview cannot know."""
NOWHERE = "00000000-0000-4000-8000-000000000000"
SECRET = {"__secret_paths": ["/cloudProvider", "/deployment"]}
CLOUDS = "must be aws, azure, gcp or google_cloud for a streaming agent, but is"


@pytest.fixture
def one() -> Iterator[AgentFront]:
    with front() as made:
        yield made


@pytest.mark.parametrize(
    ("change", "mistakes"),
    [
        ({"name": None}, ["name: is required"]),
        ({"name": ""}, ["name: must have 1 to 30 characters, but has 0"]),
        ({"name": "a" * 30}, []),
        ({"name": "a" * 31}, ["name: must have 1 to 30 characters, but has 31"]),
        ({"name": "Orders agent_1-b"}, []),
        (
            {"name": " orders"},
            ["name: may have letters, digits, spaces, `-` and `_` only, and may not begin with a space"],
        ),
        (
            {"name": "orders/agent"},
            ["name: may have letters, digits, spaces, `-` and `_` only, and may not begin with a space"],
        ),
        ({"name": 5.0}, ["name: must be a text"]),
        ({"description": "x" * 500}, []),
        ({"description": "x" * 501}, ["description: may have 500 characters, but has 501"]),
        ({"cloudProvider": "AWS", "deployment": "Fargate"}, []),
        ({"cloudProvider": "gcp", "deployment": "gke"}, []),
        ({"cloudProvider": "google_cloud", "deployment": "gce"}, []),
        ({"cloudProvider": "snowflake"}, [f"cloudProvider (cloud_provider): {CLOUDS} 'snowflake'"]),
        ({"deployment": "aks"}, ["deployment: must be fargate or eks on aws, but is 'aks'"]),
        (
            {"cloudProvider": "azure", "deployment": "native app"},
            ["deployment: must be aci or aks on azure, but is 'native app'"],
        ),
        (
            {"cloudProvider": "hunter2", **SECRET},
            [f"cloudProvider (cloud_provider): {CLOUDS.removesuffix(', but is')}"],
        ),
        ({"deployment": "hunter2", **SECRET}, ["deployment: is none of those of its cloud"]),
        (
            {"deployment": "hunter2", "__secret_paths": ["/deployment"]},
            ["deployment: must be fargate or eks on aws"],
        ),
        ({"cloudProvider": UNKNOWN, "deployment": "aks"}, []),
        ({"cloudProvider": "azure", "deployment": UNKNOWN}, []),
        ({"name": UNKNOWN, "description": UNKNOWN, "restrictedAccess": UNKNOWN}, []),
        ({"restrictedAccess": "yes"}, ["restrictedAccess (restricted_access): must be true or false"]),
        ({"trackName": " "}, ["trackName (track_name): must not be blank"]),
        ({"enableAutoUpdates": True}, None),
        (
            {"__import_id": "a/b"},
            ["import_: 'a/b' is not an id of an agent: write the id that the service gives it"],
        ),
        (
            {"name": None, "cloudProvider": "azure", "restrictedAccess": 1.0},
            [
                "name: is required",
                "restrictedAccess (restricted_access): must be true or false",
                "deployment: must be aci or aks on azure, but is 'fargate'",
            ],
        ),
    ],
)
def test_the_preview_refuses_what_could_never_be_applied(
    one: AgentFront, change: dict[str, Any], mistakes: list[str] | None
) -> None:
    """All mistakes at once, with nothing asked; a value that is not known yet is none."""
    found = one.check(inputs(**change)).mistakes
    if mistakes is None:
        (mistake,) = found
        assert mistake.endswith("is not a property of a streaming agent")
    else:
        assert found == mistakes
    assert one.api.requests == []


@pytest.mark.parametrize(
    ("cloud", "same"), [("gcp", "google_cloud"), ("google_cloud", "gcp"), ("aws", "AWS")]
)
def test_two_words_for_one_cloud_are_no_difference(one: AgentFront, cloud: str, same: str) -> None:
    """To replace an agent because of another spelling would mean to install it anew."""
    place = {"deployment": "eks" if cloud == "aws" else "gke"}
    made = one.create(one.check(inputs(cloudProvider=cloud, **place)).inputs)
    changed = one.check(inputs(cloudProvider=same, **place), inputs(cloudProvider=cloud, **place)).inputs
    assert one.diff(made, changed).changes is False
    assert one.diff(made, changed).replaces == []


@pytest.mark.parametrize(
    ("change", "replaces"),
    [
        ({"deployment": "eks"}, ["deployment"]),
        ({"cloudProvider": "azure", "deployment": "aks"}, ["cloudProvider", "deployment"]),
        ({"cloudProvider": UNKNOWN}, ["cloudProvider"]),
        ({"description": "other"}, []),
        ({"name": "other"}, []),
    ],
)
def test_another_place_is_another_agent(one: AgentFront, change: dict[str, Any], replaces: list[str]) -> None:
    made = one.create(inputs())
    difference = one.diff(made, inputs(**change))
    assert difference.replaces == replaces
    assert difference.changes is not False
    assert difference.deletes_first == bool(replaces)
    renamed = one.diff(made, inputs(**{"name": "another", **change}))
    assert not renamed.deletes_first  # so that its pipeline can move before it is deleted


def test_an_import_is_compared_in_the_preview(one: AgentFront) -> None:
    id_ = one.api.add_agent("orders-agent")
    (mistake,) = one.check(inputs(__import_id=id_)).mistakes
    assert mistake.splitlines()[1:] == [
        "  cloud_provider: 'aws' in the program, 'azure' in the live agent",
        "  deployment: 'fargate' in the program, 'aks' in the live agent",
    ]
    right = inputs(__import_id=id_.upper(), cloudProvider="azure", deployment="aks")
    checked = one.again().check(right)
    assert checked.mistakes == []
    assert checked.inputs["__import_id"] == id_
    assert one.writes() == []


def test_a_secret_is_not_shown_where_an_import_differs(one: AgentFront) -> None:
    id_ = one.api.add_agent("orders-agent")
    secret = {"description": "hunter2", "__secret_paths": ["/description"]}
    (mistake,) = one.check(
        inputs(__import_id=id_, **secret, cloudProvider="azure", deployment="aks")
    ).mistakes
    assert "description: the program and the live agent differ" in mistake
    assert "hunter2" not in mistake


def test_a_batch_agent_is_not_adopted(one: AgentFront) -> None:
    """It could not run a pipeline, and to delete it would take other people's work away."""
    id_ = one.api.add_agent("orders-agent", agent_type="data_productivity_cloud")
    with pytest.raises(ConfigurationError, match="is of type 'data_productivity_cloud', not 'streaming'"):
        one.check(inputs(__import_id=id_))


def test_an_import_of_an_agent_that_is_not_there_names_the_one_of_that_name(one: AgentFront) -> None:
    id_ = one.api.add_agent("orders-agent")
    with pytest.raises(
        LookupFailed, match=f"does not exist: remove `import_`; the agent of that name is {id_}"
    ):
        one.check(inputs(__import_id=NOWHERE))


def test_two_resources_cannot_manage_one_agent(one: AgentFront) -> None:
    id_ = one.api.add_agent("orders-agent")
    given = inputs(__import_id=id_, cloudProvider="azure", deployment="aks")
    assert one.check(given).mistakes == []
    with pytest.raises(ConfigurationError, match="two resources cannot manage one agent"):
        one.check(given, name="second")


def test_a_change_that_only_the_outputs_show_is_repaired(one: AgentFront) -> None:
    """A refresh found another description, and the inputs are as they were: the engine sees no difference."""
    made = one.create(inputs(description="ours"))
    made.outputs["description"] = "theirs"
    assert one.diff(made, inputs(description="ours")).changes is True


def test_a_state_that_records_nothing_hidden_shows_no_difference(one: AgentFront) -> None:
    """`pulumi import` stores what a read of an id alone returns; the next preview has to be empty."""
    made = one.create(inputs(restrictedAccess=False, trackName="current"))
    imported = one.again().kind.read(one.operation(), made.id, {})
    assert isinstance(imported, Done)
    assert one.again().diff(imported, inputs(restrictedAccess=False, trackName="current")).changes is False
    assert one.again().diff(imported, inputs()).changes is False


def test_to_give_what_is_there_already_changes_only_what_is_recorded(one: AgentFront) -> None:
    made = one.create(inputs())
    assert one.diff(made, inputs(restrictedAccess=False)).changes is None
    assert one.diff(made, inputs(restrictedAccess=True)).changes is True


@pytest.mark.parametrize(
    ("agent", "is_one", "may_be"),
    [
        ({"agentType": "streaming"}, True, True),
        ({"agentType": "Streaming"}, True, True),
        ({"agentType": "data_productivity_cloud"}, False, False),
        ({"agentType": None}, False, True),
        ({}, False, True),
    ],
)
def test_one_rule_says_what_is_a_streaming_agent(agent: dict[str, Any], is_one: bool, may_be: bool) -> None:
    """Lookups, previews, adoptions and the command each had their own, for another case and for no type."""
    assert is_streaming(agent) is is_one
    assert may_be_streaming(agent) is may_be


@pytest.mark.parametrize("kind", ["STREAMING", None])
def test_an_agent_of_another_spelling_or_no_type_is_adopted(kind: str | None, one: AgentFront) -> None:
    id_ = one.api.add_agent("orders-agent")
    one.api.rewrite_next(lambda body: {**body, "agentType": kind}, match="GET /v1/agents/*")
    given = inputs(cloudProvider="azure", deployment="aks", __import_id=id_)
    assert one.check(given).mistakes == []
