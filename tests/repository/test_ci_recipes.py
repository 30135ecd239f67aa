"""The recipes for continuous integration work as they are pasted, as far as a shell can tell."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from pulumi_dpc._resources.streaming_pipeline import operations
from pulumi_dpc.emulator import Emulator
from pulumi_dpc.testing._engine.cli import find_cli
from pulumi_dpc.testing._engine.stack import base_environment
from tests import REPOSITORY
from tests.repository.recipes import (
    FOLDER,
    GITHUB,
    Shell,
    azure_jobs,
    azure_scripts,
    github_scripts,
    gitlab_script,
    read,
)
from tests.worlds import World, resource

ACTIONS: dict[str, dict[str, Any]] = yaml.safe_load(
    (REPOSITORY / "tests" / "data" / "actions.yaml").read_text()
)
WORKFLOWS = sorted([*GITHUB.glob("*.yml"), *(REPOSITORY / ".github" / "workflows").glob("*.yml")])
DEPLOYMENT, DRIFT = GITHUB / "streaming-pipelines.yml", GITHUB / "drift.yml"
AZURE, AZURE_DRIFT = FOLDER / "azure-pipelines.yml", FOLDER / "azure-drift.yml"
GITLAB = FOLDER / ".gitlab-ci.yml"
VALUES = {
    "vars.PULUMI_ORG": "acme",
    "vars.DPC_REGION": "eu1",
    "secrets.DPC_CLIENT_ID": "id",
    "secrets.DPC_CLIENT_SECRET": "hush",
    "github.token": "token",
    "github.repository": "acme/streams",
    "github.server_url": "https://git.example.com",
    "github.run_id": "7",
    # Azure DevOps
    "PULUMI_ACCESS_TOKEN": "token",
    "DPC_CLIENT_ID": "id",
    "DPC_CLIENT_SECRET": "hush",
    "System.AccessToken": "token",
    "System.CollectionUri": "https://azure.example.com/acme/",
    "System.TeamProject": "streams",
    "Build.BuildId": "7",
    # GitLab
    "PULUMI_ORG": "acme",
    "CI_JOB_URL": "https://gitlab.example.com/jobs/7",
}
GIVEN = {
    "PULUMI_ORG": "acme",
    "PULUMI_OIDC_TOKEN": "jwt",
    "API_TOKEN": "api-token",
    "CI_API_V4_URL": "https://gitlab.example.com/api/v4",
    "CI_PROJECT_ID": "1",
    "CI_MERGE_REQUEST_IID": "2",
    "SYSTEM_COLLECTIONURI": "https://azure.example.com/acme/",
    "SYSTEM_TEAMPROJECT": "streams",
    "SYSTEM_TEAMPROJECTID": "3",
    "BUILD_REPOSITORY_ID": "4",
    "SYSTEM_PULLREQUEST_PULLREQUESTID": "5",
}
"""What the systems put into the environment of a job."""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path, GIVEN)


def carry_out(shell: Shell, system: str, job: str, **env: str) -> tuple[int, list[str]]:
    """Run every shell step of a job until one fails; return its exit code and what the stubs were called with."""
    done = None
    for script, given in scripts(system, job):
        done = shell.run(script, {**given, **env})
        if done.returncode:
            break
    assert done
    assert "hush" not in done.stdout + done.stderr
    return done.returncode, [call for call in shell.calls() if not call.startswith(("python3", "pip"))]


def scripts(system: str, job: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    if system == "gitlab":
        yield gitlab_script(job, VALUES)
    elif system == "azure":
        yield from azure_scripts(AZURE_DRIFT if job == "drift" else AZURE, job, VALUES)
    else:
        yield from github_scripts(DRIFT if job == "drift" else DEPLOYMENT, job, VALUES)


# ---- what the files say ----


def steps_with_actions() -> Iterator[tuple[Path, str, dict[str, Any]]]:
    for path in WORKFLOWS:
        for job in read(path)["jobs"].values():
            yield from ((path, step["uses"], step) for step in job.get("steps", []) if "uses" in step)


def test_an_action_is_pinned_by_its_commit_and_the_comment_names_its_version() -> None:
    """A tag can be moved to other code, which would then run with the secrets."""
    for path in WORKFLOWS:
        for line in re.findall(r"uses: (\S+@.*)", path.read_text()):
            found = re.match(r"([\w/-]+)@([0-9a-f]{40}) # (v[\d.]+)\b", line)
            assert found, f"{path}: {line}"
            known = ACTIONS[found[1]]
            assert (found[2], found[3]) == (known["commit"], known["version"]), f"{path}: {line}"


def test_an_action_gets_inputs_that_it_has_and_all_that_it_requires() -> None:
    """An unknown input is only a warning on GitHub, so a misspelt `refresh` would never be noticed."""
    for path, uses, step in steps_with_actions():
        known = ACTIONS[uses.partition("@")[0]]
        required, given = set(known.get("required", [])), set(step.get("with", {}))
        assert given <= {*known["inputs"], *required}, (path, uses)
        assert required <= given, (path, uses)


def test_every_action_that_is_described_is_used() -> None:
    used = {uses.partition("@")[0] for _, uses, _ in steps_with_actions()}
    assert set(ACTIONS) == used


def test_the_account_is_kept_from_the_job_that_any_fork_may_run() -> None:
    """A fork's pull request may change the program, which could then send the secrets anywhere."""
    jobs = read(DEPLOYMENT)["jobs"]
    assert {name for name, job in jobs.items() if "secrets." in str(job)} == {"preview", "up"}
    assert "!github.event.pull_request.head.repo.fork" in jobs["preview"]["if"]
    assert "github.event_name == 'push'" in jobs["up"]["if"]
    assert "pull_request_target" not in DEPLOYMENT.read_text()
    stages = {stage["stage"]: stage for stage in read(AZURE)["stages"]}
    assert {name for name, stage in stages.items() if "CLIENT_SECRET" in str(stage)} == {
        "preview",
        "production",
    }
    assert "ne(variables['System.PullRequest.IsFork'], 'True')" in stages["preview"]["condition"]
    assert "refs/heads/main" in stages["production"]["condition"]
    emulator = read(GITLAB)["emulator"]
    assert "extends" not in emulator
    assert "id_tokens" not in emulator
    assert (
        "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID" in read(GITLAB)["preview"]["rules"][0]["if"]
    )


