# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# Exit codes, messages, options that every command takes, and settings from the environment.

# Exit codes; `scripts/migrate help` lists them.
exit_usage=2
exit_pending=3
exit_problem=4
exit_failed=5
exit_refused=6
exit_connection=7
exit_locked=8
exit_unconfirmed=9
exit_unhealthy=10
exit_partly=11
exit_pooler=12

# Whoever read this may be gone (| head): the work goes on all the same.
say() { printf '%s\n' "$*" 2>/dev/null || true; }
warn() { printf '%s\n' "$*" >&2; }
# show FILE: what a command was asked to say. Unlike whoever is gone (| head), a full disk is no reason to end as if it had been said.
show() {
    unsaid=0
    cat "$1" 2>/dev/null || unsaid=$?
    [ "$unsaid" != 0 ] || return 0
    [ "$unsaid" -le 128 ] || exit "$unsaid"
    fail "$exit_failed" "what it says cannot be written: the output is full or closed" "Have it written elsewhere; it can be asked again."
}

# fail CODE TEXT [HINT]
fail() {
    warn "migrate: $2"
    [ -z "${3-}" ] || warn "  $3"
    exit "$1"
}

usage() {
    page=
    case ${command-} in
        '' | help) ;;
        *) ! type "cmd_$command" >/dev/null 2>&1 || page=" $command" ;;
    esac
    fail "$exit_usage" "$1" "See: scripts/migrate help$page"
}

plural() { count "$@"; printf '%s' "$counted"; }
# The same in $counted, without a process.
count() { if [ "$1" = 1 ]; then counted="1 $2"; else counted="$1 $2s"; fi; }

# One word for the shell's eval, whatever is in it.
shell_word() {
    case $1 in
        *\'*) printf "'%s' " "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")" ;;
        *) printf "'%s' " "$1" ;;
    esac
}

# Takes the options of every command from anywhere on the command line; the rest is in $remaining, for eval.
read_options() {
    dir=${MIGRATE_DIR:-$here/../sql/migrations}
    # Set and empty is refused (connect_to): $(scripts/migrate sandbox url) without a sandbox must not end in another database.
    database=${MIGRATE_DATABASE_URL-${DATABASE_URL:-}}
    tenants_query=${MIGRATE_TENANTS_QUERY:-}
    tenants_pattern=${MIGRATE_TENANTS_PATTERN:-}
    remaining=
    as_given=
    while [ $# -gt 0 ]; do
        case $1 in
            --dir | --database | --tenants-query | --tenants-pattern)
                [ $# -gt 1 ] || usage "$1 needs a value"
                common_option "$1" "$2"
                shift
                ;;
            --dir=* | --database=* | --tenants-query=* | --tenants-pattern=*) common_option "${1%%=*}" "${1#*=}" ;;
            *\'*) remaining="$remaining$(shell_word "$1")" ;;
            *) remaining="$remaining'$1' " ;; # without a process, as most are
        esac
        shift
    done
    [ -z "$tenants_query" ] || [ -z "$tenants_pattern" ] || usage "the tenants are found by a query or by a pattern, not by both"
    if [ -n "$tenants_pattern" ]; then
        # A pattern as the shell has them, * and ?, for LIKE.
        like=$(printf '%s' "$tenants_pattern" | sed -e 's/[\\%_]/\\&/g' -e 's/\*/%/g' -e 's/?/_/g')
        tenants_query="select nspname from pg_namespace where nspname like $(sql_literal "$like") and nspname !~ '^(pg_|information_schema\$|public\$)' order by nspname"
    fi
    tenants_query=${tenants_query:-'select schema_name from public.tenants order by id'}
}

# common_option NAME VALUE
common_option() {
    [ -n "$2" ] || usage "$1 needs a value"
    case $2 in *[!A-Za-z0-9_./:@=%+,-]*) as_given="$as_given $1 $(shell_word "$2")" ;; *) as_given="$as_given $1 $2" ;; esac
    case $1 in
        --dir) dir=$2 ;;
        --database) database=$(open_address "$2") ;;
        --tenants-query) tenants_query=$2 ;;
        --tenants-pattern) tenants_pattern=$2 ;;
    esac
}

# An address on the command line is for everybody to read.
open_address() {
    case $1 in
        *://*:*@* | *password*=*) fail "$exit_usage" "a password on the command line can be read by every user of this machine" \
            "Give the address in MIGRATE_DATABASE_URL, or the password in PGPASSWORD or a PGPASSFILE." ;;
    esac
    printf '%s' "$1"
}

