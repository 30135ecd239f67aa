"""Serve the emulator by hand: ``python -m pulumi_dpc.emulator``."""

from __future__ import annotations

import argparse
import contextlib
import threading
from collections.abc import Sequence

try:
    from . import Emulator
    from .seed import SeedError
except ModuleNotFoundError as missing:
    raise SystemExit(str(missing)) from None


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the variables to set and serve until Ctrl-C."""
    options = vars(_parser().parse_args(arguments))
    try:
        emulator = Emulator(**options)
    except SeedError as error:
        raise SystemExit(str(error)) from None
    except OSError as error:
        raise SystemExit(f"Port {options['port']} cannot be used: {error.strerror}.") from None
    with emulator as api, contextlib.suppress(KeyboardInterrupt):
        for name, value in api.env.items():
            print(f"export {name}={value}")
        print(f"# Serving; see {api.origin}/ and stop with Ctrl-C.", flush=True)
        threading.Event().wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pulumi_dpc.emulator",
        description="Serve the Matillion DPC API for streaming pipelines on this machine, from memory.",
    )
    parser.add_argument(
        "--port", type=int, default=8642, help="port to listen on; 0 for any (default: %(default)s)"
    )
    parser.add_argument(
        "--seed",
        metavar="FILE",
        help="YAML or JSON with the projects, environments, agents and pipelines to begin with; or `estate`: "
        "forty pipelines of all kinds; without it there are those of the vendor's guide",
    )
    parser.add_argument(
        "--agents",
        type=_count,
        default=0,
        metavar="N",
        help="N further streaming agents: agent-1 and so on, each the default of an environment of its name",
    )
    parser.add_argument(
        "--time-scale",
        type=float,
        default=1.0,
        help="real seconds in a second of the service (default: %(default)s)",
    )
    parser.add_argument(
        "--start-seconds",
        type=float,
        default=5,
        help="how long a pipeline is STARTING (default: %(default)s)",
    )
    parser.add_argument(
        "--stop-seconds", type=float, default=3, help="how long a pipeline is STOPPING (default: %(default)s)"
    )
    parser.add_argument(
        "--latency",
        dest="latency_seconds",
        type=float,
        default=0,
        help="real seconds added to every answer (default: %(default)s)",
    )
    parser.add_argument(
        "--rate-limit",
        dest="rate_limit_per_minute",
        type=int,
        default=1000,
        help="API requests a minute (default: %(default)s)",
    )
    return parser


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a whole number from 0, not {text!r}")
    return int(text)


if __name__ == "__main__":
    main()
