# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# Applying sections to a schema over the open session: lock, history, sections, answers.

# The first key of the advisory locks of all runs of this tool; the second is the hash of the schema's name.
lock_class=1835625338

# prepare_sections MODE NAMES [FOLDER [SKIPPED]]: writes $work/MODE/SCOPE.NAME.psql (or FOLDER/…) for the migrations whose names
# are in the file NAMES. SKIPPED: statements of verify sections that are left out, a line each (scope, migration, line).
prepare_sections() {
    mkdir -p "$work/$1"
    restrict=
    # psql since August 2025 can be told to take no commands of its own from a text.
    if psql --help=commands 2>/dev/null | grep -q '\\restrict'; then
        restrict=$(od -An -N 16 -t x1 /dev/urandom | tr -d ' \n')
    fi
    LC_ALL=C awk -v out="${3:-$work/$1}" -v skipped="${4-}" -v key="$restrict" -v mode="$1" -v by="${SUDO_USER:-${USER:-$(id -un)}}@$(uname -n)" \
        -f "$lib/sections.awk" "$work/timeline" "$work/normalised" "$2" "$work/scan"
}

# Takes the schema's lock, by asking again and again: a session that waits inside of PostgreSQL would hold up
# CREATE INDEX CONCURRENTLY elsewhere, and that one this.
lock_schema() {
    waited=0
    while :; do
        session_write "select pg_try_advisory_lock($lock_class, hashtext(:'m_schema')) as m_locked \\gset
\\echo @lock :m_locked"
        session_expect lock
        [ "$answer" != t ] || break
        [ "$waited" != 0 ] || warn "migrate: waiting for another run that holds the lock of schema $1"
        waited=$((waited + 1))
        if [ "$waited" -gt $((lock_wait * 4)) ]; then
            fail "$exit_locked" "another run has held the lock of schema $1 for $lock_wait s" \
                "See who: select pid, query_start, application_name from pg_stat_activity a join pg_locks l using (pid) where l.locktype = 'advisory' and l.classid = $lock_class;"
        fi
        sleep 0.25
    done
}

unlock_schema() { session_write "select pg_advisory_unlock($lock_class, hashtext(:'m_schema'));"; }

# include_list SCOPE NAMES: what psql is to read for a schema that lacks the migrations in the file NAMES.
include_list() {
    printf '\\i :m_lib/history.sql\n'
    # The folder is a variable of psql, so that no name needs quotes but its own.
    awk -v scope="$1" '{ gsub(/\\/, "&&"); gsub(/\047/, "\047\047"); printf "\\i :m_deploy\047/%s.%s.psql\047\n", scope, $0 }' "$2"
    printf '\\echo @done\n'
}

# apply_list SCHEMA WORD SCRIPT: brings one schema up to date and says in one line what happened; nothing here starts a process.
# Sets applied (how many); false after the first failure, which is in the schema's history by then.
apply_list() {
    session_write "\\set m_schema $2
\\set m_go true"
    lock_schema "$1"
    session_write "\\i '$3'"
    failed=0
    follow_sections "$1" || failed=1
    unlock_schema
    return "$failed"
}

# Reads what the sections of one schema answer, up to @done.
follow_sections() {
    applied=0
    spent=0
    first=
    last=
    failure=
    while session_read; do
        case $answer_word in
            applied)
                applied=$((applied + 1))
                spent=$((spent + ${answer%% *}))
                last=${answer#* }
                first=${first:-$last}
                ;;
            failed | differs) failure="$answer_word $answer" ;;
            done) break ;;
        esac
    done
    [ "$answer_word" = "done" ] || session_lost
    case $applied in
        0) [ -n "$failure" ] || say "$1: already up to date" ;;
        1) say "$1: $last applied, $spent ms" ;;
        *) say "$1: $applied migrations applied ($first … $last), $spent ms" ;;
    esac
    [ ! -s "$work/errors" ] || sed -n 's/^psql:[^ ]* //; s/^WARNING:  [0-9A-Z]*: /  warning: /p' "$work/errors"
    [ -z "$failure" ] || tell_failure "$1" "$failure"
    [ ! -s "$work/errors" ] || : >"$work/errors"
    [ -z "$failure" ]
}

# tell_failure SCHEMA "failed CODE STATEMENT LINE VERIFYING NAME" | "differs STEPS NAME"
tell_failure() {
    schema=$1
    # shellcheck disable=SC2086 # the words of the answer
    set -- $2
    if [ "$1" = differs ]; then
        warn "$schema: $3 cannot go on: its first $(plural "$2" statement) ran from another version of the file"
        warn "  Restore those statements in the file, then deploy again."
        return
    fi
    path=$(awk -F '\t' -v name="$6" '$1 == name { print $2 }' "$work/timeline")
    where="statement $3"
    [ "$5" != true ] || where="the verify section, statement $3"
    [ "$3" != 0 ] || where="the end of its transaction"
    # PostgreSQL counts lines from the statement's first; an error inside of a function has a text of its own.
    line=$4
    if ! grep -q '^QUERY:' "$work/errors"; then
        at=$(sed -n 's/^LINE \([0-9]*\): .*/\1/p' "$work/errors" | tail -n 1)
        line=$((line + ${at:-1} - 1))
    fi
    warn "$schema: $6 FAILED with SQLSTATE $2 at $where, $path line $line"
    error_text <"$work/errors" | sed -e 's/^[0-9A-Z]\{5\}: //' -e '/^WARNING:/d' -e '/^[A-Z]* NAME:  /d' -e 's/^/  /' >&2
}
