"""The example of a policy pack: its own tests, its names against ours, and the pack asked as Pulumi asks it."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import yaml

from pulumi_dpc import _names
from pulumi_dpc._definition.definition import validate
from pulumi_dpc._resources.streaming_pipeline import slots
from pulumi_dpc.emulator import Emulator
from pulumi_dpc.testing._engine.cli import find_cli
from pulumi_dpc.testing._engine.stack import base_environment
from tests import REPOSITORY

PACK = REPOSITORY / "examples" / "policy-pack"
DEFINITIONS = sorted((REPOSITORY / "tests" / "data" / "definitions").glob("*.json"))
OTHER_TYPE = "pulumi-python:dynamic/other:StreamingPipeline"


def load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


rules: Any = load("policy_rules", PACK / "rules.py")


def test_the_pack_and_the_provider_agree_on_the_default_slot() -> None:
    """The pack cannot import the provider, so the fact stands in both."""
    assert rules.DEFAULT_SLOT == slots.DEFAULT_SLOT


@pytest.fixture
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the files of the pack import their rules, as they do where Pulumi runs them."""
    monkeypatch.setitem(sys.modules, "rules", rules)


# ---- its rules ----

OWN_TESTS = re.findall(r"^def (test_\w+)", (PACK / "test_rules.py").read_text(), re.MULTILINE)


@pytest.mark.usefixtures("importable")
@pytest.mark.parametrize("name", OWN_TESTS)
def test_the_tests_of_the_pack_pass(name: str) -> None:
    getattr(load("policy_tests", PACK / "test_rules.py"), name)()


def test_the_pack_needs_nothing_of_the_provider() -> None:
    """It has an environment of its own, in which there is no provider: Pulumi's policies pin other versions."""
    for path in PACK.glob("*.py"):
        tree = ast.walk(ast.parse(path.read_text()))
        imported = [
            node.module if isinstance(node, ast.ImportFrom) else alias.name
            for node in tree
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        ]
        assert not [name for name in imported if str(name).startswith("pulumi_dpc")], path
    assert [line.partition(">")[0] for line in (PACK / "requirements.txt").read_text().split()] == [
        "pulumi-policy"
    ]
    policy = yaml.safe_load((PACK / "PulumiPolicy.yaml").read_text())
    assert policy["runtime"]["options"]["virtualenv"] == ".venv"


def test_the_pack_knows_the_type_by_its_whole_name() -> None:
    assert rules.TYPE == _names.STREAMING_PIPELINE_TYPE


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.stem)
def test_the_pack_spells_properties_as_we_register_them(path: Path) -> None:
    """A rule that looks for a misspelt property would never find anything."""
    definition = validate(json.loads(path.read_text())).canonical
    found = {"projectId": "p", "running": True, **definition}
    assert set(found) <= {*_names.INPUTS}
    assert rules._place(found)
    named = re.findall(r"'secretName': ", str(definition))
    assert len(list(rules.keeps_secrets_in_vaults(found, []))) == len(named) > 0
    assert len(list(rules.share_an_agent([("a", found), ("b", found)]))) == 1
    assert len(list(rules.share_a_prefix([("a", found), ("b", found)]))) == 1


def test_a_value_that_a_preview_does_not_know_hides_no_other_breach() -> None:
    """Pulumi ends a policy at the first such value."""

    class UnknownValueError(Exception):
        pass

    class Proxy(dict[str, Any]):
        def __getitem__(self, key: str) -> Any:
            if key == "host":
                raise UnknownValueError
            return super().__getitem__(key)

    reference = {"secretType": "GOOGLE_SECRET_MANAGER", "secretName": "a"}
    found = {"streamingSource": {"connection": Proxy(host="?", password=reference)}}
    assert len(list(rules.keeps_secrets_in_vaults(found, ["AWS_SECRETS_MANAGER"]))) == 1


# ---- the pack, with a stand-in for Pulumi's policies ----


@pytest.fixture
def pack(monkeypatch: pytest.MonkeyPatch, importable: None) -> SimpleNamespace:
    """Load the pack as Pulumi does, and return what it has declared."""
    made: list[SimpleNamespace] = []
    policies: Any = ModuleType("pulumi_policy")
    policies.EnforcementLevel = SimpleNamespace(MANDATORY="mandatory")
    policies.PolicyConfigSchema = lambda properties: properties
    policies.PolicyPack = lambda **given: made.append(SimpleNamespace(**given))
    policies.ResourceValidationPolicy = lambda **given: SimpleNamespace(of="resource", **given)
    policies.StackValidationPolicy = lambda **given: SimpleNamespace(of="stack", **given)
    policies.ReportViolation = policies.ResourceValidationArgs = policies.StackValidationArgs = object
    monkeypatch.setitem(sys.modules, "pulumi_policy", policies)
    load("policy_main", PACK / "__main__.py")
    return made[0]


