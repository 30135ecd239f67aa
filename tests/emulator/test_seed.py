"""What an emulator begins with, as a file says it, and what its page shows of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from pulumi_dpc.emulator import GUIDE_AGENT, GUIDE_PROJECT, Emulator
from pulumi_dpc.emulator.seed import SeedError
from tests.emulator.caller import GUIDE_DEFINITION, Caller

OWN_ID = "9d2c7b1e-5c7f-4b7e-9a51-0d6f1f0f2a10"
SEED: dict[str, Any] = {
    "projects": [{"name": "Retail"}, {"name": "Ops", "id": OWN_ID, "description": "d"}],
    "agents": [
        {"name": "eu", "cloudProvider": "azure"},
        {"name": "away", "connected": False},
        {"name": "batch", "agentType": "DATA_PRODUCTIVITY_CLOUD"},
    ],
    "environments": [
        {"name": "live", "project": "Retail", "defaultAgentName": "eu"},
        {"name": "empty", "projectId": OWN_ID},
    ],
    "pipelines": [
        {
            **{key: value for key, value in GUIDE_DEFINITION.items() if key != "agentId"},
            "project": "Retail",
            "agentName": "eu",
            "status": "streaming",
        }
    ],
}


def everything(api: Emulator) -> dict[str, Any]:
    with Caller(api) as caller:
        projects = caller.send("GET", "/v1/projects").json()["results"]
        return {
            "projects": projects,
            "agents": caller.send("GET", "/v1/agents").json()["results"],
            **{
                f"{kind} of {project['name']}": caller.send(
                    "GET", f"/v1/projects/{project['id']}/{kind}"
                ).json()["results"]
                for project in projects
                for kind in ("environments", "streaming-pipelines")
            },
        }


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_a_program_finds_the_names_of_a_seed(tmp_path: Path, suffix: str) -> None:
    """The emulator knew the names of the vendor's guide and no others."""
    path = tmp_path / f"seed.{suffix}"
    path.write_text(json.dumps(SEED) if suffix == "json" else yaml.safe_dump(SEED))
    with Emulator(seed=path) as api:
        found = everything(api)
        status = api.pipelines[0].status
    agents = {agent["name"]: agent for agent in found["agents"]}
    assert [(project["name"], project["description"]) for project in found["projects"]] == [
        ("Retail", ""),
        ("Ops", "d"),
    ]
    assert found["projects"][1]["id"] == OWN_ID
    assert {name: (a["agentType"], a["deployment"], a["connected"]) for name, a in agents.items()} == {
        "eu": ("streaming", "aks", True),
        "away": ("streaming", "fargate", False),
        "batch": ("data_productivity_cloud", "fargate", True),
    }
    eu = agents["eu"]["agentId"]
    assert found["environments of Retail"] == [
        {"name": "live", "defaultAgentId": eu, "defaultAgentName": "eu"}
    ]
    assert found["environments of Ops"] == [
        {"name": "empty", "defaultAgentId": None, "defaultAgentName": None}
    ]
    pipeline = found["streaming-pipelines of Retail"][0]
    assert (pipeline["agentId"], pipeline["name"], status) == (eu, GUIDE_DEFINITION["name"], "STREAMING")


def test_ids_that_a_seed_leaves_out_are_the_same_at_every_start() -> None:
    """The state of a stack names them, and a second start must not make its pipelines vanish."""
    with Emulator(seed=SEED) as first, Emulator(seed=SEED) as second:
        assert everything(first) == everything(second)


def test_a_seed_may_be_what_the_api_answered() -> None:
    """The quickest way to imitate an account is to copy its lists."""
    with Emulator() as api:
        api.add_pipeline(GUIDE_DEFINITION)
        found = everything(api)
        copied = {
            "projects": found["projects"],
            "agents": found["agents"],
            "environments": found["environments of Analytics"],
            "pipelines": found["streaming-pipelines of Analytics"],
        }
        with Emulator(seed=copied) as other:
            assert everything(other) == found