def test_a_job_has_the_permissions_that_it_needs_and_no_others() -> None:
    jobs = {**read(DEPLOYMENT)["jobs"], **read(DRIFT)["jobs"]}
    assert read(DEPLOYMENT)["permissions"] == read(DRIFT)["permissions"] == {}
    written = {
        name: {what for what, how in job["permissions"].items() if how == "write"}
        for name, job in jobs.items()
    }
    assert written == {
        "emulator": set(),
        "preview": {"id-token", "pull-requests"},
        "up": {"id-token"},
        "drift": {"id-token", "issues"},
    }


def test_one_deployment_runs_at_a_time_and_none_is_cancelled() -> None:
    """A kill between STOP and START may leave a pipeline stopped."""
    assert read(DEPLOYMENT)["concurrency"]["cancel-in-progress"] is False
    assert read(DRIFT)["jobs"]["drift"]["concurrency"]["group"] != "production"
    assert read(GITLAB)["up"]["resource_group"] == "production"
    assert read(GITLAB)["up"]["interruptible"] is False
    production = next(stage for stage in read(AZURE)["stages"] if stage["stage"] == "production")
    assert production["lockBehavior"] == "sequential"


def test_an_older_commit_is_not_deployed_last() -> None:
    """A job that waits for another one enters its group late; a workflow enters it when it is made."""
    group = read(DEPLOYMENT)["concurrency"]["group"]
    assert group == "${{ github.event_name == 'push' && 'production' || github.run_id }}"
    assert [name for name, job in read(DEPLOYMENT)["jobs"].items() if "concurrency" in job] == []
    assert "Prevent outdated\n  # deployment jobs" in GITLAB.read_text()


