# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# One open psql that a command, or one worker of a deploy, talks to line by line: written to on descriptor 3, answers
# read from descriptor 4. What a migration selects goes to /dev/null; only \echo reaches descriptor 4. Its errors are in $errors.

# First keys of the advisory locks: of a schema in work (the second key is the hash of its name), of a campaign in work (its
# id), and of the proof that no pooler is between.
lock_class=1835625338
campaign_class=1835625339
proof_class=1835625340

session=
errors=
# What cannot be done when psql ends now, and the exit code of that.
losing=
losing_code=$exit_problem
session_open() {
    session_begin
    session_ready
    look_for_pooler
    refuse_shared
    refuse_moved
    spare_close
    session_write "$strays"
}

# Starts psql, and does not wait for it: it answers @ready. Its errors go to $session_files.errors; the first is begun before this run's folder
# is made, which takes as long as to begin it.
session_begin() {
    name_work
    connect_to "$database"
    modern_server
    greeted=
    session_files=${session_files:-$work}
    start_psql
    make_work
    proved=
    session_greeting
}

# psql, with descriptor 3 to write to it and 4 to read what it answers; sets session and errors. With ask_nobody it does not ask for a password:
# where two did so at once, what is typed would be seen.
ask_nobody=
start_psql() {
    errors=$session_files.errors
    : >"$errors"
    MIGRATE_ERRORS=$errors
    export MIGRATE_ERRORS
    set -- -X -q -A -t -F '	' -v ON_ERROR_STOP=1 -v "m_lib=$lib" -v "m_work=$work" -v "m_deploy=$work/deploy" -v m_retry=false -v m_held=false -v m_acked=false -v m_ack=false -v m_commit=default -v m_campaigns=false \
        -v m_schema= -v m_applied=0 -v m_result=done -v m_code= -v m_log= -v m_name= -v m_at=0 -v m_line=0 -v "m_lock=$lock_class" -v "m_app_role=$app_role" -v "m_public_only=$public_only_tables" -v "m_shared=${MIGRATE_SHARED_SCHEMAS-}"
    [ -z "$PSQL_ADDRESS" ] || set -- -d "$PSQL_ADDRESS" "$@"
    [ -z "$ask_nobody" ] || set -- -w "$@"
    # dash and newer shells have a short here-document in a pipe, whose other end Linux gives away: two pipes without a process.
    exec 7<<END 4<<END
END
END
    if [ -p /proc/self/fd/7 ]; then
        exec 3>/proc/self/fd/7 8>/proc/self/fd/4
    else
        # Each is opened at both ends at once first, so that neither end waits for the other.
        mkfifo "$errors.to" "$errors.from"
        exec 9<>"$errors.to"
        exec 7<"$errors.to"
        exec 3>"$errors.to"
        exec 9<>"$errors.from"
        exec 4<"$errors.from"
        exec 8>"$errors.from"
        exec 9<&-
        rm "$errors.to" "$errors.from"
    fi
    # It must not keep the pipes of other sessions open: their psql would never see the end.
    psql "$@" <&7 >&8 2>>"$errors" 3>&- 4<&- 5>&- 6<&- 7<&- 8>&- &
    session=$!
    exec 7<&- 8>&-
    # A psql that is gone must not end this run by a signal: its last words are to be read and shown.
    trap '' PIPE
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
    session_write "$strays"
    session_expect ready
}

