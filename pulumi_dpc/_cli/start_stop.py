"""The commands ``start`` and ``stop``: some pipelines, all of them, or those of a maintenance window."""

from __future__ import annotations

import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import click

from pulumi_dpc._api.client import PIPELINE_ID, DpcClient
from pulumi_dpc._resources.streaming_pipeline import run_state
from pulumi_dpc.errors import ConfigurationError, DpcError

from . import windows
from .account import opened
from .changing import Change, Changed, Changer
from .chosen import Chosen, choose
from .completion import pipeline_names, project_names
from .data import Columns, print_rows
from .durations import DURATION
from .frame import Command, account_options, json_option
from .run_states import Row, statuses
from .words import counted, progress, say

F = TypeVar("F", bound=Callable[..., Any])

INTERRUPTED = 130
_COLUMNS: Columns = {
    "NAME": "name",
    "BEFORE": "before",
    "STATUS": "status",
    "ID": "streamingPipelineId",
}


def _shared_options(function: F) -> F:
    for option in (
        click.argument("pipelines", nargs=-1, metavar="[PIPELINE]...", shell_complete=pipeline_names),
        click.option(
            "--project",
            required=True,
            metavar="NAME",
            is_eager=True,
            shell_complete=project_names,
            help="The project's name or id.",
        ),
        click.option("--all", "everything", is_flag=True, help="All pipelines of the project."),
        click.option("--yes", is_flag=True, help="Do not ask, with --all."),
        click.option("--no-wait", is_flag=True, help="Do not wait until it is seen to have worked."),
        click.option(
            "--timeout", type=DURATION, default=0.0, help="How long to wait; 10m for a start, 5m for a stop."
        ),
        account_options,
        json_option,
    ):
        function = option(function)
    return function


@click.command(
    cls=Command,
    short_help="Start pipelines.",
    examples=(
        "pulumi-dpc start orders customers --project Analytics",
        "pulumi-dpc start --from window.json --project Analytics    # just those that stop --save has stopped",
    ),
)
@_shared_options
@click.option(
    "--from",
    "saved",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Those that stop --save has stopped. The file is removed when all of them were seen running.",
)
def start(pipelines: tuple[str, ...], saved: Path | None, **options: Any) -> None:
    """Start streaming pipelines, by name or id, and wait until they are seen running."""
    _hold_choice(pipelines, saved is not None, options["everything"], also="--from FILE")
    change = Change(running=True, wait=not options["no_wait"], timeout=options["timeout"])
    _run(pipelines, change, saved=saved, **options)


@click.command(
    cls=Command,
    short_help="Stop pipelines.",
    examples=(
        "pulumi-dpc stop orders --project Analytics",
        "pulumi-dpc stop --all --project Analytics --save window.json --yes    # a maintenance window",
    ),
)
@_shared_options
@click.option(
    "--save",
    "saved",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write which pipelines were seen running and are stopped, for start --from.",
)
@click.option("--interrupt-snapshot", is_flag=True, help="Stop a pipeline while its snapshot runs, too.")
def stop(
    pipelines: tuple[str, ...],
    saved: Path | None,
    interrupt_snapshot: bool,  # noqa: FBT001
    **options: Any,
) -> None:
    """Stop streaming pipelines, by name or id, and wait until they are seen stopped."""
    _hold_choice(pipelines, options["everything"])
    if saved is not None:
        windows.hold_free(saved)
    change = Change(
        running=False,
        wait=not options["no_wait"],
        timeout=options["timeout"],
        interrupt_snapshot=interrupt_snapshot,
    )
    _run(pipelines, change, saved=saved, **options)


def _hold_choice(*ways: object, also: str = "") -> None:
    if sum(map(bool, ways)) != 1:
        more = f", or {also}" if also else ""
        raise click.UsageError(f"say which pipelines, in one way: by name or id, or --all{more}")


def _run(pipelines: Sequence[str], change: Change, *, saved: Path | None, **options: Any) -> None:
    interrupt = threading.Event()
    with opened(options["region"], options["api_url"], interrupt) as client:
        chosen = choose(client, options["project"], pipelines)
        if change.running and saved is not None:
            chosen = Chosen(chosen.project, tuple(windows.read(saved, str(chosen.project["id"]))))
        there = _there(client, chosen)
        if options["everything"] and not options["yes"]:
            _ask(there, change)
        if saved is not None and not change.running:
            runs = [_saved(one) for one, status in there if run_state.is_running(status)]
            windows.save(saved, str(chosen.project["id"]), runs)
        changer = Changer(client, interrupt)
        with _ended_at_once(changer, chosen, saved):
            with _heard(interrupt):
                done = _carried_out(changer, str(chosen.project["id"]), there, change)
            print_rows([one.row for one in done], _COLUMNS, as_json=options["as_json"])
            if saved is not None:
                _close_window(saved, chosen, done, change)
            _end(done, interrupted=interrupt.is_set(), as_json=options["as_json"])