def test_the_check_for_drift_runs_on_a_schedule() -> None:
    assert read(DRIFT)[True]["schedule"]
    assert read(AZURE_DRIFT)["schedules"][0]["always"] is True
    assert read(GITLAB)["drift"]["rules"] == [{"if": '$CI_PIPELINE_SOURCE == "schedule"'}]


def test_no_recipe_uses_the_refresh_of_the_action_which_writes_state() -> None:
    for _, uses, step in steps_with_actions():
        if uses.startswith("pulumi/actions@"):
            assert step.get("with", {}).get("command") in (None, "preview", "up")


def test_the_azure_jobs_are_those_of_the_other_systems() -> None:
    assert {*azure_jobs(AZURE), *azure_jobs(AZURE_DRIFT)} == {"emulator", "preview", "up", "drift"}


# ---- their shell lines, with stubs ----

SYSTEMS = ("github", "gitlab", "azure")


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_first_job_deploys_to_the_emulator(shell: Shell, system: str) -> None:
    """On GitHub with the real emulator; its address must reach the program."""
    is_real = system == "github"
    code, calls = carry_out(shell, system, "emulator", REAL_EMULATOR="1" if is_real else "")
    assert code == 0
    words = [" ".join(call.split()[1:3]) for call in calls if call.startswith("pulumi ")]
    assert words == ["stack init", "up --stack", "preview --stack", "destroy --stack"]
    (address,) = [call for call in calls if call.startswith("at ")]
    assert address.startswith("at http://127.0.0.1:") if is_real else address == "at stub"


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_job_that_forks_may_run_needs_no_variable(tmp_path: Path, system: str) -> None:
    """Where pip finds the package was a variable, which a fork's pull request does not get."""
    shell = Shell(tmp_path, {})
    for script, env in scripts(system, "emulator"):
        done = shell.run(script, dict.fromkeys(env, ""))
        assert done.returncode == 0, done.stderr
    assert "pip install --quiet --requirement requirements.txt" in shell.calls()


@pytest.mark.parametrize("is_there", [False, True])
def test_the_check_on_the_emulator_leaves_nothing_and_sends_no_token(shell: Shell, is_there: bool) -> None:
    """Run by hand, it left a file of its stack, and where DPC_TOKEN was set it failed: two ways to sign in."""
    shell.run("scripts/install.sh", {})
    config = shell.folder / "Pulumi.check.yaml"
    if is_there:
        config.write_text("config: {}\n")
    done = shell.run("scripts/check-on-emulator.sh", {"DPC_TOKEN": "hush"})
    assert done.returncode == 0, done.stderr
    assert config.exists() == is_there
    assert "token " in shell.calls()


def test_a_recipe_that_does_not_say_where_the_package_is_says_so(shell: Shell) -> None:
    shutil.copy(FOLDER / "requirements.txt", shell.folder)
    done = shell.run("scripts/install.sh", {})
    assert (done.returncode, done.stderr.partition(":")[0]) == (1, "requirements.txt")


@pytest.mark.parametrize("exits", [0, 1])
@pytest.mark.parametrize("system", ["gitlab", "azure"])
def test_a_preview_is_commented_also_if_it_fails(shell: Shell, system: str, exits: int) -> None:
    """On GitHub the action does it."""
    code, calls = carry_out(shell, system, "preview", PREVIEW_EXITS=str(exits))
    assert code == exits
    (preview,) = [call for call in calls if call.startswith("pulumi preview")]
    assert "--stack acme/production --refresh --diff" in preview
    (comment,) = [call for call in calls if call.startswith("curl") and "output" in call]
    expected = {
        "gitlab": "api/v4/projects/1/merge_requests/2/notes",
        "azure": "3/_apis/git/repositories/4/pullRequests/5/threads",
    }
    assert expected[system] in comment.replace("\\", "")
    assert "previewed" in (shell.folder / "comment.md").read_text()


