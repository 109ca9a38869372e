# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# status: every schema's history against the files, all problems at once.

# Writes $work/edited (schema, migration) and $work/touched (changed in comments, white space or the other scope's sections only).
find_edited() {
    : >"$work/edited"
    : >"$work/touched"
    state_rows edited >"$work/changed"
    [ -s "$work/changed" ] || return 0
    awk -F '\t' -v edited="$work/edited" -v touched="$work/touched" '
        FILENAME == ARGV[1] { public[$1] = $2; tenant[$1] = $3; whole[$1] = $4; next }
        { print $1 "\t" $2 > ($4 == ($1 == "public" ? public[$2] : tenant[$2]) || $4 == whole[$2] ? touched : edited) }' "$work/normalised" "$work/changed"
}

cmd_status() {
    json=
    while [ $# -gt 0 ]; do
        case $1 in
            --json) json=yes ;;
            *) usage "status: unknown option $1" ;;
        esac
        shift
    done
    read_timeline
    read_state
    find_edited
    code=0
    awk -F '\t' -v json="$json" -v files="$(wc -l <"$work/timeline")" -v pending_code="$exit_pending" -v problem_code="$exit_problem" \
        -f "$lib/status.awk" "$work/touched" "$work/state" >"$work/status" || code=$?
    [ "$code" != 2 ] || no_room
    show "$work/status"
    return "$code"
}
