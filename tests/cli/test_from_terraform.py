"""``generate --from-terraform``: what the vendor's Terraform provider manages moves to Pulumi without a write."""

from __future__ import annotations

import io
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pulumi_dpc._cli.app import cli
from pulumi_dpc._cli.terraform_state import forget_command, read_state
from pulumi_dpc._names import STREAMING_AGENT_TYPE, STREAMING_PIPELINE_TYPE
from pulumi_dpc.emulator import GUIDE_PROJECT, Emulator, Request
from pulumi_dpc.errors import ConfigurationError
from pulumi_dpc.testing._engine.engines import EngineName
from tests import DATA
from tests.cli.command import Done, run
from tests.cli.conftest import AGENTS, PIPELINES
from tests.cli.test_generate import bring_in, entries_in
from tests.repository.test_readme import Page
from tests.stack.scenarios import succeeded
from tests.worlds import DEFINITION, ENGINES, MakeWorld

STATE = DATA / "terraform" / "terraform.tfstate"
SERVICE = DATA / "terraform" / "service.json"
"""What the service held when the state was written."""
ANEW = "write it anew with `terraform state pull > state.json` of Terraform 0.12 or newer"
MOVED = [
    *(f"matillion-streaming_agent.{name}" for name in ("aws", "azure", "gcp")),
    *(f"matillion-streaming_pipeline.counted[{number}]" for number in (0, 1)),
    "matillion-streaming_pipeline.db2_ibm_i_s3_min",
    *(f'matillion-streaming_pipeline.each["{key}"]' for key in ("Straße 7", "a-b", "a_b", "class")),
    "matillion-streaming_pipeline.mysql_s3_min",
    *(f"matillion-streaming_pipeline.oracle_{target}_min" for target in ("abs", "snowflake")),
    "matillion-streaming_pipeline.postgres_s3_min",
    *(f"matillion-streaming_pipeline.sql_server_{target}_min" for target in ("abs", "snowflake")),
    "module.m.matillion-streaming_pipeline.inner",
]
"""As `terraform state list` shows it."""


@pytest.fixture(scope="module")
def service() -> Iterator[Emulator]:
    """Serve what the service held; nothing here changes it."""
    with Emulator(seed=SERVICE, time_scale=0.01, client_secret="canary-client-secret") as api:
        yield api


def generate(api: Emulator | None, state: Path | str, out: Path, *options: str, **how: Any) -> Done:
    return run(api, "generate", "--from-terraform", str(state), "--out", str(out), *options, **how)


@pytest.fixture(scope="module")
def moved(service: Emulator, tmp_path_factory: pytest.TempPathFactory) -> tuple[Done, Path]:
    out = tmp_path_factory.mktemp("moved") / "out"
    return generate(service, STATE, out), out


def written(tmp_path: Path, change: Any = None, /, **fields: Any) -> Path:
    """Write the state with other fields, or as another document."""
    document = {**json.loads(STATE.read_text()), **fields} if change is None else change
    path = tmp_path / "changed.tfstate"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def instance(key: Any = None, id_: str = "x", project_id: str = GUIDE_PROJECT, **more: Any) -> dict[str, Any]:
    attributes = {"pipeline_id": id_, "project_id": project_id}
    return {"attributes": attributes, **({} if key is None else {"index_key": key}), **more}


def resources(*instances: dict[str, Any], module: str = "", name: str = "r") -> list[dict[str, Any]]:
    block: dict[str, Any] = {
        "mode": "managed",
        "type": "matillion-streaming_pipeline",
        "name": name,
        "instances": [*instances],
    }
    return [block | ({"module": module} if module else {})]


# ---- the whole way ----