def ask(
    pack: SimpleNamespace, *, stack: str = "production", kind: str = rules.TYPE, protect: bool = False
) -> set[str]:
    """Return which policies two equal pipelines break that say nothing of running."""
    definition = json.loads((REPOSITORY / "tests/data/definitions/postgres_to_s3.json").read_text())
    one = SimpleNamespace(
        resource_type=kind,
        props=definition,
        urn=f"urn:pulumi:{stack}::project::{kind}::one",
        name="one",
        opts=SimpleNamespace(protect=protect),
    )
    broken = set()
    for policy in pack.policies:
        schema = getattr(policy, "config_schema", None) or {}
        config = {key: value["default"] for key, value in schema.items()}
        args = SimpleNamespace(**vars(one), resources=[one, one], get_config=lambda config=config: config)
        policy.validate(args, lambda _text, policy=policy: broken.add(policy.name))
    return broken


PRODUCTION = {"production-says-whether-it-runs", "production-is-protected"}
SHARED = {"one-agent-per-pipeline", "one-slot-per-pipeline", "one-prefix-per-pipeline"}


def test_the_pack_asks_each_rule_of_the_right_resources(pack: SimpleNamespace) -> None:
    assert ask(pack) == PRODUCTION | SHARED
    assert ask(pack, protect=True) == SHARED | {"production-says-whether-it-runs"}
    assert ask(pack, stack="dev") == SHARED
    assert ask(pack, kind=OTHER_TYPE) == set()


def test_the_example_of_a_configuration_fits_the_pack(pack: SimpleNamespace) -> None:
    schemas = {policy.name: getattr(policy, "config_schema", None) or {} for policy in pack.policies}
    for name, given in json.loads((PACK / "policy-config.json").read_text()).items():
        assert set(given) <= set(schemas[name])


# ---- the real CLI ----

PROGRAM = """
import pulumi
import pulumi_dpc as dpc

project = dpc.get_project("Analytics")
environment = dpc.get_environment(project.id, "production")
dpc.StreamingPipeline.from_definition(
    "orders", {definition!r}, project_id=project.id, agent_id=environment.default_agent_id, {arguments}
)
"""


@pytest.fixture
def preview(tmp_path: Path) -> Iterator[Callable[[str], subprocess.CompletedProcess[str]]]:
    """Preview a program with the pack, in the environment that `pulumi install` has made for it."""
    if not (PACK / ".venv").exists():
        pytest.skip("the pack has no environment: run `pulumi install --cwd examples/policy-pack`")
    program = tmp_path / "program"
    program.mkdir()
    shutil.copytree(PACK, tmp_path / "pack", symlinks=True, ignore=shutil.ignore_patterns(".venv"))
    (tmp_path / "pack" / ".venv").symlink_to(PACK / ".venv")
    (program / ".venv").symlink_to(sys.prefix)
    project = {"name": "t", "runtime": {"name": "python", "options": {"virtualenv": ".venv"}}}
    (program / "Pulumi.yaml").write_text(yaml.safe_dump(project))
    definition = json.loads((REPOSITORY / "tests/data/definitions/postgres_to_s3.json").read_text())
    with Emulator(time_scale=0.01) as api:
        env = base_environment(
            {
                "PATH": os.pathsep.join([str(Path(str(find_cli())).parent), os.environ["PATH"]]),
                "PULUMI_HOME": str(tmp_path / "home"),
                "PULUMI_BACKEND_URL": f"file://{tmp_path}",
                "PULUMI_CONFIG_PASSPHRASE": "test",
                "PULUMI_SKIP_UPDATE_CHECK": "1",
                **api.env,
            }
        )
        subprocess.run(["pulumi", "stack", "init", "production"], cwd=program, env=env, check=True)

        def run(arguments: str) -> subprocess.CompletedProcess[str]:
            (program / "__main__.py").write_text(PROGRAM.format(definition=definition, arguments=arguments))
            command = ["pulumi", "preview", "--non-interactive", "--policy-pack", str(tmp_path / "pack")]
            return subprocess.run(command, cwd=program, env=env, capture_output=True, text=True, check=False)

        yield run


@pytest.mark.cli
def test_a_breach_fails_a_preview_of_the_real_cli(
    preview: Callable[[str], subprocess.CompletedProcess[str]],
) -> None:
    broken = preview("")
    assert broken.returncode != 0
    for name in PRODUCTION:
        assert name in broken.stdout
    sound = preview("running=True, opts=pulumi.ResourceOptions(protect=True)")
    assert sound.returncode == 0, sound.stdout + sound.stderr
    assert "streaming-pipelines" in sound.stdout
