# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# One open psql that a command, or one worker of a deploy, talks to line by line: written to on descriptor 3, answers
# read from descriptor 4. What a migration selects goes to /dev/null; only \echo reaches descriptor 4. Its errors are in $errors.

session=
errors=
# What cannot be done when psql ends now.
losing=
# session_open: the pipes are in $session_dir, the run's own folder when it is not set.
session_open() {
    session_begin
    session_ready
    look_for_pooler
    refuse_pooler
}

# Starts psql, and does not wait for it: it answers @ready.
session_begin() {
    make_work
    connect_to "$database"
    modern_server
    greeted=
    session_dir=${session_dir:-$work}
    errors=$session_dir/errors
    [ -p "$session_dir/from" ] || mkfifo "$session_dir/to" "$session_dir/from"
    : >"$errors"
    MIGRATE_ERRORS=$errors
    export MIGRATE_ERRORS
    proved=
    # A worker must not keep the other sessions' pipes open: their psql would never see the end.
    set -- -X -q -A -t -F '	' -v ON_ERROR_STOP=1 -v "m_lib=$lib" -v "m_work=$work" -v "m_deploy=$work/deploy" -v m_retry=false -v m_held=false -v m_acked=false -v m_ack=false -v m_commit=default \
        -v m_schema= -v m_applied=0 -v m_result=done -v m_code= -v m_log= -v m_name= -v m_at=0 -v m_line=0 -v "m_lock=$lock_class" -v "m_public_only=$public_only_tables"
    [ -z "$PSQL_ADDRESS" ] || set -- -d "$PSQL_ADDRESS" "$@"
    psql "$@" <"$session_dir/to" >"$session_dir/from" 2>>"$errors" &
    session=$!
    exec 3>"$session_dir/to" 4<"$session_dir/from"
    # A psql that is gone must not end this run by a signal: its last words are to be read and shown.
    trap '' PIPE
    session_greeting
}

# Waits for the session that was begun. What was written to it already is written by $written again, where it has to be begun once more.
session_ready() {
    while [ -z "$greeted" ]; do
        if session_read; then
            [ "$answer_word" != ready ] || greeted=yes
        else
            begin_older
            ${written-}
        fi
    done
}

session_greet() {
    session_greeting
    session_expect ready
}

session_greeting() {
    session_write '\set VERBOSITY verbose
\set SHOW_CONTEXT errors
\o /dev/null
set search_path = pg_catalog;
\i :m_lib/strays.psql
reset search_path;
\echo @ready'
}

session_write() { printf '%s\n' "$1" >&3 2>/dev/null || session_lost; }

# Reads answers up to the one whose first word is expected; sets $answer to what follows it.
session_expect() {
    while session_read; do
        [ "$answer_word" != "$1" ] || return 0
    done
    session_lost
}