@pytest.mark.parametrize("kind", ENGINES)
def test_the_page_is_carried_out_without_a_write_and_the_preview_is_empty(
    kind: EngineName, make_world: MakeWorld, tmp_path: Path
) -> None:
    """Each command of the page in its order; the double has its own import, and Terraform only notes what it gets."""
    state = tmp_path / "terraform.tfstate"
    state.write_bytes(STATE.read_bytes())
    with make_world(kind, seed=SERVICE) as world:
        before = [(one.id, one.definition) for one in world.api.pipelines], world.api.agents
        sent: list[str] = []

        def note(request: Request) -> None:
            if "/oauth/" not in request.path:
                sent.append(request.method)

        for words in Page("docs/how-to/terraform.md").commands():
            match words:
                case ["pulumi-dpc", *arguments, ">", script]:
                    world.api.clear_requests()
                    done = run(world.api, *arguments, cwd=tmp_path)
                    assert done.code == 0, done.err
                    (tmp_path / script).write_text(done.out)
                    for request in world.api.requests:
                        note(request)
                case ["pulumi", "import", *flags]:
                    assert "--protect=true" in flags
                    bring_in(world, tmp_path / "streaming", protect=True)
                    world.api.on_request(note)
                case ["pulumi", "preview", "--expect-no-changes"]:
                    succeeded(world.run("preview", expect_no_changes=True))
                    succeeded(world.run("up"))
                case ["sh", script]:
                    assert forgotten(tmp_path, script) == MOVED
                case ["cd", _] | ["pulumi", "stack", "init", "dev"]:
                    pass
                case _:
                    raise AssertionError(words)
        assert sent == ["GET", "GET", "GET"]  # projects, pipelines and agents, and nothing by Pulumi
        assert world.run("preview", refresh=True, expect_no_changes=True).ok
        assert set(sent) == {"GET"}
        assert before == ([(one.id, one.definition) for one in world.api.pipelines], world.api.agents)
    assert state.read_bytes() == STATE.read_bytes()


