"""The run of a sample, and its report."""

from __future__ import annotations

import argparse
import os
import queue
import random
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .copies import ROOT, Copy, Verdict
from .mutants import Mutant, mutants_of

KIND = "pulumi_dpc/_resources/streaming_pipeline"
RULES = (
    *(
        f"{KIND}/{name}.py"
        for name in ("plan", "outcome", "run", "commands", "waiting", "run_state", "state")
    ),
    *(
        f"{KIND}/{name}.py"
        for name in ("importing", "creating", "checking", "operations", "agent_moves", "remote")
    ),
    *(f"pulumi_dpc/_resources/{name}.py" for name in ("ownership", "agent_uses", "polling")),
    *(f"pulumi_dpc/_definition/{name}.py" for name in ("alteration", "comparison", "ignored")),
    "pulumi_dpc/_api/listing.py",
)
EQUIVALENT = Path(__file__).parent / "equivalent.txt"


def equivalents() -> dict[tuple[str, str, str], str]:
    """Return the mutants that change nothing that anybody could see, each with the reason."""
    found = {}
    for line in EQUIVALENT.read_text().splitlines():
        if line and not line.startswith("#"):
            file, function, change, reason = (part.strip() for part in line.split(" | "))
            found[file, function, change] = reason
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a sample of the mutants and print what was noticed; the exit code says whether enough was."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=main.__doc__)
    parser.add_argument("--sample", type=int, default=80, help="how many mutants (80)")
    parser.add_argument("--seed", type=int, default=1, help="which of them (1)")
    parser.add_argument("--only", default="", help="text that a mutant's place has, such as plan.py")
    parser.add_argument("--least", type=float, default=0.9, help="the share to be noticed (0.9)")
    parser.add_argument("--quick", action="store_true", help="leave out the tests that need an engine")
    parser.add_argument("--list", action="store_true", help="print the sample and end")
    given = parser.parse_args(arguments)
    every = [mutant for file in RULES for mutant in mutants_of(file, (ROOT / file).read_bytes())]
    every = [mutant for mutant in every if given.only in str(mutant)]
    known = equivalents()
    sample = random.Random(given.seed).sample(every, min(given.sample, len(every)))  # noqa: S311 - guards nothing
    print(f"{len(sample)} of {len(every)} mutants, seed {given.seed}", flush=True)
    if given.list:
        print(*sorted(map(str, sample)), sep="\n")
        return 0
    same = [mutant for mutant in sample if mutant.key in known]
    verdicts = _judged([mutant for mutant in sample if mutant.key not in known], is_quick=given.quick)
    survivors = [one.mutant for one in verdicts if one.noticed_by is None]
    print("\nno test noticed:", *(f"\n  {mutant}" for mutant in survivors))
    print("\nequivalent, so not run:", *(f"\n  {one}\n    {known[one.key]}" for one in same))
    share = 1 - len(survivors) / max(1, len(verdicts))
    print(f"\nnoticed: {len(verdicts) - len(survivors)} of {len(verdicts)} ({share:.0%})")
    return 0 if share >= given.least else 1


def _judged(sample: Sequence[Mutant], *, is_quick: bool) -> list[Verdict]:
    """Test the mutants, as many at a time as there are cores, each in its own copy; print each as it is done."""
    with tempfile.TemporaryDirectory(prefix="mutation-") as directory:
        count = max(1, min(os.cpu_count() or 1, len(sample)))
        copies = [Copy(Path(directory) / str(number), is_quick=is_quick) for number in range(count)]
        failures = copies[0].find_failures()
        for name in failures:
            print(f"fails without any change, so it is left out: {name}", flush=True)
        for copy in copies:
            copy.leave_out(failures)
        free: queue.SimpleQueue[Copy] = queue.SimpleQueue()
        for copy in copies:
            free.put(copy)

        def judge(mutant: Mutant) -> Verdict:
            copy = free.get()
            try:
                verdict = copy.judge(mutant)
            finally:
                free.put(copy)
            what = "SURVIVED" if verdict.noticed_by is None else f"noticed by {verdict.noticed_by}"
            print(f"{mutant}\n    {what} ({verdict.seconds:.0f} s)", flush=True)
            return verdict

        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(judge, sample))


if __name__ == "__main__":
    sys.exit(main())
