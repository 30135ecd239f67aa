#!/usr/bin/env bash
# Compare what a stack's state says with what is live: exit code 0 without drift, 7 with drift, else it failed.
# Nothing is written, neither at the service nor in the state. With drift, issue.md gets a text for an issue; what
# differs is only in the log, because more people may read the issue.
set -uo pipefail
status=0
pulumi refresh --stack "$1" --preview-only --expect-no-changes --diff --non-interactive --color never || status=$?
if [ "$status" -eq 7 ]; then
  cat > issue.md <<END
What runs differs from what was last deployed to the stack $1. The log has the paths: ${RUN_URL:-see the job}

- To bring it back to what the program says: \`pulumi up --refresh\`, or run the deployment again.
- To keep it: change the program until \`pulumi preview --refresh\` shows no update, and merge that.

Nothing was changed by this check.
END
fi
exit "$status"
