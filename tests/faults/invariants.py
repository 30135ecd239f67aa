"""What must hold after any fault: pure sentences about what is at the service, in the state and in the errors."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pulumi_dpc.emulator import GUIDE_PROJECT
from pulumi_dpc.testing._engine.values import SIGNATURE
from tests.faults.scenarios import Pipe, Program
from tests.worlds import leaked

if TYPE_CHECKING:
    from pulumi_dpc.emulator import Pipeline
    from pulumi_dpc.emulator.wire import Request
    from pulumi_dpc.testing._engine.stack import Result

ADOPTS = re.compile(rf'import_="{GUIDE_PROJECT}/([0-9a-f-]{{36}})"')
DIED = re.compile("EOF|connect: connection refused")
"""The engine's words for a provider that ended during a call, or before one that a hook had made again."""
STANDS = re.compile(r"created stopped|creates it again, stopped|stays stopped")
STOPPED = re.compile(r"It is (stopped|stopping|starting)\.|Its status is|Whether it runs is not known")


def said_about(name: str, result: Result) -> str:
    """Return the errors about a pipeline; those that belong to no resource may name it or its resource."""
    number = name.rpartition("-")[2]
    words = re.compile(rf"\b(pipeline-|pipe|renamed){number}\b")
    return "\n".join(
        one.text
        for one in result.diagnostics
        if one.severity == "error" and words.search(one.urn.rpartition("::")[2] or one.text)
    )


# ---- at any time ----


def always(found: Mapping[str, Pipeline], now: list[Pipeline], *, may_vanish: bool) -> Iterator[str]:
    """Hold what no fault may bring about, not even for a moment."""
    for name, times in Counter(pipeline.name for pipeline in now).items():
        if times > 1:
            yield f"{name} is there {times} times"
    there = {pipeline.id for pipeline in now}
    for pipeline in found.values():
        if pipeline.id not in there and not may_vanish:
            yield f"{pipeline.name} was deleted or made again"


def definitions(now: Iterable[Pipeline], *programs: Program) -> Iterator[str]:
    """Hold that each definition is the old one or the new one, nothing between."""
    for pipeline in now:
        known = [pipe.stored for program in programs for pipe in program if pipe.name == pipeline.name]
        if pipeline.definition not in known:
            yield f"{pipeline.name} has a definition that no program says: {pipeline.definition}"


# ---- after the command that was disturbed ----


def tracebacks(result: Result) -> Iterator[str]:
    """Hold that none is shown, but for the one that the CLI's own language host prints when it is interrupted."""
    if "Traceback" in result.text and "KeyboardInterrupt" not in result.text:
        yield "a traceback is shown"
    if any("Traceback" in error for error in result.errors()):
        yield "an error shows a traceback"


def leaks(result: Result, *texts: str) -> Iterator[str]:
    """Hold that no credential and no token is shown or stored."""
    yield from (f"{secret} is shown or stored" for secret in leaked(result, *texts))


def speech(result: Result, names: Iterable[str]) -> Iterator[str]:
    """Hold that a failure is told in sentences that name a pipeline."""
    if not result.ok and not any(said_about(name, result) for name in names):
        yield "it failed without naming a pipeline"


def run_sentences(result: Result, now: Iterable[Pipeline]) -> Iterator[str]:
    """Hold that what an error says about the run state is so."""
    for pipeline in now:
        said = said_about(pipeline.name, result)
        if "It is running." in said and not pipeline.running:
            yield f"{pipeline.name} is said to run and is {pipeline.status}"
        if "It is stopped." in said and pipeline.running:
            yield f"{pipeline.name} is said to be stopped and is {pipeline.status}"


def left_stopped(
    result: Result, found: Mapping[str, Pipeline], now: Iterable[Pipeline], after: Program
) -> Iterator[str]:
    """Hold that what ran, and may run on, runs after a failure, or is said to be stopped."""
    desired = {pipe.name: pipe.running for pipe in after}
    for pipeline in now:
        before = found.get(pipeline.name)
        ran = before is not None and before.running and before.id == pipeline.id
        may_stand = pipeline.running or desired.get(pipeline.name) is False
        if ran and not may_stand and not STOPPED.search(said_about(pipeline.name, result)):
            yield f"{pipeline.name} ran, is stopped, and nothing says so"