def test_the_whole_estate_of_two_projects_moves_into_one_program(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    """Forty pipelines of all kinds, as if Terraform had them and their agents."""
    with make_world("engine", seed="estate") as world:
        agents = {"agent": [one["agentId"] for one in world.api.agents if one["agentType"] == "streaming"]}
        blocks = resources(*(instance(one.name, one.id, one.project_id) for one in world.api.pipelines[3:]))
        twins = [
            instance(number, one.id, one.project_id) for number, one in enumerate(world.api.pipelines[:3])
        ]
        blocks += resources(*twins, module='module.shop["eu"]')
        blocks += [block | {"type": "matillion-streaming_agent"} for block in resources(name="a")]
        blocks[-1]["instances"] = [
            {"attributes": {"agent_id": id_}, "index_key": number}
            for number, id_ in enumerate(agents["agent"])
        ]
        done = generate(world.api, written(tmp_path, resources=blocks), tmp_path / "out")
        assert done.code == 0, done.err
        assert len(done.out.splitlines()) == 40 + len(agents["agent"])
        bring_in(world, tmp_path / "out", protect=True)
        assert len(world.states()) == 40
        succeeded(world.run("preview", expect_no_changes=True))
        assert world.requests() == []
    text = (tmp_path / "out" / "__main__.py").read_text()
    assert text.count("project_id=ANALYTICS_PROJECT_ID") == 30
    assert text.count("project_id=UBERSEEHANDEL_SOHNE_PROJECT_ID") == 10
    assert '    "shop-eu-r-1",\n' in text


def forgotten(directory: Path, script: str) -> list[str]:
    """Run the script by a shell; return the addresses that Terraform is told to forget."""
    tool = directory / "bin" / "terraform"
    tool.parent.mkdir()
    tool.write_text('#!/bin/sh\n[ "$1 $2 $#" = "state rm 3" ] && printf "%s\\n" "$3" >> forgotten\n')
    tool.chmod(0o755)
    env = {"PATH": f"{tool.parent}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(["sh", "-e", script], cwd=directory, env=env, check=True)
    return (directory / "forgotten").read_text().splitlines()


# ---- what is written ----


def test_resources_are_named_by_their_addresses(moved: tuple[Done, Path]) -> None:
    """With modules, the number of ``count`` and the key of ``for_each``; so they are the same at every run."""
    entries = entries_in(moved[1])
    names = {type_: [one["name"] for one in entries if one["type"] == type_] for type_ in TYPES}
    assert sorted(names[STREAMING_AGENT_TYPE]) == ["aws", "azure", "gcp"]
    assert names[STREAMING_PIPELINE_TYPE] == [
        *("counted-0", "counted-1", "db2_ibm_i_s3_min", "each-a-b", "each-a_b", "each-class", "each-Strae-7"),
        *("m-inner", "mysql_s3_min", "oracle_abs_min", "oracle_snowflake_min", "postgres_s3_min"),
        *("sql_server_abs_min", "sql_server_snowflake_min"),
    ]


TYPES = (STREAMING_AGENT_TYPE, STREAMING_PIPELINE_TYPE)


def test_agents_of_the_state_are_wired_and_others_named_by_id(moved: tuple[Done, Path]) -> None:
    text = (moved[1] / "__main__.py").read_text()
    assert text.count("agent_id=azure_agent.agent_id") == 2
    assert text.count("agent_id=gcp_agent.agent_id") == 1
    assert text.count('agent_id="2734aa6f-0c64-4d2b-9406-f44dc8f1f3b6"') == 11
    assert text.count("dpc.StreamingAgent(\n") == 3


def test_what_to_forget_is_data_and_what_stays_is_said(moved: tuple[Done, Path]) -> None:
    done, _ = moved
    assert done.out.splitlines() == [f"terraform state rm '{address}'" for address in MOVED]
    assert "3 streaming agents and 14 streaming pipelines written" in done.err
    assert "data.matillion-streaming_agent_credentials.c: has no resource here" in done.err
    secret = json.loads(STATE.read_text())["resources"][0]["instances"][0]["attributes"]["client_secret"]
    assert secret not in done.err + done.out


def test_without_agents_terraform_keeps_them(service: Emulator, tmp_path: Path) -> None:
    done = generate(service, STATE, tmp_path / "out", "--agents", "none")
    assert done.out.splitlines() == [f"terraform state rm '{address}'" for address in MOVED[3:]]
    assert {one["type"] for one in entries_in(tmp_path / "out")} == {STREAMING_PIPELINE_TYPE}


def test_what_is_gone_or_not_seen_is_left_out_and_said(service: Emulator, tmp_path: Path) -> None:
    """One that was deleted outside, one that is there twice, one of another project, and one about to be deleted."""
    known = json.loads(SERVICE.read_text())["pipelines"]
    first, second = (one["streamingPipelineId"] for one in known[:2])
    found = resources(
        *(instance("first", first), instance("again", first.upper()), instance("gone", "gone")),
        *(instance("elsewhere", "far", "0" * 8), instance("first", second, deposed="0123abcd")),
    )
    done = generate(service, written(tmp_path, resources=found), tmp_path / "out")
    address = "matillion-streaming_pipeline.r"
    assert done.code == 0
    again, gone, far = done.err.splitlines()[:3]
    assert again == f'{address}["again"]: is the same as {address}["first"], and becomes one resource with it'
    assert gone == f'{address}["gone"]: the service does not have it any more (gone), so it is left out'
    assert far.startswith(
        "the project 00000000 is not visible with these credentials, so 1 streaming pipeline"
    )
    assert far.endswith(f' of it is left out: {address}["elsewhere"]')
    assert f'{address}["first"] (deposed object 0123abcd): has no resource here' in done.err
    assert done.out.splitlines() == [
        f"terraform state rm '{address}[\"{key}\"]'" for key in ("first", "again")
    ]
    assert [one["name"] for one in entries_in(tmp_path / "out")] == ["r-first"]


def of_agent(id_: str, name: str) -> dict[str, Any]:
    attributes = {"attributes": {"agent_id": id_}}
    return {
        "mode": "managed",
        "type": "matillion-streaming_agent",
        "name": name,
        "instances": [attributes],
    }


def test_an_agent_that_stays_with_terraform_is_named_by_its_address(api: Emulator, tmp_path: Path) -> None:
    batch = api.add_agent("night", agent_type="data_productivity_cloud")
    odd = api.add_agent("name with ümlaut")
    agents = [of_agent(batch, "batch"), of_agent(odd, "odd"), of_agent(AGENTS[0], "good")]
    state = written(tmp_path, resources=[*agents, *resources(instance(0, PIPELINES[0]))])
    address, kept = "matillion-streaming_agent", "so it is left out, and Terraform keeps it"
    done = generate(api, state, tmp_path / "out")
    assert f"{address}.batch: the agent 'night' is no streaming agent, {kept} ({batch})\n" in done.err
    assert f"{address}.odd: the agent 'name with ümlaut' gets no resource, {kept} ({odd})\n" in done.err
    assert f"{address}.good: " not in done.err
    api.fail_next(403, match="GET /v1/agents")
    unseen = generate(api, state, tmp_path / "unseen")
    assert unseen.out.splitlines() == ["terraform state rm 'matillion-streaming_pipeline.r[0]'"]
    assert unseen.err.count(f": these credentials see no agent, {kept}") == len(agents)


def test_a_state_of_this_account_is_not_said_to_be_of_another(api: Emulator, tmp_path: Path) -> None:
    batch = api.add_agent("night", agent_type="data_productivity_cloud")
    state = written(tmp_path, resources=[of_agent(batch, "batch")])
    done = generate(api, state, tmp_path / "out")
    assert (done.code, done.out) == (1, "")
    reason, error = done.err.splitlines()
    assert "the agent 'night' is no streaming agent" in reason
    assert error == f"Error: {state}: nothing of it can come under Pulumi, for the reasons above"


def test_a_state_with_agents_alone_and_without_agents_is_one_sentence(api: Emulator, tmp_path: Path) -> None:
    """It was said to be that of another account."""
    state = written(tmp_path, resources=[of_agent(AGENTS[0], "a")])
    done = generate(api, state, tmp_path / "out", "--agents", "none")
    assert (done.code, done.out) == (2, "")
    assert done.err == f"Error: {state}: has agents alone, which --agents none leaves out\n"


def test_a_draft_of_a_state_is_named_by_its_address(api: Emulator, tmp_path: Path) -> None:
    draft = api.add_pipeline({**DEFINITION, "name": "draft", "agentId": None})
    state = written(tmp_path, resources=resources(instance(0, draft), instance(1, PIPELINES[0])))
    done = generate(api, state, tmp_path / "out")
    assert done.code == 0, done.err
    assert (
        "matillion-streaming_pipeline.r[0]: 'draft' is left out, because it is not finished: the service has no agentId"
        " of it\n"
    ) in done.err
    assert "any more" not in done.err
    assert done.out == "terraform state rm 'matillion-streaming_pipeline.r[1]'\n"


def test_the_account_of_somebody_else_is_one_sentence_and_nothing_is_written(
    service: Emulator, tmp_path: Path
) -> None:
    done = generate(service, STATE, tmp_path / "out", env=service.other_account())
    assert (done.code, done.out) == (1, "")
    (sentence,) = done.err.splitlines()
    assert sentence.startswith(f"Error: nothing of {STATE} is at {service.url} with these")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "give either PROJECT or --from-terraform FILE"),
        (("Analytics", "--from-terraform", "s"), "give either PROJECT or --from-terraform FILE"),
        (("--from-terraform", "s", "--pipeline", "p"), "--pipeline goes with PROJECT"),
    ],
)
def test_a_project_or_a_state_is_given(options: tuple[str, ...], sentence: str) -> None:
    done = CliRunner().invoke(cli, ["generate", "--out", "o", *options])
    assert done.exit_code == 2
    assert sentence in done.stderr.splitlines()[-1]


