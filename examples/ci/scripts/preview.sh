#!/usr/bin/env bash
# Preview a change of a stack against the live service; comment.md gets what it shows, for the pull request.
# --refresh shows what was changed or stopped in the Matillion UI, beside what the pull request changes.
set -uo pipefail
status=0
pulumi preview --stack "$1" --refresh --diff --non-interactive --color never > preview.txt 2>&1 || status=$?
cat preview.txt
{
  printf '#### `pulumi preview` of `%s`, exit code %d\n\n```text\n' "$1" "$status"
  # A comment has a limit. What is cut away is whole lines, because half a character is refused.
  if [ "$(wc -c < preview.txt)" -gt 60000 ]; then
    printf '(the beginning is in the log)\n'
    tail -c 60000 preview.txt | tail -n +2
  else
    cat preview.txt
  fi
  printf '\n```\n'
} > comment.md
exit "$status"
