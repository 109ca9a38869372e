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

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }

# fail CODE TEXT [HINT]
fail() {
    warn "migrate: $2"
    [ -z "${3-}" ] || warn "  $3"
    exit "$1"
}

usage() { fail "$exit_usage" "$1" "See: scripts/migrate help"; }

plural() { if [ "$1" = 1 ]; then printf '%s %s' "$1" "$2"; else printf '%s %ss' "$1" "$2"; fi; }

# One word for the shell's eval, whatever is in it.
shell_word() { printf "'%s' " "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }

# Takes --dir and --database from anywhere on the command line; the rest is in $remaining, for eval.
read_options() {
    dir=${MIGRATE_DIR:-$here/../sql/migrations}
    database=${MIGRATE_DATABASE_URL:-${DATABASE_URL:-}}
    remaining=
    while [ $# -gt 0 ]; do
        case $1 in
            --dir | --database)
                [ $# -gt 1 ] || usage "$1 needs a value"
                if [ "$1" = --dir ]; then dir=$2; else database=$(open_address "$2"); fi
                shift
                ;;
            --dir=*) dir=${1#*=} ;;
            --database=*) database=$(open_address "${1#*=}") ;;
            *) remaining="$remaining$(shell_word "$1")" ;;
        esac
        shift
    done
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
tenants_query=${MIGRATE_TENANTS_QUERY:-'select schema_name from public.tenants order by id'}
lock_wait=${MIGRATE_LOCK_WAIT:-60}
lock_timeout=${MIGRATE_LOCK_TIMEOUT:-10s}
verify_timeout=${MIGRATE_VERIFY_TIMEOUT:-60s}

# A folder of this run's own, gone when it ends.
work=
make_work() {
    [ -z "$work" ] || return 0
    work=$(mktemp -d "${TMPDIR:-/tmp}/migrate.XXXXXX")
    trap 'end_run $?' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

end_run() {
    trap - EXIT
    session_close
    rm -rf "$work"
    exit "$1"
}
