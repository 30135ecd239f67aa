"""``generate``: a whole estate comes under Pulumi without a write, and the next preview is empty."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pulumi_dpc._names import STREAMING_AGENT_TYPE, STREAMING_PIPELINE_TYPE
from pulumi_dpc.emulator import Emulator
from pulumi_dpc.testing._engine.engines import EngineName
from tests import REPOSITORY
from tests.cli.command import NOBODY, on_a_terminal, run
from tests.cli.estate import BOTH_PROJECTS, STREAMING_AGENTS, agents_of, pipelines_of
from tests.stack.scenarios import succeeded
from tests.worlds import DEFINITION, ENGINES, MakeWorld, World, fixed_id

ANALYTICS, SECOND = BOTH_PROJECTS
STYLES = [
    (ANALYTICS,),
    (ANALYTICS, "--running"),
    (SECOND, "--no-protect", "--running", "--style", "json", "--agents", "all"),
]


def bring_in(world: World, folder: Path, *, protect: bool) -> None:
    """Make the generated program that of the world's stack, and import what it describes."""
    stack = world.directory / "stack"
    shutil.copytree(folder, stack, dirs_exist_ok=True)
    (stack / "Pulumi.yaml").write_text("name: proj\nruntime: python\n")
    done = world.stack.import_file(stack / "import.json", protect=protect)
    assert done.ok, done.text  # it warns where two of the account use one agent


def entries_in(folder: Path) -> list[dict[str, Any]]:
    """Return what the import file holds."""
    found: list[dict[str, Any]] = json.loads((folder / "import.json").read_text())["resources"]
    return found


def ids(entries: list[dict[str, Any]], type_: str) -> set[str]:
    return {entry["id"] for entry in entries if entry["type"] == type_}


@pytest.mark.parametrize("options", STYLES, ids=lambda options: " ".join(options[1:]) or "typed")
@pytest.mark.parametrize("kind", ENGINES)
def test_an_estate_comes_under_pulumi_without_a_write_and_the_next_preview_is_empty(
    make_world: MakeWorld, kind: EngineName, options: tuple[str, ...], tmp_path: Path
) -> None:
    """Every source and target, with every optional field, what is unknown, running and stopped, and odd names."""
    world = make_world(kind, seed="estate")
    folder = tmp_path / "out"
    done = run(world.api, "generate", *options, "--out", str(folder))
    assert done.code == 0, done.err
    bring_in(world, folder, protect="--no-protect" not in options)

    sent: list[str] = []
    world.api.on_request(lambda request: sent.append(f"{request.method} {request.path}"))
    state = list(world.stack.state)
    there = pipelines_of(options[0])
    (project_id,) = {one.project_id for one in world.api.pipelines if one.name == there[0]["name"]}
    assert ids(state, STREAMING_PIPELINE_TYPE) == {
        f"{project_id}/{one['streamingPipelineId']}" for one in there
    }
    streaming = {one["agentId"] for one in world.api.agents if one["agentType"] == "streaming"}
    assert ids(state, STREAMING_AGENT_TYPE) == (streaming if "all" in options else agents_of(there))
    succeeded(world.run("preview", expect_no_changes=True))
    unchanged = [(one.id, one.definition) for one in world.api.pipelines], world.api.agents
    succeeded(world.run("up"))
    assert sent == []
    refreshed = world.run("preview", refresh=True, expect_no_changes=True)
    assert refreshed.ok, refreshed.text
    is_away = options[0] == ANALYTICS  # of agents there
    assert ("was not seen since it was imported" in refreshed.text) == is_away
    assert "by an earlier command" not in refreshed.text
    assert {request.partition(" ")[0] for request in sent if "/oauth/" not in request} == {"GET"}
    assert ([(one.id, one.definition) for one in world.api.pipelines], world.api.agents) == unchanged


