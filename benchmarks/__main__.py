"""Print every figure, as Markdown for `docs/benchmarks.md`, and draw its plot."""

from __future__ import annotations

import argparse
import sys

from . import bringing_in, imports, previews, report, scale, speed, starting, suites


def main() -> None:
    """Run all benchmarks; about half an hour on two cores, which should have nothing else to do."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that everything works")
    quick = parser.parse_args().quick
    for part in (
        report.machine,
        lambda: speed.report(counts=(1, 5), rounds=1) if quick else speed.report(),
        lambda: previews.report((1, 5), rounds=1) if quick else previews.report(),
        lambda: starting.report((20.0,)) if quick else starting.report(),
        lambda: scale.report((1, 5), plot=None) if quick else scale.report(),
        lambda: bringing_in.report((1, 5)) if quick else bringing_in.report(),
        lambda: suites.report(3 if quick else suites.ROUNDS),
        lambda: imports.report(3 if quick else imports.ROUNDS),
    ):
        print(part(), end="\n\n", flush=True)
    print("done", file=sys.stderr)


if __name__ == "__main__":
    main()
