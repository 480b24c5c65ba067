#!/usr/bin/env bash
# The check of the GitHub action: annotations, a SARIF report, a summary of the job and the outputs of the step.
set -uo pipefail

set -f # words are separated, but not expanded as patterns
# shellcheck disable=SC2206
words=($ARGUMENTS) paths=($PATHS)
summary=$(mktemp)
"$PLACE/bin/playpen-ls" check --format github --format "sarif=$SARIF" --format "markdown=$summary" \
    ${words[@]+"${words[@]}"} -- "${paths[@]}"
status=$?

findings=0
if [ -f "$SARIF" ]; then
    findings=$("$PLACE/bin/python" -I -c '
import json, sys
with open(sys.argv[1], encoding="utf-8") as report:
    print(sum(len(run["results"]) for run in json.load(report)["runs"]))' "$SARIF")
fi
cat "$summary" >>"$GITHUB_STEP_SUMMARY"
rm -f "$summary"
{
    echo "sarif=$SARIF"
    echo "findings=$findings"
    echo "exit-status=$status"
} >>"$GITHUB_OUTPUT"
exit "$status"
