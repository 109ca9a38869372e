# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# One open psql that a command talks to line by line: written to on descriptor 3, answers read from descriptor 4.
# What a migration selects goes to /dev/null; only \echo reaches descriptor 4. Its errors are in $work/errors.

session=
session_open() {
    connect_to "$database"
    mkfifo "$work/to" "$work/from"
    : >"$work/errors"
    MIGRATE_ERRORS=$work/errors
    export MIGRATE_ERRORS
    set -- -X -q -A -t -v ON_ERROR_STOP=1 -v "m_lib=$lib" -v "m_deploy=$work/deploy"
    [ -z "$PSQL_ADDRESS" ] || set -- -d "$PSQL_ADDRESS" "$@"
    psql "$@" <"$work/to" >"$work/from" 2>>"$work/errors" &
    session=$!
    exec 3>"$work/to" 4<"$work/from"
    rm "$work/to" "$work/from"
    # A psql that is gone must not end this run by a signal: its last words are to be read and shown.
    trap '' PIPE
    session_greet
}

session_greet() {
    session_write '\set VERBOSITY verbose
\set SHOW_CONTEXT errors
\o /dev/null
\echo @ready'
    session_expect ready
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
    if [ "$lost" = 2 ] || [ "$lost" -gt 128 ]; then
        fail "$exit_connection" "the connection was lost: $(error_text <"$work/errors" | grep -v '^$' | tail -n 1)" \
            "What was being done was rolled back; run the command again when the server is there."
    fi
    fail "$exit_failed" "psql gave up: $(error_text <"$work/errors" | grep -v '^$' | head -n 3)"
}

session_close() {
    [ -n "$session" ] || return 0
    exec 3>&- 4<&-
    # Ended early, psql may still be in a long statement: tell it, rather than wait for it.
    if [ "${1-}" != finished ]; then kill "$session" 2>/dev/null || true; fi
    wait "$session" 2>/dev/null || true
    session=
}

# A backend that has touched a thousand schemas is three times slower: begin afresh now and then.
session_renew() {
    session_write '\connect'
    session_greet
}
