#!/usr/bin/env bash
# Grade every lab of which a work folder has a copy; what the composite action runs. Usage: grade.sh WORK OUT
# Exit code: 0 when all passed, 1 when one failed, 2 when one could not be judged.
set -uo pipefail
work=$(realpath "$1")
out=$(realpath -m "$2")
course=$(realpath "$(dirname "$0")/..")

python3 "$course/compose/bootstrap.py" || exit 2
status=0
graded=0
for copy in "$work"/[0-9][0-9]-*/; do
    [ -d "$copy" ] || continue
    lab=$(basename "$copy")
    graded=$((graded + 1))
    "$course/.venv/bin/er" grade "${lab%%-*}" --submission "$copy" --out "$out/$lab"
    code=$?
    case $code in
        0) conclusion=success ;;
        1) conclusion=failure ;;
        *) conclusion=neutral; code=2 ;;
    esac
    [ "$code" -le "$status" ] || status=$code
    if [ -n "${GH_TOKEN:-}" ]; then
        # A check of its own for each lab; without the permission for it, the job's own result has to do.
        gh api "repos/$GITHUB_REPOSITORY/check-runs" --silent -f "name=Pattern ER $lab" \
            -f "head_sha=$CHECK_SHA" -f status=completed -f "conclusion=$conclusion" ||
            echo "no check was made for $lab: the job needs the permission \`checks: write\`"
    fi
done
if [ "$graded" = 0 ]; then
    echo "er: there is no work copy of a lab in \`$work\`" >&2
    echo "  next: make lab-03, then commit work/" >&2
    exit 2
fi
exit "$status"