greeting='\set VERBOSITY verbose
\set SHOW_CONTEXT errors
\o /dev/null'
# For who runs sections; where nobody waits for it, since it takes the server as long as a schema.
strays='set search_path = pg_catalog;
\i :m_lib/strays.psql
reset search_path;'
# Whoever waits for the answer says so where there is none.
session_greeting() { printf '%s\n' "$greeting" '\echo @ready' >&3 2>/dev/null || true; }

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
    # Taken over from the shell that began it.
    [ "$lost" != 127 ] || [ -s "$errors" ] || lost=2
    if grep -q 'unsupported startup parameter' "$errors"; then tell_pooler "it took no options with the connection"; fi
    [ "$lost" != 2 ] || [ -n "$greeted" ] || unreachable "$errors"
    if [ "$lost" = 2 ] || [ "$lost" -gt 128 ] || grep -q -e 'server closed the connection' -e 'connection to server was lost' -e ' 57P0[123]: ' "$errors"; then
        fail "$exit_connection" "the connection was lost: $(error_text <"$errors" | grep -v '^$' | tail -n 1)" \
            "What was being done was rolled back; run the command again when the server is there: it goes on where this one was."
    fi
    [ -z "$losing" ] || {
        error_text <"$errors" | sed 's/^[0-9A-Z]\{5\}: //' >&2
        fail "$losing_code" "$losing"
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

# At the end of a run: psql goes while the run's folder is removed, and is waited for after that (end_run).
leaving=
session_leave() {
    [ -n "$session" ] || return 0
    exec 3>&- 4<&-
    leaving=$session
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
    spare_close
    server_version=130000
    PGOPTIONS=${PGOPTIONS%" $modern_options"}
    session_begin
}

# Behind a pooler that hands out its connections by transaction, a session's lock belongs to whoever comes next. Two proofs:
# the settings this connection began with must be there, and what it locked nobody else may have.
look_for_pooler() {
    ask_for_proof
    hear_proof
    ask_spare
}

ask_for_proof() {
    printf '%s\n' "select current_setting('migrate.app_role', true) is distinct from :'m_app_role' as m_deaf, pg_backend_pid() as m_pid, (random() * 2000000000)::int as m_key \\gset
select pg_try_advisory_lock($proof_class, :m_key);
\\echo @proof :m_deaf :m_pid :m_key" >&3 2>/dev/null || true
}

hear_proof() {
    session_expect proof
    proof_pid=${answer#* } proof_key=${answer##* }
    proof_pid=${proof_pid%% *}
    [ "${answer%% *}" = f ] || tell_pooler "the settings of the connection do not arrive (or a service file sets options, which take their place: give those in PGOPTIONS)"
    [ -n "$spare" ] || spare_begin
}

# Begins another client, which must be another backend and cannot have that lock. Its session is kept as $spare, on the descriptors 5 and 6,
# where a worker will have use for one.
spare_begin() {
    set -- "$session" "$session_files" "$errors"
    session_files=$work/spare
    exec 5>&3 6<&4
    start_psql
    # Each with the other's.
    exec 9>&3 3>&5 5>&9 9>&-
    exec 9<&4 4<&6 6<&9 9<&-
    spare=$session
    session=$1 session_files=$2 errors=$3
}

# Asked while the first session rests, whose backend a pooler would give it. The question first: what the greeting prepares would be there
# already on the same backend.
ask_spare() {
    printf '%s\n' "\\o /dev/null
select pg_backend_pid() = $proof_pid or pg_try_advisory_lock($proof_class, $proof_key) as m_same \\gset
select pg_advisory_unlock($proof_class, $proof_key) where pg_backend_pid() = $proof_pid;
\\echo @proof :m_same
$greeting
$strays" >&5 2>/dev/null || true
}

# What the second client has found; begun again where it lacked a password, which somebody may be asked for now.
# The first is asked whether it is where it was, from one transaction to the next.
refuse_shared() {
    hear_spare
    if [ -z "$proof" ] && grep -q 'no password supplied' "$work/spare.errors"; then
        spare_close
        spare_begin
        ask_spare
        hear_spare
    fi
    [ "$proof" != t ] || tell_pooler "two connections were given the same backend"
    # One that could not be made proves nothing.
    [ -n "$proof" ] || spare_close
    moved="select pg_backend_pid() <> $proof_pid or not exists (select from pg_locks where locktype = 'advisory' and classid = $proof_class and objid = $proof_key and pid = pg_backend_pid()) as m_moved \\gset
\\echo @proof :m_moved"
    session_write "$moved
$moved
$moved
select pg_advisory_unlock($proof_class, $proof_key);"
}

hear_spare() {
    proof=
    while IFS= read -r line <&6; do
        case $line in @proof*)
            proof=${line#@proof }
            break
            ;;
        esac
    done
}

refuse_moved() {
    for again in 1 2 3; do
        session_expect proof
        [ "$answer" = f ] || tell_pooler "from one transaction to the next the backend was another"
    done
    proved=yes
}

spare=
spare_close() {
    [ -n "$spare" ] || return 0
    exec 5>&- 6<&-
    wait "$spare" 2>/dev/null || true
    spare=
}

# A worker goes on with the spare session as its own.
spare_take() {
    exec 3>&5 4<&6 5>&- 6<&-
    session=$spare
    session_files=$work/spare
    errors=$session_files.errors
    greeted=yes
    spare=
}

tell_pooler() {
    fail "$exit_pooler" "a connection pooler stands between: $1" \
        "A lock taken through a transaction pooler is no lock. Give the server's own address and port in MIGRATE_DATABASE_URL (often 5432 instead of 6432)."
}