app_role=${LUNAXCODE_APP_ROLE:-lunaxcode_app}
default_scope=${MIGRATE_DEFAULT_SCOPE:-public}
# Tables that no tenant may have, not even one of its own by that name.
public_only_tables=${MIGRATE_PUBLIC_ONLY-tenants,users,roles,user_roles,users_roles_roles,invitations,user_tenant}
# How long another run of the same schema is waited for (seconds).
lock_wait=${MIGRATE_LOCK_WAIT:-60}
verify_timeout=${MIGRATE_VERIFY_TIMEOUT:-60s}
# How long one statement stands in the queue for a table, where it holds up everybody behind it; how many seconds of such
# waiting a schema may cost in all; how long a statement may run, and one that runs CONCURRENTLY.
lock_timeout=${MIGRATE_LOCK_TIMEOUT:-2s}
blocked_max=${MIGRATE_BLOCKED_MAX:-60}
statement_timeout=${MIGRATE_STATEMENT_TIMEOUT:-30min}
concurrent_timeout=${MIGRATE_CONCURRENT_TIMEOUT:-6h}
health_timeout=${MIGRATE_HEALTH_TIMEOUT:-60}
# Above so many megabytes a rehearsal's scratch database gets the structure without the rows.
rehearsal_mb=${MIGRATE_REHEARSAL_MB:-1024}

# whole_number NAME VALUE [LEAST [MOST]]: refuses what is no number.
whole_number() {
    case $2 in
        '' | *[!0-9]* | ?????????*) usage "$1 needs a whole number, not '$2'" ;;
    esac
    if [ "$2" -lt "${3:-0}" ] || [ "$2" -gt "${4:-99999999}" ]; then usage "$1 must be from ${3:-0} to ${4:-99999999}, not $2"; fi
}
# duration NAME VALUE: as PostgreSQL writes them.
duration() {
    most=2147483647
    case $2 in
        *min) number=${2%min} most=35791 ;;
        *ms) number=${2%ms} ;;
        *s) number=${2%s} most=2147483 ;;
        *h) number=${2%h} most=596 ;;
        *d) number=${2%d} most=24 ;;
        *) number=$2 ;;
    esac
    case $number in
        '' | *[!0-9]* | 0?* | ????????????????*) usage "$1 is a time such as 500ms, 2s or 30min, not '$2'" ;;
    esac
    [ "$number" -le "$most" ] || usage "$1 is $2, and PostgreSQL knows no longer time than $most${2#"$number"}"
}
duration MIGRATE_LOCK_TIMEOUT "$lock_timeout"
duration MIGRATE_VERIFY_TIMEOUT "$verify_timeout"
duration MIGRATE_STATEMENT_TIMEOUT "$statement_timeout"
duration MIGRATE_CONCURRENT_TIMEOUT "$concurrent_timeout"
case $default_scope in public | tenant) ;; *) usage "MIGRATE_DEFAULT_SCOPE is public or tenant, not '$default_scope'" ;; esac
whole_number MIGRATE_LOCK_WAIT "$lock_wait"
whole_number MIGRATE_BLOCKED_MAX "$blocked_max"
whole_number MIGRATE_HEALTH_TIMEOUT "$health_timeout" 1
whole_number MIGRATE_REHEARSAL_MB "$rehearsal_mb"

# A folder of this run's own, gone when it ends; at_end: functions that are called before.
work=
work_made=
at_end=
make_work() {
    [ -z "$work_made" ] || return 0
    name_work
    [ -n "$work_made" ] || mkdir "$work" "$work/deploy" || { work= && fail "$exit_usage" "no folder can be made in $work_in" "Name another in TMPDIR."; }
    work_made=yes
}

# Nothing is done from files that are cut off.
no_room() { fail "$exit_failed" "this run's folder in $work_in cannot be written to" "It is full, or a limit was met: name another folder in TMPDIR, then run the command again."; }

# Its name, which psql can be begun with while it is made.
name_work() {
    [ -z "$work" ] || return 0
    # A deploy makes a file a schema, which costs as much as a statement where files are on a disk.
    work_in=${TMPDIR:-/tmp}
    [ -n "${TMPDIR-}" ] || [ "${command-}" != deploy ] || [ ! -d /dev/shm ] || [ ! -w /dev/shm ] || work_in=/dev/shm
    # mkdir refuses what is there already, as mktemp does, which would be one program more.
    if { read -r uuid </proc/sys/kernel/random/uuid; } 2>/dev/null; then
        work=$work_in/migrate.${uuid%%-*}
    else
        work=$(mktemp -d "$work_in/migrate.XXXXXXXX")
        mkdir "$work/deploy"
        work_made=yes
    fi
    # For what psql begins.
    export MIGRATE_WORK="$work" MIGRATE_LIB="$lib"
    trap 'end_run $?' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

end_run() {
    trap - EXIT
    # Asked to end, the workers end at once; where this run has failed by itself, they end what they have in hand.
    if [ "$1" -gt 128 ]; then for worker in ${workers-}; do kill "$worker" 2>/dev/null || true; done; else { true >>"$work/stop"; } 2>/dev/null || true; fi
    for worker in ${workers-}; do wait "$worker" 2>/dev/null || true; done
    for step in $at_end; do "$step"; done
    session_close
    [ -z "${scratch-}" ] || drop_scratch
    [ "$1" -le 128 ] || [ -z "${spare-}" ] || kill "$spare" 2>/dev/null || true
    spare_close
    [ -z "$work" ] || rm -rf "$work" "$work.errors"
    [ -z "${leaving-}" ] || wait "$leaving" 2>/dev/null || true
    exit "$1"
}