def test_a_state_that_cannot_be_read_is_one_sentence_and_nothing_is_written(tmp_path: Path) -> None:
    """Before anything is asked of the account: no credentials are needed to be told so."""
    done = run(None, "generate", "--from-terraform", "s", "--out", "o", cwd=tmp_path)
    assert (done.code, done.out, done.err) == (2, "", "Error: s: cannot be read: No such file or directory\n")
    assert list(tmp_path.iterdir()) == []


def test_a_remote_state_comes_through_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(STATE.read_bytes())))
    assert len(read_state(Path("-")).pipelines) == 14
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"{")))
    with pytest.raises(ConfigurationError, match="the standard input: is no Terraform state"):
        read_state(Path("-"))


# ---- the state ----


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ("{", "is no Terraform state, because it is not JSON"),
        ("", "is no Terraform state, because it is not JSON"),
        ("[" * 100_000, "is no Terraform state, because it is not JSON"),
        ([], "is no Terraform state"),
        ({}, "is no Terraform state: it has no version"),
        (
            {"version": 3, "modules": []},
            f"is a Terraform state of version 3, and only version 4 can be read: {ANEW}",
        ),
        (
            {"version": 3, "backend": {"type": "s3"}},
            "only says that the state is remote (s3): write it to a file with `terraform state pull > state.json`",
        ),
        (
            {"serial": 1, "encrypted_data": "x", "encryption_version": "v0"},
            "is encrypted: let OpenTofu write it in plain text with `tofu state pull > state.json`",
        ),
        (
            {"format_version": "1.0", "values": {}},
            "is what `terraform show -json` prints, and no state: write that with `terraform state pull > state.json`",
        ),
        ({"version": 4}, "is no whole Terraform state: it has no list of resources"),
        (
            {"version": 4, "resources": [{"type": "matillion-streaming_pipeline"}]},
            "is no whole Terraform state: its resources[0] is not what Terraform writes",
        ),
        (
            {"version": 4, "resources": resources(instance(id_=""))},
            "is no whole Terraform state: its resources[0] is not what Terraform writes",
        ),
        (
            {"version": 4, "resources": []},
            "has no matillion-streaming_pipeline and no matillion-streaming_agent; it has no resources at all",
        ),
        (
            {"version": 4, "resources": [{"mode": "managed", "type": "aws_s3_bucket", "instances": []}]},
            "has no matillion-streaming_pipeline and no matillion-streaming_agent; it has aws_s3_bucket",
        ),
        (
            {"version": 4, "resources": resources(instance(deposed="0123abcd"))},
            "has nothing that can move to Pulumi, only matillion-streaming_pipeline.r (deposed object 0123abcd)",
        ),
        (
            {"version": 4, "resources": resources(instance(float("inf")))},
            "is no whole Terraform state: its resources[0] is not what Terraform writes",
        ),
    ],
)
def test_what_cannot_be_read_is_one_sentence(document: Any, sentence: str, tmp_path: Path) -> None:
    path = written(tmp_path, document)
    with pytest.raises(ConfigurationError) as told:
        read_state(path)
    assert str(told.value) == f"{path}: {sentence}"