@pytest.mark.parametrize("shift", range(3))
def test_a_long_preview_is_not_cut_within_a_character(shell: Shell, tmp_path: Path, shift: int) -> None:
    """The comment was no UTF-8 then, and the systems refuse it."""
    text = tmp_path / "text"
    text.write_text("-" * shift + ("€" * 100 + "\n") * 300)
    assert shell.run("scripts/preview.sh dev", {"PREVIEW_PRINTS": str(text)}).returncode == 0
    comment = (shell.folder / "comment.md").read_text(encoding="utf-8")
    assert len(comment.encode()) < 61000
    assert comment.splitlines()[3:5] == ["(the beginning is in the log)", "€" * 100]
    assert comment.endswith("previewed\n\n```\n")


@pytest.mark.parametrize("system", ["gitlab", "azure"])
def test_a_merge_is_deployed(shell: Shell, system: str) -> None:
    code, calls = carry_out(shell, system, "up")
    assert code == 0
    assert calls[-1] == "pulumi up --stack acme/production --refresh --yes --skip-preview --non-interactive"


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize(
    ("refresh_exits", "already_open", "opened"), [(0, 0, 0), (7, 0, 1), (7, 1, 0), (1, 0, 0)]
)
def test_drift_opens_one_issue_and_a_failed_check_none(
    shell: Shell, system: str, refresh_exits: int, already_open: int, opened: int
) -> None:
    given = {"REFRESH_EXITS": str(refresh_exits), "OPEN_ISSUES": str(already_open)}
    code, calls = carry_out(shell, system, "drift", **given)
    assert code == refresh_exits
    creating = {
        "github": "gh issue create",
        "gitlab": "curl .*labels=drift --data",
        "azure": "az boards work-item",
    }
    assert len([call for call in calls if re.match(creating[system], call)]) == opened
    refreshes = [call for call in calls if call.startswith("pulumi refresh")]
    assert len(refreshes) == (2 if refresh_exits == 7 else 1)
    assert "--stack acme/production --preview-only --expect-no-changes" in refreshes[0]
    issue = shell.folder / "issue.md"
    assert issue.exists() == (refresh_exits == 7)
    assert not issue.exists() or "The log has the paths: https://" in issue.read_text()


def look_for_drift(shell: Shell, *words: str, **env: str) -> tuple[int, str]:
    done = shell.run(" ".join(["scripts/look-for-drift.sh", *words]), env)
    return done.returncode, done.stderr


def test_a_deployment_that_runs_is_no_drift(shell: Shell) -> None:
    """What is live differs from the state until it has ended; the check opened an issue."""
    assert look_for_drift(shell, "dev", REFRESH_EXITS="7 0") == (0, "")
    assert not (shell.folder / "issue.md").exists()


def test_a_dead_agent_is_no_green_check_for_drift(shell: Shell) -> None:
    """A status of UNKNOWN is no difference, so the command exits with 0."""
    for text in (operations._LAST_KNOWN, operations._NEVER_KNOWN):
        code, said = look_for_drift(shell, "dev", REFRESH_PRINTS=text)
        assert (code, "look after the agents" in said) == (10, True)
    assert look_for_drift(shell, "dev", REFRESH_PRINTS=text, REFRESH_EXITS="1")[0] == 1
    assert not (shell.folder / "issue.md").exists()


def test_a_check_for_drift_without_a_stack_says_how_it_is_used(shell: Shell) -> None:
    assert look_for_drift(shell) == (64, "usage: scripts/look-for-drift.sh <stack>\n")


# ---- drift ----