@pytest.mark.parametrize(
    ("options", "more"),
    [((), ["agents"]), (("--agents", "none"), []), (("--running",), ["agents", *["status"] * 3])],
)
def test_generating_only_reads_the_listings_and_what_is_wanted(
    api: Emulator, tmp_path: Path, options: tuple[str, ...], more: list[str]
) -> None:
    """The run state of a pipeline costs a request, so it is asked for only where the program is to say it."""
    api.clear_requests()
    assert run(api, "generate", "Analytics", "--out", str(tmp_path / "out"), *options).code == 0
    asked = [(one.method, one.path.rpartition("/")[2]) for one in api.requests if "/v1/" in one.path]
    assert sorted(asked) == sorted(("GET", what) for what in ["projects", "streaming-pipelines", *more])


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Return the folder of the estate's program."""
    with Emulator(seed="estate") as api:
        done = run(api, "generate", "Analytics", "--running", "--out", str(tmp_path / "out"))
    assert done.code == 0, done.err
    return tmp_path / "out"


_CONNECTION = DEFINITION["streamingSource"]["connection"]
NEWER: list[dict[str, Any]] = [
    {"streamingTarget": {**DEFINITION["streamingTarget"], "decimalMapping": "NEWER"}},
    {"streamingSource": {**DEFINITION["streamingSource"], "tables": [{"schema": "s", "table": 5}]}},
    *(
        {"streamingSource": {**DEFINITION["streamingSource"], "connection": {**_CONNECTION, **one}}}
        for one in (
            {"port": "5432"},
            {"port": True},
            {"host": 5},
            {"password": {"secretType": "NEWER", "secretName": "s"}},
        )
    ),
    {"advancedProperties": {"large": 1e300, "small": 1e-7}},
]
"""What the models have no type for, or a formatter another spelling than Python."""