def not_resumed(
    disturbed: Request, requests: Iterable[Request], found: Mapping[str, Pipeline], now: Iterable[Pipeline]
) -> Iterator[str]:
    """Hold that what was stopped runs again, if one request failed once and its START was not yet sent.

    A START that is refused is not sent again: it is told, which `left_stopped` holds.
    """
    for pipeline in now:
        ran = pipeline.name in found and found[pipeline.name].running
        started = any(
            request.index <= disturbed.index
            and pipeline.id in request.path
            and request.body == {"command": "START"}
            for request in requests
        )
        if ran and pipeline.id in disturbed.path and not pipeline.running and not started:
            yield f"{pipeline.name} ran and was not started again after {disturbed.method} {disturbed.path}"


def announced(
    result: Result, now: Iterable[Pipeline], states: list[dict[str, Any]], pending: list[dict[str, Any]]
) -> Iterator[str]:
    """Yield the names of pipelines that are not in the state and that the user has been told of.

    An error says to run `up` again, which finds the pipeline; after a kill the engine names the operation that was
    pending, or says that the provider ended.
    """
    kept = {state["id"] for state in states}
    creating = {one["resource"]["urn"] for one in pending if one["type"] == "creating"}
    for pipeline in now:
        number = pipeline.name.rpartition("-")[2]
        said = said_about(pipeline.name, result)
        told = "run `pulumi up` again" in said or ADOPTS.search(said)
        is_pending = any(urn.endswith(f"::pipe{number}") for urn in creating)
        died = any(d.urn.endswith(f"::pipe{number}") and DIED.search(d.text) for d in result.diagnostics)
        if f"{GUIDE_PROJECT}/{pipeline.id}" not in kept and (told or is_pending or died):
            yield pipeline.name


def lost(now: Iterable[Pipeline], states: list[dict[str, Any]], told: Iterable[str]) -> Iterator[str]:
    """Hold that every pipeline is in the state, or the user was told of it."""
    kept = {state["id"] for state in states}
    for pipeline in now:
        if f"{GUIDE_PROJECT}/{pipeline.id}" not in kept and pipeline.name not in told:
            yield f"{pipeline.name} is at the service, and neither the state nor a message has it"


def recorded(now: Iterable[Pipeline], states: list[dict[str, Any]]) -> Iterator[str]:
    """Hold that a refresh that succeeded has recorded what is there."""
    found = {state["id"].rpartition("/")[2]: state["outputs"] for state in states}
    for pipeline in now:
        outputs = found.get(pipeline.id)
        if outputs is None:
            yield f"{pipeline.name} was dropped by the refresh"
        elif outputs["running"] != pipeline.running:
            yield f"{pipeline.name} is {pipeline.status}, and the refresh recorded running={outputs['running']}"
        elif {key: outputs.get(key) for key in pipeline.definition} != pipeline.definition:
            yield f"{pipeline.name}: the refresh recorded another definition"


# ---- at the end ----


def still_there(kept: Iterable[str], now: Iterable[Pipeline]) -> Iterator[str]:
    """Hold that no pipeline was deleted and made again to make it as the program says."""
    gone = set(kept) - {pipeline.id for pipeline in now}
    yield from (f"{id_} was in the state, and was deleted or made again" for id_ in sorted(gone))


