#!/usr/bin/env bash
# Compare what a stack's state says with what is live. Exit code 0: no drift; 7: drift; 10: a pipeline's agent does not
# report, so nobody can see whether the pipeline runs; any other: the check failed.
# Nothing is written, neither at the service nor in the state. With drift, issue.md gets a text for an issue; what
# differs is only in the log, because more people may read the issue.
#
# While a deployment runs, what is live differs too. So drift is only what is still there some minutes later.
set -uo pipefail
if [ $# -ne 1 ]; then
  echo "usage: $0 <stack>" >&2
  exit 64
fi
look() {
  pulumi refresh --stack "$1" --preview-only --expect-no-changes --diff --non-interactive --color never 2>&1 |
    tee found.txt
}
status=0
look "$1" || status=$?
if [ "$status" -eq 7 ]; then
  seconds=${LOOK_AGAIN_AFTER:-300}
  echo "There are differences. A deployment may be running, so this looks again in $seconds seconds."
  sleep "$seconds"
  status=0
  look "$1" || status=$?
fi
if [ "$status" -eq 0 ] && grep -q 'so nobody can see whether it runs' found.txt; then
  echo 'No drift was found, but nobody can see whether every pipeline runs: look after the agents named above.' >&2
  status=10
fi
if [ "$status" -eq 7 ]; then
  cat > issue.md <<END
What runs differs from what was last deployed to the stack $1. The log has the paths: ${RUN_URL:-see the job}

- To bring it back to what the program says: \`pulumi up --refresh\`, or run the deployment again.
- To keep it: change the program until \`pulumi preview --refresh\` shows no update, and merge that.

Nothing was changed by this check.
END
fi
exit "$status"