def _there(client: DpcClient, chosen: Chosen) -> list[tuple[Row, str]]:
    """Return the chosen pipelines, each with its status; what is gone since the window began is said."""
    project_id = str(chosen.project["id"])
    listed = client.list_pipelines(project_id)
    found = [one for one in listed if not chosen.pipelines or one[PIPELINE_ID] in chosen.pipelines]
    for gone in sorted(set(chosen.pipelines) - {one[PIPELINE_ID] for one in found}):
        say(f"the streaming pipeline {gone} is not there any more")
    return statuses(client, project_id, sorted(found, key=lambda one: str(one.get("name"))))


def _ask(there: Sequence[tuple[Row, str]], change: Change) -> None:
    """Ask whether to go on, where that changes anything.

    Raises:
        UsageError: Nobody can be asked.
    """
    is_running = [run_state.is_running(status, otherwise=not change.running) for _, status in there]
    others = [one for one in is_running if one is not change.running]
    what = f"{'start' if change.running else 'stop'} {counted(others, 'streaming pipeline')}"
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError(f"this would {what}: add --yes, because nobody can be asked here")
    if others and not click.confirm(f"This will {what}. Go on?", err=True):
        say("nothing was done")
        click.get_current_context().exit(1)


@contextmanager
def _heard(interrupt: threading.Event) -> Iterator[None]:
    """Let a first Ctrl-C set the event, so that every pipeline is accounted for; a second one ends the command."""
    before = signal.getsignal(signal.SIGINT)

    def hear(_number: int, _frame: FrameType | None) -> None:
        interrupt.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, hear)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _ended_at_once(changer: Changer, chosen: Chosen, saved: Path | None) -> Iterator[None]:
    """Say at a Ctrl-C that ends the command what it may have left: commands are carried out without it."""
    try:
        yield
    except KeyboardInterrupt:
        if not changer.told:
            raise
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process is about to end
        window = f" {saved} stays as it is." if saved is not None and saved.exists() else ""
        say(
            f"interrupted, without waiting: a command was sent to up to {counted(changer.told, 'streaming pipeline')},"
            f" and is carried out if it was received.{window} Look with: pulumi-dpc status --project"
            f" {shlex.quote(str(chosen.project.get('name')))}"
        )
        click.get_current_context().exit(INTERRUPTED)


def _carried_out(
    changer: Changer, project_id: str, there: Sequence[tuple[Row, str]], change: Change
) -> list[Changed]:
    done = []
    for one in progress(
        changer.change(project_id, there, change),
        "starting" if change.running else "stopping",
        total=len(there),
    ):
        done.append(one)
        if one.error:
            say(f"{one.row['name']!r}: {one.error}", error=True)
        elif not sys.stderr.isatty():
            say(f"{one.row['name']!r}: {run_state.in_words(one.row['status'])}")
    return sorted(done, key=lambda one: str(one.row["name"]))


def _saved(definition: Row) -> Row:
    return {"streamingPipelineId": definition[PIPELINE_ID], "name": definition.get("name")}


def _close_window(path: Path, chosen: Chosen, done: Sequence[Changed], change: Change) -> None:
    """Leave in the file what is still to be started; without any there is no window, and no file."""
    unknown = [one.row for one in done if not run_state.is_known(one.row["before"])]
    if unknown and not change.running:
        _say_unknown(path, chosen, unknown)
    left = [one.row for one in done if (not one.is_up if change.running else one.may_be_stopped)]
    what = "to be started again"
    if change.running:
        what = "not seen running yet, so start --from it once more"
    try:
        if left:
            windows.save(path, str(chosen.project["id"]), left)
            say(f"{path}: {counted(left, 'streaming pipeline')} {what}")
        else:
            windows.remove(path)
            say(f"{path}: removed, because no streaming pipeline is to be started again")
    except ConfigurationError as error:
        raise DpcError(f"{error}; what was done before stays done, as the rows say") from None


def _say_unknown(path: Path, chosen: Chosen, unknown: Sequence[Row]) -> None:
    """Name the pipelines that are in no window: one agent may have two, and starting both could start the wrong one."""
    names = ", ".join(repr(str(row["name"])) for row in unknown)
    they, project = "it" if len(unknown) == 1 else "they", shlex.quote(str(chosen.project.get("name")))
    say(
        f"{path}: without {names}: nobody knows whether {they} ran, because the status said nothing before the stop."
        f" Start what should run by name: pulumi-dpc start NAME --project {project}"
    )


def _end(done: Sequence[Changed], *, interrupted: bool, as_json: bool) -> None:
    failed = [one for one in done if one.error]
    if interrupted:
        say("interrupted; each streaming pipeline is as its row says, and nothing more is sent")
    elif not as_json:
        say(f"{counted(done, 'streaming pipeline')}, {len(failed)} not as wanted")
    click.get_current_context().exit(INTERRUPTED if interrupted else int(bool(failed)))
