#!/usr/bin/env bash
# Grade each lab that a work folder has a copy of. The composite action runs this. Usage: grade.sh WORK OUT
# Exit code: 0 when all labs passed, 1 when one failed, 2 when one could not be judged.
# Outputs of the step: `passed`, the lowest `level`, and the average `score`; the last two only when all labs have one.
set -uo pipefail
work=$1
out=$2
course=$(cd "$(dirname "$0")/.." && pwd) || exit 2
levels=(none Good Great Elite)

add_check() { # LAB CONCLUSION TITLE SUMMARY
    [ -s "$4" ] || echo "The log of the job says why." > "$4"
    gh api "repos/$GITHUB_REPOSITORY/check-runs" --silent -f "name=Pattern ER $1" \
        -f "head_sha=$CHECK_SHA" -f status=completed -f "conclusion=$2" \
        -f "output[title]=$3" -F "output[summary]=@$4" \
        -f "details_url=$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID" ||
        echo "no check was added for $1: the job needs the permission \`checks: write\`"
}

output() { # NAME FILE
    sed -n "s/^$1=//p" "$2" | tail -n 1
}

python3 "$course/compose/bootstrap.py" || exit 2
own=$(mktemp -d) || exit 2
trap 'rm -rf "$own"' EXIT
status=0
graded=0
scored=0
total=0
lowest=3
for copy in "$work"/[0-9][0-9]-*/; do
    [ -d "$copy" ] || continue
    lab=$(basename "$copy")
    graded=$((graded + 1))
    # Each grade has files of its own, because those of the step would hold the outputs of the last lab only.
    : > "$own/outputs"
    : > "$own/summary"
    GITHUB_OUTPUT="$own/outputs" GITHUB_STEP_SUMMARY="$own/summary" \
        "$course/er" grade "${lab%%-*}" --submission "$copy" --out "$out/$lab"
    code=$?
    level=$(output level "$own/outputs")
    score=$(output score "$own/outputs")
    case $code in
        0) conclusion=success; title="passed${level:+, $level}" ;;
        1) conclusion=failure; title=failed ;;
        # A branch that requires the check would accept `neutral`.
        *) conclusion=cancelled; title="could not be judged"; code=2 ;;
    esac
    [ "$code" -le "$status" ] || status=$code
    [ -z "$score" ] || { scored=$((scored + 1)); total=$((total + score)); }
    case $level in Good) rank=1 ;; Great) rank=2 ;; Elite) rank=3 ;; *) rank=0 ;; esac
    [ "$rank" -ge "$lowest" ] || lowest=$rank
    [ -z "${GITHUB_STEP_SUMMARY:-}" ] || cat "$own/summary" >> "$GITHUB_STEP_SUMMARY"
    [ -z "${GH_TOKEN:-}" ] || add_check "$lab" "$conclusion" "$title" "$own/summary"
done
if [ "$graded" = 0 ]; then
    echo "er: there is no work copy of a lab in \`$work\`" >&2
    echo "  next: make lab-03, then commit work/" >&2
    exit 2
fi
if [ "$status" = 0 ]; then passed=true; else passed=false; fi
if [ -n "${GITHUB_OUTPUT:-}" ]; then
    {
        echo "passed=$passed"
        [ "$lowest" = 0 ] || echo "level=${levels[lowest]}"
        [ "$scored" != "$graded" ] || echo "score=$((total / graded))"
    } >> "$GITHUB_OUTPUT"
fi
exit "$status"
