"""How the command begins: also where its libraries are missing."""

from __future__ import annotations

import sys

NEEDED = ("click", "rich")


def run() -> None:
    """Carry out the command that the command line names, and end the process with its exit code."""
    try:
        from .app import main
    except ModuleNotFoundError as missing:
        if missing.name not in NEEDED:
            raise
        sys.exit(
            f"Error: pulumi-dpc needs {missing.name}, which the extra 'cli' of pulumi-dpc brings:"
            " install the package as 'pulumi-dpc[cli]'"
        )
    main()


if __name__ == "__main__":
    run()