# One answer: "@word rest". Sets answer_word and answer; false when psql has gone.
session_read() {
    while IFS= read -r line <&4; do
        case $line in
            @*)
                line=${line#@}
                answer_word=${line%% *}
                answer=${line#"$answer_word"}
                answer=${answer# }
                return 0
                ;;
        esac
    done
    return 1
}

session_lost() {
    exec 3>&- 4<&-
    lost=0
    wait "$session" 2>/dev/null || lost=$?
    session=
    if grep -q 'unsupported startup parameter' "$errors"; then tell_pooler "it took no options with the connection"; fi
    [ "$lost" != 2 ] || [ -n "$greeted" ] || unreachable "$errors"
    if [ "$lost" = 2 ] || [ "$lost" -gt 128 ] || grep -q -e 'server closed the connection' -e 'connection to server was lost' -e ' 57P0[123]: ' "$errors"; then
        fail "$exit_connection" "the connection was lost: $(error_text <"$errors" | grep -v '^$' | tail -n 1)" \
            "What was being done was rolled back; run the command again when the server is there: it goes on where this one was."
    fi
    [ -z "$losing" ] || {
        tell_strangers "$errors"
        error_text <"$errors" | sed 's/^[0-9A-Z]\{5\}: //' >&2
        fail "$exit_problem" "$losing"
    }
    fail "$exit_failed" "psql gave up: $(error_text <"$errors" | grep -v '^$' | head -n 3)"
}

session_close() {
    [ -n "$session" ] || return 0
    exec 3>&- 4<&-
    # Ended early, psql may still be in a long statement: have it cancelled, rather than wait for it.
    if [ "${1-}" != finished ]; then
        kill -INT "$session" 2>/dev/null || true
        kill "$session" 2>/dev/null || true
    fi
    wait "$session" 2>/dev/null || true
    session=
}

# A backend that has touched a thousand schemas is three times slower: begin afresh now and then.
session_renew() {
    session_write '\connect'
    session_greet
}

# Since PostgreSQL 14 a statement whose client is gone is ended by the server: a killed deploy leaves nothing running. A server that
# nobody has asked yet is taken to be one.
modern_server() {
    case $PGOPTIONS in *client_connection_check_interval*) return 0 ;; esac
    [ "${server_version:-140000}" -lt 140000 ] || PGOPTIONS="$PGOPTIONS $modern_options"
}

modern_options='-c client_connection_check_interval=2s -c idle_session_timeout=0'

# psql has ended before it began: where the server does not know those options, without them.
begin_older() {
    [ -z "${server_version-}" ] || session_lost
    grep -q 'unrecognized configuration parameter "client_connection_check_interval"' "$errors" || session_lost
    exec 3>&- 4<&-
    wait "$session" 2>/dev/null || true
    server_version=130000
    PGOPTIONS=${PGOPTIONS%" $modern_options"}
    session_begin
}

# Behind a pooler that hands out its connections by transaction, a session's lock belongs to whoever comes next. Two proofs:
# the settings this connection began with must be there, and what it locked nobody else may have.
look_for_pooler() {
    session_write "select current_setting('migrate.app_role', true) is distinct from $(sql_literal "$app_role") as m_deaf,
       pg_backend_pid() as m_pid, (random() * 2000000000)::int as m_key \\gset
select pg_try_advisory_lock($proof_class, :m_key);
\\echo @proof :m_deaf :m_pid :m_key"
    session_expect proof
    # shellcheck disable=SC2086 # three words
    set -- $answer
    [ "$1" = f ] || tell_pooler "the settings of the connection do not arrive"
    proof_pid=$2 proof_key=$3
    # A second client must be another backend, which cannot have that lock, and the first must stay where it is.
    run_psql -c "select pg_backend_pid() = $2 or pg_try_advisory_lock($proof_class, $3)" -c "select pg_advisory_unlock($proof_class, $3) where pg_backend_pid() = $2" \
        >"$work/proof" 2>/dev/null </dev/null 3>&- 4<&- &
    second_client=$!
}

# What the second client, which runs beside this, has found; and whether the first is where it was.
refuse_pooler() {
    wait "$second_client" || : >"$work/proof"
    proof=
    read -r proof <"$work/proof" || true
    case $proof in t*) tell_pooler "two connections were given the same backend" ;; esac
    for again in 1 2 3; do
        session_write "select pg_backend_pid() <> $proof_pid or not exists (select from pg_locks where locktype = 'advisory' and classid = $proof_class and objid = $proof_key and pid = pg_backend_pid()) as m_moved \\gset
\\echo @proof :m_moved"
        session_expect proof
        [ "$answer" = f ] || tell_pooler "from one transaction to the next the backend was another"
    done
    session_write "select pg_advisory_unlock($proof_class, $proof_key);"
    proved=yes
}

# A temporary table of a session's own can only be gone because another backend answers.
tell_strangers() {
    ! grep -q 'relation "\(pg_temp\.\)\{0,1\}m_[a-z]*" does not exist' "$1" || tell_pooler "from one transaction to the next the backend was another"
}

tell_pooler() {
    fail "$exit_pooler" "a connection pooler stands between: $1" \
        "A lock taken through a transaction pooler is no lock. Give the server's own address and port in MIGRATE_DATABASE_URL (often 5432 instead of 6432)."
}
