"""The two engines of `tests/engine`: every scenario runs on the double, and on the real CLI with equal results.

The double is only worth as much as its likeness. So each scenario states what must happen, and the CLI's run of it must
give the same steps, outputs, messages, provider calls and state.
"""

from __future__ import annotations

import json
import os
import re
import signal
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import pulumi
import pytest

from pulumi_dpc.testing._engine.engines import EngineName, open_stack
from pulumi_dpc.testing._engine.stack import urn_of
from pulumi_dpc.testing._engine.values import SECRET, SIGNATURE
from pulumi_dpc.testing._engine.zygote import PlainLauncher, Zygote, shared_launcher
from tests.engine.sample_provider import Cloud
from tests.worlds import ENGINES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pulumi_dpc.testing._engine.stack import Diagnostic, Result
    from pulumi_dpc.testing._engine.zygote import Launcher

Test = TypeVar("Test", bound="Callable[..., None]")
CANARY = "canary-4f1c"
PRELUDE = """
import pulumi
from tests.engine.sample_provider import asking
from pulumi import Alias, CustomTimeouts, Output, ResourceOptions as Opts
from tests.engine.sample_provider import Other, Thing
"""
BOX = """
class Box(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("my:Box", name, None, opts)
"""


class Lab:
    """A stack, its cloud, and a record of everything that can be compared."""

    def __init__(self, kind: EngineName, directory: Path, **options: Any) -> None:
        self.cloud, self.directory = Cloud(directory / "cloud"), directory
        env = {"SAMPLE_CLOUD": str(directory / "cloud")}
        self.kind, self.stack = kind, open_stack(kind, directory / "stack", env, **options)
        self.record: list[dict[str, Any]] = []

    def program(self, *lines: str) -> None:
        self.stack.write(PRELUDE + "\n".join(lines) + "\n")

    def run(self, command: str, **options: Any) -> Result:
        self.cloud.take_calls()
        result: Result = getattr(self.stack, command)(**options)
        self._note(command, result)
        return result

    def during(
        self, command: str, call: str, name: str, act: Callable[[], None], *, go: bool, after: str = ""
    ) -> Result:
        """Run a command and `act` while that call waits; then let the call go, if it can still go."""
        self.cloud.make(call, name, "wait", after=after)
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(self.run, command)
            self.cloud.await_call(call, name)
            act()
            if go:
                self.cloud.release(call, name)
            return running.result()

    def calls(self, *kinds: str) -> list[tuple[str, str]]:
        """Return (call, name) of what the last command asked of the provider."""
        return [(c["call"], c["name"]) for c in self.cloud.calls if c["call"] in kinds or not kinds]

    def of(self, name: str) -> dict[str, Any]:
        """Return the stored state of the resource called `name`."""
        return next(r for r in self.stack.state if r["urn"].endswith(f"::{name}"))

    def _said(self, diagnostic: Diagnostic) -> tuple[str, str, str]:
        text = diagnostic.text.replace(str(self.directory), "")
        text = text.partition("\nThese resources are in an unknown state")[0]  # the CLI's advice
        return diagnostic.severity, diagnostic.urn, text

    def _note(self, command: str, result: Result) -> None:
        self.record.append(
            {
                "command": command,
                "exit": result.exit_code,
                "steps": sorted((s.urn, s.op, s.result, sorted(s.keys)) for s in result.steps),
                "outputs": result.outputs,
                "said": sorted({self._said(d) for d in result.diagnostics if d.severity != "info"}),
                "progress": sorted({(d.severity, d.text) for d in result.progress}),
                "calls": _by_name(self.cloud.calls),
                "state": sorted(map(_comparable, self.stack.state), key=json.dumps),
                "pending": sorted((p["type"], p["resource"]["urn"]) for p in self.stack.pending_operations),
            }
        )