@pytest.mark.parametrize(
    ("seed", "mistakes"),
    [
        ([], ["must have lists under projects, agents, environments, pipelines"]),
        ({"project": []}, ["project: is not one of projects, agents, environments, pipelines"]),
        ({"projects": "Retail"}, ["projects: must be a list of mappings"]),
        ({"projects": [{"name": []}]}, ["projects[0].name: must be of type string"]),
        (
            {"projects": [{"name": "x"}, {"name": "x"}]},
            ["projects[1]: another project has this id, or this name and no id"],
        ),
        (
            {"agents": [{"name": "a", "cloudProvider": "aws", "deployment": "aci", "colour": 1}]},
            ["agents[0].deployment: must be one of fargate, eks", "agents[0].colour: is not a known field"],
        ),
        (
            {**SEED, "environments": [{"name": "e", "project": "Retial", "defaultAgentName": "us"}]},
            [
                "environments[0].project: must be a project of this seed: Retail, Ops",
                "environments[0].defaultAgentName: must be an agent of this seed: eu, away, batch",
            ],
        ),
        (
            {"environments": [{"name": "e"}]},
            ["environments[0].projectId: must be a project of this seed: there is none"],
        ),
        (
            {
                **SEED,
                "pipelines": [
                    {**SEED["pipelines"][0], "status": "PAUSED", "streamingTarget": {"type": "s3"}}
                ],
            },
            [
                "pipelines[0].status: must be one of STARTING, SNAPSHOTTING, STREAMING, STOPPING, NOT_RUNNING, UNKNOWN",
                "pipelines[0].streamingTarget.bucket: must not be blank",
            ],
        ),
    ],
)
def test_every_mistake_of_a_seed_is_told_with_its_place(
    seed: Any, mistakes: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "seed.yaml"
    path.write_text(yaml.safe_dump(seed))
    with pytest.raises(SeedError) as told:
        Emulator(seed=path)
    assert str(told.value) == "\n".join(f"{path}: {mistake}." for mistake in mistakes)


def test_an_entry_whose_name_is_given_but_wrong_otherwise_is_told_once() -> None:
    """What refers to it has no mistake of its own."""
    seed = {**SEED, "agents": [{**SEED["agents"][0], "deployment": "eks"}]}
    with pytest.raises(SeedError) as told:
        Emulator(seed=seed)
    assert str(told.value) == "seed: agents[0].deployment: must be one of aci, aks."


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "cannot be read: No such file"),
        ("a: [", "is neither YAML nor JSON: "),
        ("\xff", "is neither YAML nor"),
    ],
)
def test_a_seed_that_cannot_be_read_is_one_sentence(tmp_path: Path, text: str | None, reason: str) -> None:
    """It is the first thing that somebody types wrong."""
    path = tmp_path / "seed.yaml"
    if text is not None:
        path.write_text(text, "latin-1")
    command = [sys.executable, "-m", "pulumi_dpc.emulator", "--port", "0", "--seed", str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert ended.stderr.startswith(f"The seed {path} {reason}")


def test_further_agents_have_environments_of_their_names() -> None:
    """One agent runs one pipeline, so a program with three needs three, and a way to find them."""
    with Emulator(agents=2) as api, Caller(api) as caller:
        path = f"/v1/projects/{GUIDE_PROJECT}/environments"
        found = caller.send("GET", path).json()["results"]
        agents = [caller.send("GET", f"/v1/agents/{one['defaultAgentId']}").json() for one in found]
    assert [one["name"] for one in found] == ["production", "agent-1", "agent-2"]
    assert [one["name"] for one in agents] == ["streaming-agent", "agent-1", "agent-2"]
    assert all(one["connected"] and one["agentType"] == "streaming" for one in agents)


def test_the_page_shows_agents_and_environments() -> None:
    """Ids are what a program without lookups needs, and no page of the emulator had them."""
    with Emulator(seed=SEED) as api:
        api.add_agent("spare", GUIDE_AGENT, connected=False)
        text = requests.get(api.origin + "/", timeout=5).text
        eu = next(iter(api.store.directory.agents))
    assert f"Agent eu ({eu}): streaming, connected" in text
    assert f"Agent spare ({GUIDE_AGENT}): streaming, not connected" in text
    assert f"  Environment  live: eu ({eu})" in text
    assert "  Environment  empty: no default agent" in text


def test_the_client_secret_can_be_rotated() -> None:
    """What a program does when its credential is replaced can be tried only where one can be."""
    with Emulator() as api, Caller(api) as caller:
        issued = caller.token().json()["access_token"]
        line = requests.post(f"{api.origin}/client-secret", timeout=5).text
        secret = line.strip().removeprefix("export DPC_CLIENT_SECRET=")
        assert secret == api.env["DPC_CLIENT_SECRET"]
        assert caller.token().status_code == 401
        assert caller.token(client_secret=secret).status_code == 200
        again = api.rotate_secret()
        assert caller.token(client_secret=secret).status_code == 401
        assert caller.token(client_secret=again["DPC_CLIENT_SECRET"]).status_code == 200
        with Caller(api, issued) as earlier:
            assert earlier.send("GET", "/v1/projects").status_code == 200
        assert requests.get(f"{api.origin}/client-secret", timeout=5).status_code == 501