def test_the_program_is_formatted_and_typed(program: Path, api: Emulator, tmp_path: Path) -> None:
    """As a formatter with its own settings leaves it, and by mypy's strictest rules; also with what is newer."""
    tools = Path(sys.executable).parent
    for number, newer in enumerate(NEWER):
        api.add_pipeline({**DEFINITION, "name": f"newer-{number}", **newer})
    assert run(api, "generate", "Analytics", "--out", str(tmp_path / "newer")).code == 0
    shutil.copy(tmp_path / "newer" / "__main__.py", program / "newer.py")
    for command in (
        [str(tools / "ruff"), "format", "--isolated", "--check"],
        [str(tools / "ruff"), "check", "--isolated", "--select", "E,F,I", "--ignore", "E501"],
        [str(tools / "mypy"), "--strict", "--config-file", os.devnull],
    ):
        env = {**os.environ, "MYPYPATH": str(REPOSITORY)}
        done = subprocess.run(
            [*command, "__main__.py", "newer.py"],
            cwd=program,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_models_say_what_they_can_and_mappings_the_rest(program: Path) -> None:
    text = (program / "__main__.py").read_text()
    there = pipelines_of(ANALYTICS)
    agents = agents_of(there)
    assert text.count("dpc.StreamingPipeline(\n") == len(there)
    assert text.count("dpc.StreamingAgent(\n") == len(agents)
    assert text.count("protect=True") == len(there) + len(agents)
    for model in (
        "PostgresSource",
        "OracleConnection",
        "Db2IbmISource",
        "AzureBlobTarget",
        "SnowflakeTarget",
    ):
        assert f"dpc.{model}(" in text
    assert 'password=dpc.SecretReference.azure("streaming", vault="vault")' in text
    assert 'authentication={"type": "oauth", "x": 1}' in text
    assert 'streaming_target={"type": "iceberg", ' in text


def test_names_are_safe_and_do_not_clash_where_case_does_not_count(program: Path) -> None:
    entries = entries_in(program)
    assert len({(entry["type"], entry["name"].lower()) for entry in entries}) == len(entries)
    names = [entry["name"] for entry in entries]
    assert all(name.isascii() and not set(name) & set("/:\\ \t\n'\"") for name in names)
    assert names.count("class") == 2  # an agent and a pipeline may have one name


def test_names_are_the_same_whatever_else_is_there(api: Emulator, tmp_path: Path) -> None:
    """A name that depends on the order of a listing would replace a resource at the next run."""
    twin = fixed_id("pipeline", 7)
    api.add_pipeline({**DEFINITION, "name": "Pipeline-0"}, id=twin)
    run(api, "generate", "Analytics", "--out", str(tmp_path / "all"))
    pipelines = [one for one in entries_in(tmp_path / "all") if one["type"] == STREAMING_PIPELINE_TYPE]
    assert {one["name"] for one in pipelines} == {
        f"pipeline-0-{fixed_id('pipeline', 0)[:8]}",
        f"Pipeline-0-{twin[:8]}",
        "pipeline-1",
        "pipeline-2",
    }


def test_only_what_is_named_is_written(api: Emulator, tmp_path: Path) -> None:
    done = run(api, "generate", "Analytics", "--pipeline", "pipeline-1", "--out", str(tmp_path / "one"))
    assert done.code == 0
    assert [entry["name"] for entry in entries_in(tmp_path / "one")] == ["agent-1", "pipeline-1"]
    assert "1 streaming agent and 1 streaming pipeline written" in done.err


def test_what_to_do_next_is_said(api: Emulator, tmp_path: Path) -> None:
    done = run(api, "generate", "Analytics", "--out", "my program", cwd=tmp_path)
    assert done.out == ""
    assert done.err.splitlines()[1:] == [
        "  cd 'my program'",
        "  pulumi stack init dev",
        "  pulumi import --file import.json --yes --generate-code=false --protect=true",
        "  pulumi preview --expect-no-changes",
    ]
    assert {path.name for path in (tmp_path / "my program").iterdir()} == {
        "Pulumi.yaml",
        "__main__.py",
        "import.json",
    }


def test_a_folder_with_something_in_it_is_left_alone(api: Emulator, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    api.clear_requests()
    done = run(api, "generate", "Analytics", "--out", str(tmp_path))
    assert (done.code, done.out) == (2, "")
    assert done.err == f"Error: {tmp_path}: is not empty: give a new or an empty folder\n"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    assert api.requests == []


def test_a_folder_that_cannot_be_written_is_one_sentence(api: Emulator, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        done = run(api, "generate", "Analytics", "--out", str(out))
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith(f"Error: {out}: cannot be ")
        assert len(done.err.splitlines()) == 1


def test_after_a_failure_no_folder_is_left(api: Emulator, tmp_path: Path) -> None:
    api.fail_next(403, match="GET /v1/projects/*/status")
    done = run(api, "generate", "Analytics", "--running", "--out", str(tmp_path / "out"))
    assert done.code == 1
    assert not (tmp_path / "out").exists()


def test_a_pipeline_that_vanishes_meanwhile_is_left_out_and_said(api: Emulator, tmp_path: Path) -> None:
    api.fail_next(404, match=f"GET /v1/projects/*/{fixed_id('pipeline', 1)}/status")
    done = run(api, "generate", "Analytics", "--running", "--out", str(tmp_path / "out"))
    assert done.code == 0
    assert "'pipeline-1' has been deleted meanwhile" in done.err
    assert [entry["name"] for entry in entries_in(tmp_path / "out")] == [
        *("agent-0", "agent-2"),
        *("pipeline-0", "pipeline-2"),
    ]


@pytest.mark.parametrize(
    ("lacks", "words"),
    [
        (
            {"streamingTarget": None},
            "'draft' is left out, because it is not finished: the service has no streamingTarget of it",
        ),
        ({"agentId": None, "streamingSource": {}}, "the service has no agentId and no streamingSource of it"),
        ({"streamingTarget": "s3"}, "what the service has is no definition"),
    ],
)
def test_a_draft_is_left_out_and_named_at_once(
    api: Emulator, tmp_path: Path, lacks: dict[str, Any], words: str
) -> None:
    """It was asked for again and again for two minutes, and then nothing was written."""
    draft = fixed_id("pipeline", 9)
    api.add_pipeline({**DEFINITION, "name": "draft", **lacks}, id=draft)
    api.clear_requests()
    done = run(api, "generate", "Analytics", "--out", str(tmp_path / "out"))
    assert done.code == 0, done.err
    assert words in done.err
    assert [one.path.rpartition("/")[2] for one in api.requests].count(draft) == 1
    assert [entry["name"] for entry in entries_in(tmp_path / "out")][-3:] == [
        "pipeline-0",
        "pipeline-1",
        "pipeline-2",
    ]


def test_a_run_state_that_is_not_known_is_not_said_by_the_program(api: Emulator, tmp_path: Path) -> None:
    done = run(api, "generate", "Analytics", "--running", "--out", str(tmp_path / "out"))
    assert "'pipeline-2': its run state is not known now" in done.err
    text = (tmp_path / "out/__main__.py").read_text()
    assert (text.count("running=True"), text.count("running=False")) == (1, 1)


def test_what_may_be_a_secret_is_named_and_never_shown(api: Emulator, tmp_path: Path) -> None:
    api.add_pipeline({**DEFINITION, "name": "free", "advancedProperties": {"db.password": "hunter2"}})
    done = run(api, "generate", "Analytics", "--pipeline", "free", "--out", str(tmp_path / "out"))
    assert "'free': advancedProperties[\"db.password\"] may be a secret" in done.err
    assert "and delete import.json after the import" in done.err
    assert "hunter2" not in done.err + done.out


def test_what_a_preview_will_refuse_is_said(api: Emulator, tmp_path: Path) -> None:
    source = {**DEFINITION["streamingSource"], "tables": []}
    api.add_pipeline({**DEFINITION, "name": "empty", "streamingSource": source})
    done = run(api, "generate", "Analytics", "--pipeline", "empty", "--out", str(tmp_path / "out"))
    assert done.code == 0
    assert (
        "'empty': a preview of its next change will refuse streamingSource.tables: must have at least one item"
        in done.err
    )


def test_a_project_without_pipelines_is_a_program_without_resources(api: Emulator, tmp_path: Path) -> None:
    api.add_project("Empty \n project")
    done = run(api, "generate", "Empty \n project", "--out", str(tmp_path / "out"))
    assert done.code == 0
    assert (tmp_path / "out/__main__.py").read_text().endswith("  # Empty \\n project\n")


def test_two_programs_for_one_project_do_not_collide_in_their_stacks(api: Emulator, tmp_path: Path) -> None:
    """The second would find that its stack exists, and be imported into that of the first."""
    here = tmp_path / "Überblick 2"
    here.mkdir()
    (tmp_path / "team").mkdir()
    for out, name in ((".", "Uberblick-2"), ("../team/../three", "three")):
        done = run(api, "generate", "Analytics", "--out", out, cwd=here)
        assert done.code == 0, done.err
        assert (here / out / "Pulumi.yaml").read_text().startswith(f'name: "{name}"\n')


def test_agents_that_two_programs_may_share_are_said_before_they_undo_each_other(
    api: Emulator, tmp_path: Path
) -> None:
    def said(out: str, *options: str) -> bool:
        done = run(api, "generate", "Analytics", "--out", str(tmp_path / out), *options)
        assert done.code == 0
        return "generate that one with --agents none, or the two will undo each other\n" in done.err

    assert not said("alone")
    api.add_project("Other")
    before = len(api.requests)
    assert said("used")
    assert len([one for one in api.requests[before:] if "/v1/" in one.path]) == 3
    assert said("all", "--agents", "all")
    assert not said("none", "--agents", "none")


@pytest.mark.parametrize("name", ["2024", "true", "null", "1e5", "0x1F", "2024-01-01"])
def test_a_name_that_reads_as_something_else_is_a_name_in_pulumi_yaml(
    api: Emulator, tmp_path: Path, name: str
) -> None:
    api.add_project(name)
    assert run(api, "generate", name, "--out", str(tmp_path / name)).code == 0
    assert (tmp_path / name / "Pulumi.yaml").read_text().startswith(f'name: "{name}"\n')


@pytest.mark.parametrize("name", ["v \U0001f600", "v\u2028", 'v"\\'])
def test_any_folder_of_a_virtual_environment_is_named_as_it_is(
    api: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path / name))
    assert run(api, "generate", "Analytics", "--out", str(tmp_path / "out")).code == 0
    project = yaml.safe_load((tmp_path / "out" / "Pulumi.yaml").read_text("utf-8"))
    assert project["runtime"]["options"]["virtualenv"] == f"../{name}"


def test_pipelines_name_their_agents_by_reference(program: Path) -> None:
    """An id in another case is that agent; an agent that can be no resource is named by its id."""
    text = (program / "__main__.py").read_text()
    by_id = [line for line in text.splitlines() if line.startswith('    agent_id="')]
    agents = [one["agentId"] for one in pipelines_of(ANALYTICS)]
    others = [agent for agent in agents if agent.lower() not in STREAMING_AGENTS]
    assert len(others) == 2
    assert sorted(by_id) == sorted(f'    agent_id="{agent}",' for agent in others)
    assert text.count(".agent_id,\n") == len(agents) - len(others)
    assert text.count("agent_id=class_agent.agent_id") == 2
    (upper,) = [agent for agent in agents if agent.isupper()]
    assert upper not in (program / "import.json").read_text()


def test_what_has_no_agent_to_refer_to_is_said(api: Emulator, tmp_path: Path) -> None:
    api.add_agent("name with ümlaut", fixed_id("agent", 50))
    api.add_pipeline({**DEFINITION, "name": "one", "agentId": fixed_id("agent", 50)})
    api.add_pipeline({**DEFINITION, "name": "two", "agentId": fixed_id("agent", 51)})
    done = run(
        api,
        *("generate", "Analytics", "--pipeline", "one", "--pipeline", "two", "--out", str(tmp_path / "out")),
    )
    assert done.code == 0
    assert f"'two': its agent {fixed_id('agent', 51)} is no streaming agent of this account" in done.err
    assert "the agent 'name with ümlaut' gets no resource, only its id is written" in done.err
    assert [entry["name"] for entry in entries_in(tmp_path / "out")] == ["one", "two"]


def test_without_the_right_to_see_agents_their_ids_are_written(api: Emulator, tmp_path: Path) -> None:
    api.fail_next(403, match="GET /v1/agents*")
    done = run(api, "generate", "Analytics", "--out", str(tmp_path / "out"))
    assert done.code == 0
    assert done.err.splitlines()[0] == "these credentials may not see agents, so nothing is known of them"
    assert len(entries_in(tmp_path / "out")) == 3


@pytest.mark.parametrize(
    ("words", "env", "code", "sentence"),
    [
        (("Nowhere",), {}, 1, "no project 'Nowhere' in this account; there is: 'Analytics'"),
        (("Analytics", "--pipeline", "x"), {}, 1, "no streaming pipeline 'x' in project 'Analytics'"),
        (("Analytics",), {"DPC_CLIENT_SECRET": "wrong"}, 1, "401"),
        (("Analytics",), NOBODY, 2, "no credentials are given"),
    ],
)
def test_what_cannot_be_read_is_one_sentence_and_writes_nothing(
    api: Emulator, tmp_path: Path, words: tuple[str, ...], env: dict[str, str], code: int, sentence: str
) -> None:
    done = run(api, "generate", *words, "--out", str(tmp_path / "out"), env=env)
    assert (done.code, done.out) == (code, "")
    assert sentence in done.err
    assert len(done.err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_sees_how_far_it_is(api: Emulator, tmp_path: Path) -> None:
    shown = on_a_terminal(api, "generate", "Analytics", "--running", "--out", str(tmp_path / "out"))
    assert "run states" in shown
    assert "3/3" in shown
    assert "3 streaming pipelines written" in shown