def _by_name(calls: list[dict[str, Any]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for call in calls:
        kept = {key: value for key, value in call.items() if key != "pid"}
        found.setdefault(f"{call['name']} {call.get('id', '')}", []).append(kept)
    return found


def _comparable(resource: dict[str, Any]) -> dict[str, Any]:
    """Leave out what differs from run to run: times, places, ciphertexts, the ids of providers."""
    dropped = ("created", "modified", "sourcePosition", "stackTrace")
    text = json.dumps({k: v for k, v in resource.items() if k not in dropped})
    text = re.sub(r'"ciphertext": "[^"]*"', '"ciphertext": ""', text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>", text)
    found: dict[str, Any] = json.loads(text)
    return found


# -- scenarios -----------------------------------------------------------------------------------------------

SCENARIOS: list[Callable[[Lab], None]] = []


def scenario(function: Callable[[Lab], None]) -> Callable[[Lab], None]:
    SCENARIOS.append(function)
    return function


def with_error_hooks(function: Test) -> Test:
    """Leave a scenario out where the SDK has no error hooks."""
    if hasattr(pulumi, "ErrorHook"):
        return function
    if function in SCENARIOS:
        SCENARIOS.remove(function)
    skipped: Test = pytest.mark.skip("the SDK has no error hooks")(function)
    return skipped


@scenario
def a_stack_is_created_left_alone_edited_and_destroyed(lab: Lab) -> None:
    """The everyday life; dependents wait for what they need, and go first."""
    lab.program(
        'a = Thing("a", size=3, running=True)', 'b = Thing("b", size=a.status)', 'pulumi.export("s", b.size)'
    )
    assert lab.run("preview").ops() == [("a", "create"), ("b", "create")]
    assert lab.calls() == [("check", "a"), ("check", "b")]
    created = lab.run("up")
    assert created.ops(components=True) == [("proj-dev", "create"), ("a", "create"), ("b", "create")]
    assert created.outputs == {"s": "ON"}
    assert lab.run("preview", expect_no_changes=True).ops() == [("a", "same"), ("b", "same")]
    assert lab.run("up").ops() == [("a", "same"), ("b", "same")]
    lab.program('a = Thing("a", size=4, running=False)', 'b = Thing("b", size=a.status)')
    assert lab.run("preview", expect_no_changes=True).exit_code == 7
    assert lab.run("up").ops() == [("a", "update"), ("b", "update")]
    assert lab.run("destroy").ops() == [("b", "delete"), ("a", "delete")]
    assert lab.cloud.objects == {}
    assert lab.stack.state == []


@scenario
def a_resource_dropped_from_the_program_is_deleted_last(lab: Lab) -> None:
    """A renamed resource without an alias too: the new one is created first, the old one deleted at the end."""
    lab.program('Thing("a")', 'Thing("b")')
    lab.run("up")
    lab.program('Thing("c", name="a")')
    assert lab.run("preview").ok
    assert lab.run("up").ops()[0] == ("c", "create")
    assert sorted(lab.calls("create", "delete")[1:]) == [("delete", "a"), ("delete", "b")]


@scenario
def secrets_stay_secret(lab: Lab) -> None:
    """A secret input makes the output of its name secret; nothing readable is stored, after refresh and update too."""
    program = (
        'b = Thing("b", nested={{"deep": [Output.secret("{0}"), 1], "open": "x"}}, n={1})',
        'Thing("a", word=Output.secret("{0}"), also=b.nested, n={1}, opts=Opts(additional_secret_outputs=["status"]))',
        'pulumi.export("w", b.nested)',
    )
    lab.stack.set_config("sample:token", CANARY + "-token", secret=True)
    lab.program(*(line.format(CANARY, 1) for line in program))
    assert lab.run("preview").ok
    created = lab.run("up")
    assert created.outputs["w"]["deep"][0] == CANARY
    assert "ciphertext" in lab.of("a")["outputs"]["status"]
    lab.cloud.put("a-1", n=5)
    lab.run("refresh")
    assert CANARY not in lab.stack.state_text
    lab.program(*(line.format(CANARY, 2) for line in program))
    updated = lab.run("up")
    assert CANARY not in lab.stack.state_text
    assert CANARY not in created.text + updated.text
    assert lab.run("destroy").ok


@scenario
def a_nested_value_that_becomes_secret_is_so_in_the_inputs(lab: Lab) -> None:
    """The outputs stay as they are until an update, through a refresh too; then they keep it."""
    plain, secret = (
        '{"pw": "x", "l": ["y"], "n": 1}',
        '{"pw": Output.secret("x"), "l": [Output.secret("y")], "n": 1}',
    )
    lab.program(f'Thing("a", nested={plain}, answer="false")')
    lab.run("up")
    lab.program(f'Thing("a", nested={secret}, answer="false")')
    lab.run("preview")
    assert lab.run("up").ops() == [("a", "same")]
    assert "ciphertext" in lab.of("a")["inputs"]["nested"]["pw"]
    assert lab.run("refresh").ok
    assert lab.of("a")["outputs"]["nested"]["pw"] == "x"
    lab.program(f'Thing("a", nested={secret}, answer="true")')
    assert lab.run("up").ops() == [("a", "update")]
    assert "ciphertext" in lab.of("a")["outputs"]["nested"]["l"]
    assert lab.of("a")["outputs"]["nested"]["n"] == 1
    lab.program(f'Thing("a", nested={plain}, answer="false")')
    lab.run("up")
    lab.run("refresh")
    assert "ciphertext" in lab.of("a")["outputs"]["nested"]["pw"]
    lab.program(f'Thing("a", nested=Output.secret({plain}), answer="false")')
    lab.run("up")
    assert "ciphertext" in lab.of("a")["outputs"]["nested"]


@scenario
def a_same_step_marks_additional_secret_outputs(lab: Lab) -> None:
    """It keeps the outputs as they are, but for that."""
    lab.program('Thing("a", word="x", nested={"pw": "x"})')
    lab.run("up")
    lab.program(
        'Thing("a", word="x", nested={"pw": "x"}, opts=Opts(additional_secret_outputs=["status", "word", "none"]))'
    )
    lab.run("preview")
    assert lab.run("up").ops() == [("a", "same")]
    assert "ciphertext" in lab.of("a")["outputs"]["status"]
    lab.program('Thing("a", word="x", nested={"pw": "x"})')
    lab.run("up")
    assert "ciphertext" in lab.of("a")["outputs"]["word"]


@scenario
def drift_is_found_by_refresh_only(lab: Lab) -> None:
    """Inputs that read returns are stored, so the next preview shows exactly what drifted."""
    lab.program('Thing("a", running=True, size=3)', 'Thing("b", size=3)')
    lab.run("up")
    lab.cloud.put("a-1", running=False, status="OFF")
    lab.cloud.put("b-1", size=9)
    assert lab.run("preview", expect_no_changes=True).ok
    assert lab.run("refresh", preview_only=True).ok
    assert sorted(lab.run("refresh").ops()) == [("a", "refresh:update"), ("b", "refresh:update")]
    assert lab.of("a")["inputs"]["running"] is False
    preview = lab.run("preview")
    assert {(s.name, s.op, s.keys) for s in preview.steps if s.op != "same"} == {
        ("a", "update", frozenset()),
        ("b", "update", frozenset({"size"})),
    }
    assert lab.run("up").ok
    lab.cloud.put("a-1", running=False)
    assert lab.run("preview", refresh=True, expect_no_changes=True).exit_code == 7
    repaired = lab.run("up", refresh=True).ops()
    assert ("a", "refresh") in repaired
    assert ("a", "update") in repaired
    assert lab.cloud.objects["a-1"]["running"] is True


@scenario
def what_is_gone_is_created_again(lab: Lab) -> None:
    lab.program('a = Thing("a")', 'b = Thing("b", size=a.id)')
    lab.run("up")
    lab.cloud.remove("a-1")
    assert ("a", "refresh:delete") in lab.run("refresh").ops()
    assert "dependencies" not in lab.of("b")
    assert lab.run("up").ops() == [("a", "create"), ("b", "update")]
    lab.cloud.remove("a-2")
    lab.run("preview", refresh=True)
    assert ("a", "create") in lab.run("up", refresh=True).ops()


@scenario
def a_replacement_creates_first_and_deletes_last(lab: Lab) -> None:
    lab.program('a = Thing("a", zone="x")', 'Thing("b", size=a.id)')
    lab.run("up")
    lab.program('a = Thing("a", zone="y")', 'Thing("b", size=a.id)')
    lab.run("preview")
    assert lab.run("up").ops() == [
        ("a", "create-replacement"),
        ("a", "replace"),
        ("b", "update"),
        ("a", "delete-replaced"),
    ]
    assert lab.of("a")["id"] == "a-2"
    assert set(lab.cloud.objects) == {"a-2", "b-1"}
    lab.run("preview", replace=[urn_of("a")])
    lab.run("up", replace=[urn_of("a")])
    assert lab.of("a")["id"] == "a-3"


@scenario
def delete_before_replace_takes_dependents_along(lab: Lab) -> None:
    """The provider asks for it (a slot), or the option does; what would be replaced too goes first."""
    lab.program(
        'a = Thing("a", zone="x", slot=True)', 'Thing("b", zone=a.status)', 'Thing("c", size=a.status)'
    )
    lab.run("up")
    lab.program(
        'a = Thing("a", zone="y", slot=True)', 'Thing("b", zone=a.status)', 'Thing("c", size=a.status)'
    )
    lab.run("preview")
    assert lab.run("up").ops()[:4] == [
        ("b", "delete-replaced"),
        ("a", "delete-replaced"),
        ("a", "replace"),
        ("a", "create-replacement"),
    ]
    lab.program(
        'a = Thing("a", zone="z", slot=True, opts=Opts(delete_before_replace=False))',
        'Thing("b", zone=a.status)',
        'Thing("c", zone="new", opts=Opts(delete_before_replace=True))',
    )
    lab.run("up")
    assert set(lab.cloud.objects) == {"a-3", "b-2", "c-2"}


@scenario
def a_replacement_whose_create_fails_is_carried_out_next_time(lab: Lab) -> None:
    """Delete-before-replace leaves `pendingReplacement`; then the provider's diff does not matter."""
    lab.program('Thing("a", zone="x", slot=True)')
    lab.run("up")
    lab.program('Thing("a", zone="y", slot=True)')
    lab.cloud.make("create", "a", "clean")
    assert lab.run("up").exit_code == 1
    assert lab.of("a")["pendingReplacement"] is True
    lab.run("refresh")
    lab.program('Thing("a", zone="x", slot=True)')
    lab.run("preview")
    assert lab.run("up").ops() == [("a", "replace"), ("a", "create-replacement")]
    assert "pendingReplacement" not in lab.of("a")


@scenario
def a_failed_deletion_of_a_replaced_resource_is_tried_again(lab: Lab) -> None:
    lab.program('Thing("a", zone="x")')
    lab.run("up")
    lab.program('Thing("a", zone="y")')
    lab.cloud.make("delete", "a", "clean")
    assert lab.run("up").exit_code == 1
    assert [r.get("delete", False) for r in lab.stack.state if r["urn"] == urn_of("a")] == [False, True]
    lab.run("refresh")
    assert lab.run("up").ops() == [("a", "same"), ("a", "delete-replaced")]
    assert set(lab.cloud.objects) == {"a-2"}


@scenario
def replace_on_changes_needs_a_diff_with_keys(lab: Lab) -> None:
    """It works when the provider leaves the comparison to the engine, and is ignored when it says True."""
    lab.program('Thing("a", size=1, nested={"x": 1}, opts=Opts(replace_on_changes=["nested.x"]))')
    lab.run("up")
    lab.program('Thing("a", size=2, nested={"x": 1}, opts=Opts(replace_on_changes=["nested.x"]))')
    assert lab.run("up").ops() == [("a", "update")]
    lab.program('Thing("a", size=2, nested={"x": 2}, opts=Opts(replace_on_changes=["nested.x"]))')
    lab.run("preview")
    assert ("a", "replace") in lab.run("up").ops()
    lab.program('Thing("a", size=3, nested={"x": 2}, answer="true", opts=Opts(replace_on_changes=["*"]))')
    assert lab.run("up").ops() == [("a", "update")]


@scenario
def ignored_changes_keep_the_old_input(lab: Lab) -> None:
    lab.program('Thing("a", size=1, nested={"x": 1, "y": 1}, opts=Opts(ignore_changes=["size", "nested.x"]))')
    lab.run("up")
    lab.program('Thing("a", size=2, nested={"x": 2, "y": 1}, opts=Opts(ignore_changes=["size", "nested.x"]))')
    assert lab.run("up").ops() == [("a", "same")]
    lab.cloud.put("a-1", size=5)
    assert ("a", "same") in lab.run("up", refresh=True).ops()
    lab.program('Thing("a", size=2, nested={"x": 2, "y": 3}, opts=Opts(ignore_changes=["size", "nested.x"]))')
    (step,) = [s for s in lab.run("up").steps if s.name == "a"]
    assert (step.op, set(step.keys)) == ("update", {"nested"})
    (update,) = [call for call in lab.cloud.calls if call["call"] == "update"]
    assert update["ignored"] == ["size", "nested.x"]
    assert update["old_inputs"]["nested"] == {"x": 1, "y": 1}
    lab.run("destroy")


@scenario
def the_providers_answer_to_diff_rules(lab: Lab) -> None:
    """False: inputs are stored, outputs kept, no update. True: an update even when nothing differs."""
    lab.program('Thing("a", size=1, answer="false")')
    lab.run("up")
    lab.program('Thing("a", size=2, answer="false")')
    assert lab.run("up").ops() == [("a", "same")]
    assert (lab.of("a")["inputs"]["size"], lab.of("a")["outputs"]["size"]) == (2, 1)
    lab.program('Thing("a", size=2, answer="true")')
    lab.run("up")
    assert lab.run("up").ops() == [("a", "update")]


@scenario
def protected_resources_are_neither_deleted_nor_replaced(lab: Lab) -> None:
    lab.program('Thing("a", zone="x", opts=Opts(protect=True))', 'Thing("b", opts=Opts(protect=True))')
    lab.run("up")
    refused = lab.run("destroy")
    assert refused.exit_code == 1
    assert sum("cannot be deleted" in text for text in refused.errors()) == 2
    # Whether an independent resource is still met after the failure is a matter of luck.
    lab.program(
        'a = Thing("a", zone="y", opts=Opts(protect=True))',
        'Thing("b", opts=Opts(protect=True, depends_on=[a]))',
    )
    assert lab.run("preview").exit_code == 1
    assert lab.run("up").exit_code == 1
    assert set(lab.cloud.objects) == {"a-1", "b-1"}


@scenario
def retained_and_deleted_with_resources_are_not_deleted(lab: Lab) -> None:
    lab.program(
        'a = Thing("a")',
        'Thing("b", opts=Opts(retain_on_delete=True))',
        'Thing("c", opts=Opts(deleted_with=a))',
    )
    lab.run("up")
    lab.run("destroy")
    assert lab.calls("delete") == [("delete", "a")]
    assert lab.stack.state == []


@scenario
def aliases_keep_what_was_renamed(lab: Lab) -> None:
    """By name, by type, by parent, and of a child through its component."""
    lab.program(
        BOX,
        'Thing("a")',
        'Thing("b")',
        'Thing("c")',
        'box = Box("box")',
        'Thing("box-child", opts=Opts(parent=box))',
    )
    lab.run("up")
    lab.program(
        BOX,
        'Thing("a2", name="a", opts=Opts(aliases=[Alias(name="a")]))',
        'Other("b", opts=Opts(aliases=[Alias(type_="pulumi-python:dynamic/sample:Thing")]))',
        'crate = Box("crate", opts=Opts(aliases=[Alias(name="box")]))',
        'Thing("c", opts=Opts(parent=crate, aliases=[Alias(parent=pulumi.ROOT_STACK_RESOURCE)]))',
        'Thing("crate-child", name="box-child", opts=Opts(parent=crate))',
    )
    lab.run("preview")
    assert {op for _, op in lab.run("up").ops(components=True)} == {"same"}
    assert urn_of("c", "pulumi-python:dynamic/sample:Thing", "my:Box") in {r["urn"] for r in lab.stack.state}
    assert set(lab.cloud.objects) == {"a-1", "b-1", "c-1", "box-child-1"}
    assert lab.run("destroy").ok


@scenario
def an_explicit_provider_has_its_own_settings(lab: Lab) -> None:
    """Stack config is not merged in; a new token is an update of the provider; refresh uses the recorded one."""
    program = (
        'p = pulumi.ProviderResource("pulumi-python", "acct", {{"sample:token": Output.secret("{0}")}})',
        BOX,
        'Thing("a", opts=Opts(provider=p))',
        'box = Box("box", opts=Opts(providers=[p]))',
        'Thing("b", opts=Opts(parent=box))',
        'Thing("c")',
    )
    lab.stack.set_config("sample:token", "of-the-stack")
    lab.program(*(line.format(CANARY) for line in program))
    lab.run("preview")
    lab.run("up")
    assert {(c["name"], c["token"]) for c in lab.cloud.calls if c["call"] == "create"} == {
        ("a", CANARY),
        ("b", CANARY),
        ("c", "of-the-stack"),
    }
    assert len({c["pid"] for c in lab.cloud.calls if "pid" in c}) == 2
    assert CANARY not in lab.stack.state_text
    lab.program(*(line.format("rotated") for line in program))
    lab.run("preview")
    assert ("acct", "update") in lab.run("up", refresh=True).ops(components=True)
    assert {c["token"] for c in lab.cloud.calls if c["name"] == "a" and c["call"] == "read"} == {CANARY}
    assert lab.run("destroy").ok
    assert {c["token"] for c in lab.cloud.calls if c["name"] == "a"} == {"rotated"}


@scenario
def an_unknown_provider_input_skips_the_provider_in_previews(lab: Lab) -> None:
    lab.program(
        'a = Thing("a")',
        'p = pulumi.ProviderResource("pulumi-python", "acct", {"sample:endpoint": a.status})',
        'Thing("b", opts=Opts(provider=p))',
    )
    assert lab.run("preview").ok
    assert lab.calls() == [("check", "a")]
    assert lab.run("up").ok
    assert lab.run("preview", expect_no_changes=True).ok


@scenario
def refresh_and_destroy_see_the_configuration_of_the_last_up(lab: Lab) -> None:
    lab.program('Thing("a")')
    lab.stack.set_config("sample:token", "one", secret=True)
    lab.run("up")
    lab.stack.set_config("sample:token", "two", secret=True)
    lab.run("refresh")
    assert {c["token"] for c in lab.cloud.calls} == {"one"}
    lab.run("preview", refresh=True)
    assert {(c["call"], c["token"]) for c in lab.cloud.calls} >= {("read", "one"), ("check", "two")}
    assert lab.run("up").ops() == [("a", "same")]
    lab.run("refresh")
    assert {c["token"] for c in lab.cloud.calls} == {"two"}
    lab.stack.set_config("sample:token", "three", secret=True)
    lab.run("destroy")
    assert {c["token"] for c in lab.cloud.calls} == {"two"}


@scenario
def a_get_reads_without_managing(lab: Lab) -> None:
    """In previews too. Taken into management, the object is not touched: another one is created."""
    lab.cloud.put("live-1", name="g", size=7, status="ON")
    lab.program(
        'g = Thing("g", size=None, opts=Opts(id="live-1"))',
        'Thing("a", size=g.size)',
        'pulumi.export("s", g.status)',
    )
    assert lab.run("preview").ops() == [("g", "read"), ("a", "create")]
    assert lab.run("up").outputs == {"s": "ON"}
    assert lab.of("g")["external"] is True
    lab.cloud.put("live-1", size=8)
    lab.run("refresh")
    lab.run("up")
    lab.program('Thing("g")')
    lab.run("preview")
    lab.run("up")
    assert set(lab.cloud.objects) == {"live-1", "g-1"}
    lab.program('Thing("g", opts=Opts(id="live-1"))')
    lab.run("preview")
    assert lab.run("up").ok
    assert set(lab.cloud.objects) == {"live-1"}
    lab.cloud.make("read", "g", "clean")
    assert lab.run("up").exit_code == 1
    assert lab.run("destroy").ok
    assert set(lab.cloud.objects) == {"live-1"}


@scenario
def a_partial_create_is_kept_and_continued(lab: Lab) -> None:
    """Initialization failure: state is saved with its errors, and the next up always calls update."""
    lab.program('a = Thing("a", running=True)', 'Thing("b", size=a.status)')
    lab.cloud.make("create", "a", "init-failed")
    failed = lab.run("up")
    assert failed.exit_code == 1
    assert any("start failed: no capacity" in text for text in failed.errors())
    assert lab.of("a")["initErrors"] == ["start failed: no capacity"]
    assert lab.of("a")["outputs"]["running"] is False
    assert lab.run("preview", expect_no_changes=True).exit_code == 7
    lab.cloud.make("update", "a", "init-failed")
    assert lab.run("up").exit_code == 1
    assert lab.of("a")["initErrors"] == ["restart failed: no capacity"]
    assert ("a", "update") in lab.run("up").ops()
    assert "initErrors" not in lab.of("a")
    lab.program('Thing("a", running=True, answer="false")')
    lab.cloud.make("update", "a", "init-failed")
    lab.run("up")
    lab.cloud.make("read", "a", "init-failed")
    unwell = lab.run("refresh")
    assert unwell.ok
    assert any("it is not well" in text for text in unwell.warnings())
    assert lab.of("a")["initErrors"] == ["it is not well"]
    assert ("a", "update") in lab.run("up").ops()


def _hooked(name: str, *answers: bool, **arguments: Any) -> str:
    """Return the line of a resource with an error hook that gives these answers."""
    given = "".join(f", {key}={value}" for key, value in arguments.items())
    hook = f'pulumi.ErrorHook("of-{name}", asking({", ".join(map(str, answers))}))'
    return f'Thing("{name}"{given}, opts=Opts(hooks=pulumi.ResourceHookBinding(on_error=[{hook}])))'


@with_error_hooks
@scenario
def a_hook_has_a_failed_operation_tried_again(lab: Lab) -> None:
    """The same call with the same request; the errors, newest first, and what is secret reach the hook."""
    lab.program(_hooked("a", True, True, word=f'Output.secret("{CANARY}")', running=True))
    lab.cloud.make("create", "a", "clean", text="first", then=[{"do": "clean", "text": "second"}])
    created = lab.run("up")
    assert created.ok
    assert lab.calls() == [("check", "a"), *2 * [("create", "a"), ("hook", "a")], ("create", "a")]
    assert [call["errors"] for call in lab.cloud.calls if call["call"] == "hook"] == [
        ["first"],
        ["second", "first"],
    ]
    assert "retrying create due to on-error hook request (2/100)" in created.warnings()
    assert lab.of("a")["resourceHooks"] == {"OnError": ["of-a"]}
    assert CANARY not in lab.stack.state_text
    lab.program(_hooked("a", True, word=f'Output.secret("{CANARY}")', running=False))
    assert lab.run("preview").ok
    lab.cloud.make("update", "a", "clean")
    assert lab.run("up").ok
    lab.program('pulumi.ErrorHook("of-a", asking(True))')
    lab.cloud.make("delete", "a", "clean")
    assert lab.run("up").ok
    assert lab.calls() == [("delete", "a"), ("hook", "a"), ("delete", "a")]
    assert lab.cloud.objects == {}


@with_error_hooks
@scenario
def what_a_hook_gives_up_on_has_failed(lab: Lab) -> None:
    """The last answer counts. One that raises, or that no program registers, takes the place of a plain error."""
    lab.program(_hooked("a", True, False))
    lab.cloud.make("create", "a", "clean", text="first", then=[{"do": "clean", "text": "second"}])
    refused = lab.run("up")
    assert [text for text in refused.errors() if text != "update failed"] == ["second"]
    assert "a" not in {resource["urn"].rpartition("::")[2] for resource in lab.stack.state}
    lab.program(_hooked("a"))
    lab.cloud.make("create", "a", "clean", text="first")
    assert (
        'error hooks execution failed: error hook "of-a" failed: no answer is left' in lab.run("up").errors()
    )
    lab.run("up")
    for call, command in (("read", "refresh"), ("delete", "destroy")):
        lab.cloud.make(call, "a", "clean", text=f"{call} is out of order")
        assert any(f"{call} is out of order" in text for text in lab.run(command).errors())
    assert lab.run("destroy").ok


@with_error_hooks
@scenario
def a_partial_create_is_created_again_by_a_hook(lab: Lab) -> None:
    """The answer of the last try is the state; initialization errors of an earlier one stay in it."""
    lab.program(_hooked("a", True, running=True))
    lab.cloud.make("create", "a", "init-failed")
    assert lab.run("up").ok
    assert lab.of("a")["id"] == "a-2"
    assert lab.of("a")["initErrors"] == ["start failed: no capacity"]
    assert ("a", "update") in lab.run("up").ops()
    lab.program(_hooked("a", True, running=False))
    lab.cloud.make("update", "a", "init-failed")
    assert lab.run("up").ok
    lab.program(_hooked("b", True, False), _hooked("c", True), _hooked("d"))
    lab.cloud.make("create", "b", "init-failed", then=[{"do": "init-failed"}])
    lab.cloud.make("create", "c", "init-failed", then=[{"do": "clean"}])
    lab.cloud.make("create", "d", "init-failed")
    assert not lab.run("up", continue_on_error=True).ok
    assert lab.of("b")["id"] == "b-2"
    assert "c" not in {resource["urn"].rpartition("::")[2] for resource in lab.stack.state}
    assert lab.of("d")["initErrors"] == ["start failed: no capacity"]


@with_error_hooks
@scenario
def no_hook_is_asked_after_an_interrupt(lab: Lab) -> None:
    """The program ends at once; what the create under way answers is the state."""
    lab.program(_hooked("a", True, running=True))

    def interrupt() -> None:
        lab.stack.cancel()
        lab.cloud.await_cancel()

    stopped = lab.during("up", "create", "a", interrupt, go=True, after="init-failed")
    assert stopped.exit_code == 1
    assert lab.calls("create", "hook") == [("create", "a")]
    assert lab.of("a")["initErrors"] == ["start failed: no capacity"]


@with_error_hooks
@scenario
def a_hook_is_asked_ninety_nine_times(lab: Lab) -> None:
    lab.program(_hooked("a", *[True] * 100))
    lab.cloud.make("create", "a", "clean", then=[{"do": "clean"}] * 150)
    refused = lab.run("up")
    assert "maximum number of error hook retries (100) reached" in refused.warnings()
    assert lab.calls("create", "hook").count(("create", "a")) == 100
    assert lab.calls("create", "hook").count(("hook", "a")) == 99


@scenario
def what_is_left_of_a_failure_keeps_its_secrets(lab: Lab) -> None:
    """Nested ones too, of a create and of an update."""
    lab.program(f'Thing("a", running=True, nested={{"pw": Output.secret("{CANARY}"), "n": 1}})')
    lab.cloud.make("create", "a", "init-failed")
    lab.run("up")
    assert "ciphertext" in lab.of("a")["outputs"]["nested"]["pw"]
    lab.cloud.make("update", "a", "init-failed")
    lab.run("up")
    assert "ciphertext" in lab.of("a")["outputs"]["nested"]["pw"]
    assert CANARY not in lab.stack.state_text


@scenario
def refresh_clears_initialization_errors(lab: Lab) -> None:
    lab.program('Thing("a", running=True)')
    lab.cloud.make("create", "a", "init-failed")
    lab.run("up")
    lab.run("refresh")
    assert "initErrors" not in lab.of("a")
    assert lab.run("up").ops() == [("a", "same")]


@scenario
def errors_are_shown_as_the_provider_gave_them(lab: Lab) -> None:
    """A plain exception brings its traceback, details in the trailer replace it; the state stays true."""
    lab.program('Thing("a", size=1)')
    lab.cloud.make("create", "a", "raise")
    assert any("ValueError: it was told to fail" in text for text in lab.run("up").errors())
    assert urn_of("a") not in {r["urn"] for r in lab.stack.state}
    lab.run("up")
    lab.program('Thing("a", size=2)')
    for call, command in (
        ("check", "preview"),
        ("diff", "preview"),
        ("update", "up"),
        ("read", "refresh"),
        ("delete", "destroy"),
    ):
        lab.cloud.make(call, "a", "clean", text=f"{call} is out of order\nsecond line")
        failed = lab.run(command)
        assert failed.exit_code == 1
        assert any(f"{call} is out of order" in text for text in failed.errors())
        assert lab.of("a")["outputs"]["size"] == 1


@scenario
def invalid_inputs_fail_in_the_preview(lab: Lab) -> None:
    lab.program('Thing("a", size=13)')
    refused = lab.run("preview")
    assert refused.exit_code == 1
    assert any("property size value {13} has a problem: choose 1..12" in text for text in refused.errors())
    assert lab.run("up").exit_code == 1
    assert lab.calls("create") == []


@scenario
def continue_on_error_does_what_it_can(lab: Lab) -> None:
    lab.program('a = Thing("a")', 'Thing("b", size=a.status)', 'Thing("c")', 'Thing("d")')
    lab.run("up")
    lab.program(
        'a = Thing("a", size=2)', 'Thing("b", size=a.status, n=1)', 'Thing("c", size=2)', 'Thing("e")'
    )
    lab.cloud.make("update", "a", "clean")
    assert lab.run("up", continue_on_error=True).exit_code == 1
    assert set(lab.cloud.objects) == {"a-1", "b-1", "c-1", "e-1"}
    assert lab.cloud.objects["c-1"]["size"] == 2


@scenario
def custom_timeouts_reach_the_provider(lab: Lab) -> None:
    lab.program(
        'Thing("a", size=1, opts=Opts(custom_timeouts=CustomTimeouts(create="90s", update="2m", delete="1h30m")))'
    )
    lab.run("up")
    assert [c["timeout"] for c in lab.cloud.calls if c["call"] == "create"] == [90.0]
    lab.program(
        'Thing("a", size=2, opts=Opts(custom_timeouts=CustomTimeouts(create="90s", update="2m", delete="1h30m")))'
    )
    lab.run("up")
    assert [c["timeout"] for c in lab.cloud.calls if c["call"] == "update"] == [120.0]
    lab.run("destroy")
    assert [c["timeout"] for c in lab.cloud.calls if c["call"] == "delete"] == [5400.0]


@scenario
def a_failing_program_deletes_nothing(lab: Lab) -> None:
    lab.program('Thing("a")')
    lab.run("up")
    lab.program('raise KeyError("of the user")')
    failed = lab.run("up")
    assert failed.exit_code == 1
    assert any("KeyError: 'of the user'" in text for text in failed.errors())
    assert set(lab.cloud.objects) == {"a-1"}
    lab.program('raise pulumi.RunError("a plain sentence")')
    assert "a plain sentence" in lab.run("preview").errors()


@scenario
def what_programs_and_providers_say_reaches_the_user(lab: Lab) -> None:
    """Warnings on the resource, progress apart from the rest, prints on the stack."""
    lab.program('Thing("a")', 'pulumi.log.warn("from the program")', 'print("printed there")')
    lab.cloud.make("create", "a", "say", text="halfway")
    result = lab.run("up")
    assert {"from the program", "halfway, a warning"} <= set(result.warnings())
    assert "halfway" in {d.text for d in result.progress}
    assert {"printed there", "halfway, printed"} <= {d.text for d in result.diagnostics}


@scenario
def a_kill_leaves_a_pending_operation(lab: Lab) -> None:
    """A killed engine cannot tell what became of a create; the next up warns and creates again."""
    lab.program('Thing("a")')
    lab.run("up")
    lab.program('a = Thing("a", size=1)', 'Thing("b", size=a.status)')
    assert lab.during("up", "update", "a", lab.stack.kill, go=False).exit_code == -9
    assert [p["type"] for p in lab.stack.pending_operations] == ["updating"]
    lab.run("refresh")
    assert lab.stack.pending_operations == []
    lab.during("up", "create", "b", lab.stack.kill, go=False)
    assert [p["type"] for p in lab.stack.pending_operations] == ["creating"]
    lab.run("preview")
    again = lab.run("up")
    assert ("b", "create") in again.ops()
    assert any("1 pending operations" in text for text in again.warnings())
    assert lab.during("destroy", "delete", "b", lab.stack.kill, go=False).exit_code == -9
    assert lab.run("destroy").ok


@scenario
def a_killed_provider_fails_what_it_was_doing(lab: Lab) -> None:
    lab.program('a = Thing("a")', 'Thing("b", size=a.status)')
    failed = lab.during("up", "create", "a", lab.stack.kill_provider, go=False)
    assert failed.exit_code == 1
    assert lab.stack.pending_operations == []
    assert lab.run("up").ops() == [("a", "create"), ("b", "create")]
    lab.cloud.make("delete", "b", "exit")
    assert lab.run("destroy").exit_code == 1
    assert lab.run("destroy").ok


@scenario
def one_interrupt_waits_for_what_runs(lab: Lab) -> None:
    """The provider is told (Cancel), its running create is awaited and saved, nothing else begins."""
    lab.program('a = Thing("a")', 'Thing("b", size=a.status)')

    def interrupt() -> None:
        lab.stack.cancel()
        lab.cloud.await_cancel()

    stopped = lab.during("up", "create", "a", interrupt, go=True)
    assert stopped.exit_code == 1
    assert set(lab.cloud.objects) == {"a-1"}
    assert lab.of("a")["id"] == "a-1"
    assert lab.run("up").ops() == [("a", "same"), ("b", "create")]


@scenario
def a_second_interrupt_gives_up(lab: Lab) -> None:
    lab.program('Thing("a")')

    def interrupt() -> None:
        lab.stack.cancel()
        lab.cloud.await_cancel()
        lab.stack.cancel()

    assert lab.during("up", "create", "a", interrupt, go=False).exit_code == 8
    assert [p["type"] for p in lab.stack.pending_operations] == ["creating"]


# -- both engines --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("play", SCENARIOS, ids=lambda play: play.__name__)
def test_scenario(play: Callable[[Lab], None], tmp_path: Path) -> None:
    """The double does what the scenario says."""
    play(Lab("engine", tmp_path))


@pytest.mark.parametrize("play", [pytest.param(p, marks=pytest.mark.cli, id=p.__name__) for p in SCENARIOS])
def test_scenario_is_the_same_on_the_cli(play: Callable[[Lab], None], tmp_path: Path) -> None:
    """The real engine does what the scenario says, and everything that can be compared is equal."""
    real, double = Lab("cli", tmp_path / "cli"), Lab("engine", tmp_path / "engine")
    play(real)
    play(double)
    for expected, found in zip(real.record, double.record, strict=True):
        assert found == expected


# -- the double alone ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "play",
    [
        what_programs_and_providers_say_reaches_the_user,
        a_kill_leaves_a_pending_operation,
    ],
    ids=lambda play: play.__name__,
)
def test_forked_processes_behave_like_plain_ones(play: Callable[[Lab], None], tmp_path: Path) -> None:
    """Forking is for speed only: `python -m pulumi.dynamic` gives the same."""
    forked, plain = (
        Lab("engine", tmp_path / "forked"),
        Lab("engine", tmp_path / "plain", plain_processes=True),
    )
    play(forked)
    play(plain)
    assert forked.record == plain.record


def test_a_forked_host_starts_much_faster_than_a_plain_one(tmp_path: Path) -> None:
    """The fault campaign runs ten thousand commands."""

    def start(launcher: Launcher) -> float:
        begin = time.perf_counter()
        process = launcher.start("pulumi.dynamic", [""], cwd=tmp_path, env=dict(os.environ))
        assert os.read(process.stdout, 16).strip().isdigit()
        elapsed = time.perf_counter() - begin
        process.signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        process.close()
        return elapsed

    forked = shared_launcher()
    start(forked)
    assert statistics.median(start(forked) for _ in range(5)) < start(PlainLauncher()) / 3


def test_state_is_kept_between_instances(tmp_path: Path) -> None:
    """A stack is its directory."""
    lab = Lab("engine", tmp_path)
    lab.stack.set_config("sample:token", CANARY, secret=True)
    lab.program('Thing("a", word=Output.secret("x"))')
    lab.run("up")
    assert Lab("engine", tmp_path).run("up").ops() == [("a", "same")]


@pytest.mark.parametrize("kind", ENGINES)
def test_an_exported_state_can_be_imported(kind: EngineName, tmp_path: Path) -> None:
    """States written by older versions are kept as files."""
    lab = Lab(kind, tmp_path)
    lab.program('Thing("a", word=Output.secret("hush"))')
    lab.run("up")
    resources = lab.stack.state
    secret = {SIGNATURE: SECRET, "plaintext": json.dumps("hush")}
    resources[-1]["inputs"]["word"] = resources[-1]["outputs"]["word"] = secret
    lab.stack.import_state({"version": 3, "deployment": {"resources": resources}})
    assert "hush" not in lab.stack.state_text
    assert lab.run("up").ops() == [("a", "same")]


def test_independent_resources_are_made_at_the_same_time(tmp_path: Path) -> None:
    """Two creates run at once with the default parallelism, and not with `parallel=1`."""
    lab = Lab("engine", tmp_path)
    lab.program('Thing("a")', 'Thing("b")')
    lab.cloud.make("create", "b", "wait")

    def meet() -> None:
        lab.cloud.await_call("create", "b")
        lab.cloud.release("create", "b")

    assert lab.during("up", "create", "a", meet, go=True).ok


@with_error_hooks
@pytest.mark.parametrize("kind", ENGINES)
def test_a_dead_provider_is_called_again_in_vain(kind: EngineName, tmp_path: Path) -> None:
    """A hook cannot revive it: what it is told of the second call is another error."""
    lab = Lab(kind, tmp_path)
    lab.program(_hooked("a", True, False))
    failed = lab.during("up", "create", "a", lab.stack.kill_provider, go=False)
    assert any("connect: connection refused" in text for text in failed.errors())
    (_, hooked) = [call for call in lab.cloud.calls if call["call"] == "hook"]
    assert hooked["errors"][-1] == "error reading from server: EOF"


def test_a_killed_command_leaves_no_process_behind(tmp_path: Path) -> None:
    """A provider that lived on would go on talking to the service."""
    lab = Lab("engine", tmp_path)
    lab.program('Thing("a")')
    lab.during("up", "create", "a", lab.stack.kill, go=False)
    (pid,) = {call["pid"] for call in lab.cloud.calls if "pid" in call}
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_what_a_host_writes_arrives_though_nobody_asked_for_it_unbuffered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first test of a user hung: `PYTHONUNBUFFERED` was not set, and the host does not flush its port."""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    code = "import sys, threading\nsys.stdout.buffer.write(b'8642\\n')\nthreading.Event().wait()\n"
    assert _first_of(code, tmp_path) == b"8642\n"


def test_a_program_finds_only_what_it_finds_with_the_cli(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pytest puts the folders of tests on its path; a program that needs them would pass here and fail there."""
    monkeypatch.syspath_prepend(str(tmp_path / "only-here"))
    assert b"only-here" not in _first_of("import sys\nprint(sys.path)\n", tmp_path)


def _first_of(code: str, directory: Path) -> bytes:
    """Return what a forked process writes first that runs this code."""
    (directory / "forked.py").write_text(code)
    zygote = Zygote()
    zygote._preload = ()
    process = zygote.start("forked", [], cwd=directory, env={})
    try:
        return os.read(process.stdout, 65536)
    finally:
        process.signal(signal.SIGKILL)
        process.wait()
        process.close()
        zygote.close()


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ('pulumi.runtime.invoke("x:y:z", {})', "needs x:y:z (a function)"),
        ('Thing("a", opts=Opts(import_="a-1"))', "does not support importId"),
        ('Thing("a", opts=Opts(version="1.2.3"))', "does not support version"),
        ('pulumi.CustomResource("aws:s3:Bucket", "a")', "needs aws:s3:Bucket (resource `a`)"),
        ('pulumi.ProviderResource("aws", "a")', "needs pulumi:providers:aws (provider `a`)"),
        (
            'Thing("a", opts=Opts(hooks=pulumi.ResourceHookBinding(before_create=[print])))',
            "does not support resource hooks",
        ),
    ],
)
def test_what_is_not_supported_is_refused(line: str, refusal: str, tmp_path: Path) -> None:
    """A double that guesses would be worse than none."""
    lab = Lab("engine", tmp_path)
    lab.program(line)
    refused = lab.run("up")
    assert refused.exit_code == 1
    assert any(refusal in text for text in refused.errors())