def test_a_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: Is a directory"):
        read_state(tmp_path)


def test_addresses_are_quoted_as_terraform_and_a_shell_want_them(tmp_path: Path) -> None:
    """As Terraform 1.11 lists them for this state, and takes them in a shell."""
    keys = {
        'a"b': r'["a\"b"]',
        "${x}": '["$${x}"]',
        "%{if}": '["%%{if}"]',
        "$$": '["$$"]',
        "tab\tnl\n": r'["tab\tnl\n"]',
        "😀": '["😀"]',
        "it's": '["it\'s"]',
        "zero\u200bwidth": r'["zero\u200bwidth"]',
        "\U000e0001": r'["\U000e0001"]',
        "back\\slash": r'["back\\slash"]',
        "": '[""]',
        7: "[7]",
    }
    state = written(tmp_path, {"version": 4, "resources": resources(*map(instance, keys))})
    found = [
        one.address.removeprefix("matillion-streaming_pipeline.r") for one in read_state(state).pipelines
    ]
    assert found == [keys[key] for key in keys]
    assert forget_command("""a["it's"]""") == """terraform state rm 'a["it'"'"'s"]'"""


def test_a_state_cannot_act_on_a_terminal_by_its_names(tmp_path: Path) -> None:
    found = resources(instance(), module="module.m\x07", name="a\n\x1b]0;x\x07")
    (only,) = read_state(written(tmp_path, {"version": 4, "resources": found})).pipelines
    assert only.address.isprintable()


@pytest.mark.parametrize(
    ("module", "label"),
    [
        ("module.m[0]", "m-0-r"),
        ('module.a["x.y"].module.b[1]', "a-x.y-b-1-r"),
        (r'module.q["a\"] b"].module.m', r"q-a\"] b-m-r"),
    ],
)
def test_modules_stand_before_the_name(module: str, label: str, tmp_path: Path) -> None:
    state = written(tmp_path, {"version": 4, "resources": resources(instance(), module=module)})
    (only,) = read_state(state).pipelines
    assert (only.address, only.label) == (f"{module}.matillion-streaming_pipeline.r", label)
