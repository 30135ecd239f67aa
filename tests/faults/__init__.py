"""A fault at every request of every command, and what must hold afterwards.

``python -m tests.faults`` runs the whole campaign on the test engine and prints its table in Markdown; a line that
fails names the one command that runs it again (``--only``). `tests/faults/test_campaign.py` runs a fixed sample of it,
a part of that on the real CLI; `tests/stack/test_kills.py` runs some of the kills of a create, an edit and a delete.

What is covered, with *request* for each API request that a command makes in a clean run (token requests aside), *kind*
for each of `kinds.KINDS` and *follow-up* for each of `case.FOLLOW_UPS`:

- one pipeline, or two that share an agent: every (scenario, request, kind) with the same command again; and every
  (scenario, request, other follow-up), the kinds taking turns, elsewhere in each scenario, so that every (kind,
  follow-up) is met too;
- the same, two faults in one command: every (scenario, request, later request), the kinds taking turns. After the
  first fault a command may end, or ask for less; a later request that it then does not make is counted apart;
- less of both for a scenario that is `by_turns`, because it is another one with a twist: every (scenario, request,
  follow-up), the kinds taking turns, so that every (scenario, kind) is met; and two faults with every request as the
  first. ``--whole`` leaves nothing to turns but the follow-ups and the kinds of two faults;
- eight pipelines at once: every (scenario, request), of many requests every second one, since the eight make the same;
  the kinds and follow-ups take turns, so that every (scenario, kind) is met.

Where several pipelines race, what is which request differs from run to run; a case whose request is not made is tried
three times and then counted apart.

Follow-ups, after the service is repaired: ``same`` command and program; the program ``reverted`` to what it said
before; ``flipped``: another ``running``; ``refreshed``: a refresh in between; ``renamed``: the resource has another
name, and an alias.

What must hold: see `invariants`. The limits of `docs/limits.md` stand in `case`, each where it is allowed for: after
some faults only ``up --refresh`` can see what is left, an error names the line that adopts a pipeline, and what a kill
between STOP and START has stopped may stay stopped where ``running`` is not given; what was made in its place by a
later command may, if a warning says so. The summary counts the first two. Where a hook has a create tried again, the
engine keeps the errors of the first try until the next command, which is an update without a change.
"""
