#!/usr/bin/env bash
# Grade each lab that a work folder has a copy of. The composite action runs this. Usage: grade.sh WORK OUT
# Exit code: 0 when all labs passed, 1 when one failed, 2 when one could not be judged.
set -uo pipefail
work=$1
out=$2
course=$(cd "$(dirname "$0")/.." && pwd) || exit 2

add_check() { # LAB CONCLUSION
    gh api "repos/$GITHUB_REPOSITORY/check-runs" --silent -f "name=Pattern ER $1" \
        -f "head_sha=$CHECK_SHA" -f status=completed -f "conclusion=$2" ||
        echo "no check was added for $1: the job needs the permission \`checks: write\`"
}

python3 "$course/compose/bootstrap.py" || exit 2
status=0
graded=0
for copy in "$work"/[0-9][0-9]-*/; do
    [ -d "$copy" ] || continue
    lab=$(basename "$copy")
    graded=$((graded + 1))
    "$course/er" grade "${lab%%-*}" --submission "$copy" --out "$out/$lab"
    code=$?
    case $code in
        0) conclusion=success ;;
        1) conclusion=failure ;;
        # A branch that requires the check would accept `neutral`.
        *) conclusion=cancelled; code=2 ;;
    esac
    [ "$code" -le "$status" ] || status=$code
    [ -z "${GH_TOKEN:-}" ] || add_check "$lab" "$conclusion"
done
if [ "$graded" = 0 ]; then
    echo "er: there is no work copy of a lab in \`$work\`" >&2
    echo "  next: make lab-03, then commit work/" >&2
    exit 2
fi
exit "$status"