def agrees(
    pipe: Pipe,
    found: Mapping[str, Pipeline],
    now: list[Pipeline],
    states: list[dict[str, Any]],
    *,
    may_stay_stopped: bool = False,
    was_retried: bool = False,
) -> Iterator[str]:
    """Hold that a pipeline is at the service as the program says, and that the state says the same.

    With ``may_stay_stopped`` one that ran, and whose program does not say whether it should, may be stopped. Where an
    operation ``was_retried`` by a hook, the engine keeps the errors of the first try.
    """
    live = next((pipeline for pipeline in now if pipeline.name == pipe.name), None)
    state = next((one for one in states if one["urn"].endswith(f"::{pipe.key}")), None)
    if live is None or state is None:
        yield f"{pipe.name} is {'missing from the state' if live else 'missing at the service'}"
        return
    if state["id"] != f"{GUIDE_PROJECT}/{live.id}":
        yield f"{pipe.name}: the state has another pipeline"
    if live.definition != pipe.stored:
        yield f"{pipe.name}: the definition is not the program's"
    if live.running and live.running_definition != pipe.stored:
        yield f"{pipe.name} runs with another definition"
    should_run = pipe.running
    if should_run is None:
        should_run = pipe.name in found and found[pipe.name].running
    tolerated = may_stay_stopped and pipe.running is None and not live.running
    if live.running != should_run and not tolerated:
        yield f"{pipe.name} is {live.status}, and should {'' if should_run else 'not '}run"
    if state["outputs"]["running"] != live.running:
        yield f"{pipe.name}: the state says running={state['outputs']['running']}"
    # After a failed edit a property may be kept as a secret, until the next edit; it cannot be read here.
    readable = pipe.definition.keys() - set(state["outputs"].get("__secrets", ()))
    recorded = {key: _readable(state["outputs"].get(key), pipe.definition[key]) for key in readable}
    if recorded != {key: pipe.definition[key] for key in readable}:
        yield f"{pipe.name}: the state has another definition: {recorded}"
    unsettled = [key for key in ("__unfinished", "__resume") if key in state["outputs"]]
    if unsettled or (state.get("initErrors") and not was_retried):
        yield f"{pipe.name}: the state is not settled: {unsettled} {state.get('initErrors', '')}"


def _readable(recorded: Any, told: Any) -> Any:
    """Return what is recorded, with what was told in the place of each secret."""
    if not isinstance(recorded, dict) or not isinstance(told, dict):
        return recorded
    if SIGNATURE in recorded:
        return told
    return {
        key: told.get(key)
        if isinstance(value, dict) and SIGNATURE in value
        else _readable(value, told.get(key))
        for key, value in recorded.items()
    }


def stands_unsaid(
    pipe: Pipe, found: Mapping[str, Pipeline], now: Iterable[Pipeline], results: Iterable[Result]
) -> Iterator[str]:
    """Hold that what was made in the place of one that ran runs too, or that a warning has said that it does not."""
    before, live = found.get(pipe.name), next((one for one in now if one.name == pipe.name), None)
    if pipe.running is not None or before is None or live is None or live.id == before.id:
        return
    if before.running and not live.running and not was_said_to_stand(pipe, results):
        yield f"{pipe.name} replaces one that ran, stands still, and nothing said so"


def was_said_to_stand(pipe: Pipe, results: Iterable[Result]) -> bool:
    """Tell whether a warning said that a pipeline was, or will be, made anew and not started."""
    return any(
        pipe.name in warning and STANDS.search(warning) for result in results for warning in result.warnings()
    )


def rewritten(result: Result, requests: Iterable[Request]) -> Iterator[str]:
    """Hold that a further `up --refresh` has changed nothing and sent nothing but questions."""
    if not result.ok or any(op not in ("same", "refresh") for _, op in result.ops()):
        yield f"a further `up --refresh` changes something: {result.ops()} {result.errors()}"
    for request in requests:
        if request.method != "GET" and request.path.startswith("/v1"):
            yield f"a further `up --refresh` sends {request.method} {request.path} {request.body}"


def nothing_else(
    program: Program, now: list[Pipeline], states: list[dict[str, Any]], spared: Iterable[str] = ()
) -> Iterator[str]:
    """Hold that nothing is at the service or in the state but what the program says and the user was told of."""
    names, keys = {pipe.name for pipe in program}, {pipe.key for pipe in program}
    for pipeline in now:
        if pipeline.name not in names.union(spared):
            yield f"{pipeline.name} is left at the service"
    for state in states:
        if state["urn"].rpartition("::")[2] not in keys:
            yield f"{state['urn'].rpartition('::')[2]} is left in the state"