def test_a_check_for_drift_finds_it_and_writes_nothing(world: World) -> None:
    """The exit code is the CLI's; what a refresh finds, and that it only asks, is seen on the double too."""
    assert world.up(resource(running=True)).ok
    id_, before = world.pipeline.id, world.stack.state_text
    assert not world.run("refresh", preview_only=True).drifted
    changes: list[Callable[[], object]] = [
        lambda: world.api.stop(id_),
        lambda: world.api.edit(id_, advancedProperties={"max.batch.size": 1}),
        lambda: world.api.delete(id_),
    ]
    for change in changes:
        change()
        live = [(one.status, one.definition) for one in world.api.pipelines]
        assert world.run("refresh", preview_only=True).drifted
        assert world.stack.state_text == before
        assert [(one.status, one.definition) for one in world.api.pipelines] == live
        assert {request.split()[0] for request in world.requests()} == {"GET"}


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[tuple[Path, Emulator, dict[str, str]]]:
    """Deploy the program of the recipes with the real CLI, to an emulator that goes on."""
    folder = tmp_path / "copy"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__", "Pulumi.*.yaml"))
    (folder / ".venv").symlink_to(sys.prefix)
    project = folder / "Pulumi.yaml"
    project.write_text(project.read_text().replace("../../.venv", ".venv"))
    with Emulator(time_scale=0.01) as api:
        env = base_environment(
            {
                "PATH": os.pathsep.join([str(Path(str(find_cli())).parent), os.environ["PATH"]]),
                "PULUMI_HOME": str(tmp_path / "home"),
                "PULUMI_BACKEND_URL": f"file://{tmp_path}",
                "PULUMI_CONFIG_PASSPHRASE": "test",
                "PULUMI_SKIP_UPDATE_CHECK": "1",
                "LOOK_AGAIN_AFTER": "0",
                **api.env,
            }
        )
        for words in (["stack", "init", "dev"], ["up", "--stack", "dev", "--yes", "--skip-preview"]):
            subprocess.run(["pulumi", *words, "--non-interactive"], cwd=folder, env=env, check=True)
        yield folder, api, env


@pytest.mark.cli
def test_the_check_for_drift_exits_with_0_without_and_7_with_drift(
    deployed: tuple[Path, Emulator, dict[str, str]], tmp_path: Path
) -> None:
    """The recipes tell drift from a check that has failed by this code."""
    folder, api, env = deployed

    def check() -> int:
        return subprocess.run(
            ["scripts/look-for-drift.sh", "dev"], cwd=folder, env=env, check=False
        ).returncode

    def state() -> str:
        return "".join(path.read_text() for path in sorted(tmp_path.glob(".pulumi/stacks/**/*.json")))

    assert check() == 0
    assert not (folder / "issue.md").exists()
    agent = str(api.pipelines[0].definition["agentId"])
    api.agent_offline(agent)
    assert check() == 10
    api.agent_online(agent)
    api.stop(api.pipelines[0].id)
    before = state()
    api.clear_requests()
    assert check() == 7
    assert (folder / "issue.md").exists()
    assert state() == before
    assert {request.method for request in api.requests if "oauth" not in request.path} == {"GET"}
    assert check() == 7, "a check repairs nothing"
    env["DPC_CLIENT_SECRET"] = "wrong"
    assert check() not in (0, 7), "a check that fails is not drift"


@pytest.mark.cli
@pytest.mark.parametrize("names", [{}, {"Analytics": "Retail", "production": "live"}])
def test_the_script_of_the_first_job_deploys_with_the_real_cli(tmp_path: Path, names: dict[str, str]) -> None:
    """Also a program that looks up other names, with a seed of its own."""
    folder = tmp_path / "copy"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__", "Pulumi.*.yaml"))
    (folder / ".venv").symlink_to(sys.prefix)
    for ours, theirs in {"../../.venv": ".venv", **names}.items():
        for file in (folder / "__main__.py", folder / "emulator.yaml", folder / "Pulumi.yaml"):
            file.write_text(file.read_text().replace(ours, theirs))
    path = os.pathsep.join([str(Path(str(find_cli())).parent), os.environ["PATH"]])
    env = base_environment({"PATH": path, "PULUMI_HOME": str(tmp_path / "home"), "CI": "true"})
    done = subprocess.run(
        ["scripts/check-on-emulator.sh"], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "- 2 deleted" in done.stdout
