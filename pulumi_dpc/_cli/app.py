"""The command as a whole: its subcommands, and how it ends."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from pulumi_dpc._version import __version__
from pulumi_dpc.errors import ConfigurationError, DpcError

from .check import check, schema
from .completion import completion
from .doctor import doctor
from .frame import Group
from .generate import generate
from .listings import agents, environments, pipelines, projects
from .start_stop import start, stop
from .status import status
from .words import say

FAILED, MISUSED, INTERRUPTED = 1, 2, 130
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


@click.group(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    examples=(
        "pulumi-dpc doctor                        # is everything set up?",
        "pulumi-dpc projects                      # what the account has",
        "pulumi-dpc status --project Analytics    # what runs, and on which agent",
        "pulumi-dpc generate Analytics --out .    # a Pulumi program for what exists",
    ),
)
@click.version_option(__version__, "-V", "--version", message="pulumi-dpc %(version)s")
def cli() -> None:
    """Work with the streaming pipelines of an account of the Matillion Data Productivity Cloud.

    Only start and stop change something at the service.

    Credentials come from the environment: DPC_TOKEN, or DPC_CLIENT_ID and DPC_CLIENT_SECRET. The region comes from
    --region or DPC_REGION. Data goes to the standard output, everything else to the standard error.

    Exit codes: 0, it was done; 1, it failed, or something is wrong; 2, the command line or the settings are wrong;
    3, what was asked about differs from what it should be; 130, Ctrl-C.
    """


for _command in (
    doctor,
    projects,
    environments,
    agents,
    pipelines,
    status,
    check,
    schema,
    generate,
    start,
    stop,
    completion,
):
    cli.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Carry out a command line and end the process; whatever happens, without a traceback."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    code = _ended(arguments)
    if code == INTERRUPTED:
        # Requests in flight may take half a minute more, and nothing is lost with them.
        with contextlib.suppress(OSError):
            sys.stdout.flush()
        os._exit(code)
    sys.exit(code)


def _ended(arguments: Sequence[str] | None) -> int:
    """Carry out a command line and return the exit code; what went wrong has been said then."""
    try:
        code: Any = cli.main(arguments, prog_name="pulumi-dpc", standalone_mode=False)
        sys.stdout.flush()
    except (click.Abort, KeyboardInterrupt):
        say("interrupted; nothing was changed")
        code = INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except DpcError as error:
        code = _failed(str(error), MISUSED if isinstance(error, ConfigurationError) else FAILED)
    except BrokenPipeError:
        _abandon_output()  # whoever read the data has seen enough
        code = FAILED
    except Exception as error:  # noqa: BLE001 - a mistake of ours is told in one sentence too
        code = _failed(_unwritten(error) or _unexpected(error), FAILED)
    return code if isinstance(code, int) else 0


def _unwritten(error: Exception) -> str:
    """Return a sentence if the standard output takes no data; files are accounted for where they are written."""
    if not isinstance(error, OSError) or error.errno not in _FULL:
        return ""
    _abandon_output()
    return f"the standard output cannot be written: {error.strerror}"


def _abandon_output() -> None:
    """Let Python's own flush at the end not complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failed(sentence: str, code: int) -> int:
    say(sentence, error=True)
    return code


def _unexpected(error: Exception) -> str:
    """Return a sentence about a mistake of ours; the text of the exception may hold a secret."""
    if os.environ.get("DPC_DEBUG"):
        raise error
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = (
        f" in {os.path.basename(trace.tb_frame.f_code.co_filename)}, line {trace.tb_lineno}" if trace else ""
    )
    return (
        f"an unexpected {type(error).__name__}{place}, which is a mistake of pulumi-dpc: please report it, with the"
        " traceback that DPC_DEBUG=1 shows"
    )
