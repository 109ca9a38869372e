# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# Applying sections to a schema over the open session: lock, history, sections, answers, another try where a table was in use.

# prepare_sections MODE NAMES [FOLDER [SKIPPED]]: writes $work/MODE/SCOPE.NAME.psql (or FOLDER/…) for the migrations whose names
# are in the file NAMES. SKIPPED: statements of verify sections that are left out, a line each (scope, migration, line).
prepare_sections() {
    [ -d "$work/$1" ] || mkdir "$work/$1"
    restrict_key
    who_runs
    case $1 in create | revert | verify) ;; *) prepare_insisting "$2" ;; esac
    planned=
    [ "$1" != deploy ] || planned=$work/plan
    by=$who LC_ALL=C awk -v plan="$planned" -v swift="$work" -v out="${3:-$work/$1}" -v skipped="${4-}" -v insisting="$work/insist" -v key="$restrict" -v mode="$1" -v patience="$concurrent_timeout" \
        -f "$lib/sections.awk" "$work/timeline" "$work/normalised" "$2" "$work/scan" || no_room
}

who_runs() {
    [ -z "${who-}" ] || return 0
    here_is=
    { read -r here_is </proc/sys/kernel/hostname; } 2>/dev/null || here_is=$(uname -n)
    who=${SUDO_USER:-${USER:-${LOGNAME:-$(id -un)}}}@$here_is
}

# psql since August 2025 can be told to take no commands of its own from a text.
restrict_key() {
    restrict=
    case ${psql_version:-0} in
        13????) since=130022 ;;
        14????) since=140019 ;;
        15????) since=150014 ;;
        16????) since=160010 ;;
        17????) since=170006 ;;
        *) since=180000 ;;
    esac
    [ "${psql_version:-0}" -ge "$since" ] || return 0
    { read -r restrict </proc/sys/kernel/random/uuid; } 2>/dev/null || restrict=$(od -An -N 16 -t x1 /dev/urandom | tr -d ' \n')
    while :; do case $restrict in *-*) restrict=${restrict%%-*}${restrict#*-} ;; *) break ;; esac; done
}

# Takes the schema's lock, by asking again and again: a session that waits inside of PostgreSQL would hold up
# CREATE INDEX CONCURRENTLY elsewhere, and that one this.
lock_schema() {
    await_lock "$1" || fail "$exit_locked" "another run has held the lock of schema $1 for $lock_wait s" "$lock_hint"
}

lock_hint="See who: select pid, query_start, application_name from pg_stat_activity a join pg_locks l using (pid) where l.locktype = 'advisory' and l.classid = $lock_class;"

# False when another run keeps it.
await_lock() {
    waited=0
    while :; do
        session_write "select pg_try_advisory_lock($lock_class, hashtext(:'m_schema')) as m_held \\gset
\\echo @lock :m_held"
        session_expect lock
        [ "$answer" != t ] || return 0
        [ "$waited" != 0 ] || warn "migrate: waiting for another run that holds the lock of schema $1"
        waited=$((waited + 1))
        [ "$waited" -le $((lock_wait * 4)) ] || return 1
        sleep 0.25
    done
}

unlock_schema() { session_write "select pg_advisory_unlock($lock_class, hashtext(:'m_schema'));"; }

# apply_list SCHEMA BEGUN: brings one schema, locked already, up to date and says in one line what happened; nothing here
# starts a process unless something is wrong. psql reads :m_list; BEGUN, when not empty: it does so already. Sets applied (how many); false after the first failure, which is in the
# schema's history by then. gone is set when the schema is not there any more, slow when nothing was done because the short way is none here.
apply_list() {
    applied=0
    spent=0
    first=
    last=
    gone=
    blocked_since=
    tries=0
    holders=
    retry=true
    [ "$blocked_max" -gt 0 ] || retry=false
    while :; do
        if [ -z "$2" ] || [ "$tries" -gt 0 ]; then
            session_write "\\set m_go true
\\set m_retry $retry
\\i :m_list"
        fi
        read_sections
        [ -z "$slow" ] || return 0
        [ -n "$waits" ] || break
        await_table "$1"
    done
    tell_sections "$1"
}

# Reads what the sections of one schema answer, up to @done, and says it.
follow_sections() {
    applied=0
    spent=0
    first=
    last=
    gone=
    read_sections
    tell_sections "$1"
}

read_sections() {
    failure=
    waits=
    said=
    slow=
    while session_read; do
        case $answer_word in
            applied)
                applied=$((applied + 1))
                spent=$((spent + ${answer%% *}))
                last=${answer#* }
                first=${first:-$last}
                ;;
            first) first=$answer ;;
            whole)
                # All at once: how many, in what time, and the last.
                applied=${answer%% *} answer=${answer#* }
                spent=${answer%% *}
                last=${answer#* }
                ;;
            failed | differs) failure="$answer_word $answer" ;;
            blocked) waits=$answer ;;
            gone) gone=yes ;;
            said) said=$answer ;;
            slow) slow=yes ;;
            done) break ;;
        esac
    done
    [ "$answer_word" = "done" ] || session_lost
}

tell_sections() {
    told=
    case $applied in
        0) [ -n "$failure$gone" ] || told="$1: already up to date" ;;
        1) told="$1: $last applied, $spent ms" ;;
        *) told="$1: $applied migrations applied ($first … $last), $spent ms" ;;
    esac
    [ -z "$told" ] || printf '%s\n' "$told" 2>/dev/null || true
    [ ! -s "$errors" ] || sed -n 's/^psql:[^ ]* //; /no transaction in progress/d; s/^WARNING:  [0-9A-Z]*: /  warning: /p' "$errors"
    [ -z "$failure" ] || tell_failure "$1" "$failure"
    [ ! -s "$errors" ] || : >"$errors"
    [ -z "$failure$gone" ]
}

# await_table SCHEMA: a statement did not get its table within lock_timeout, and all of its section was undone, so that
# nobody stands behind it. Whoever holds the table is waited for from outside of the queue, then it is tried again, until the
# schema has cost blocked_max seconds; the last try is final. Who was in the way is in $holders.
await_table() {
    # CODE STATEMENT LINE VERIFYING NAME; the name may have spaces.
    name=$waits
    code=${name%% *} name=${name#* }
    number=${name%% *} name=${name#* }
    file_line=${name%% *} name=${name#* }
    name=${name#* }
    targets=$(name=$name awk -F '\t' -v section="$([ "${command-}" = revert ] && echo down || echo up)" -v number="$number" -v scope="$([ "$1" = public ] && echo public || echo tenant)" -v quote="'" '
        FILENAME == ARGV[1] { if ($1 == ENVIRON["name"]) path = $2; next }
        $1 == path && $2 == section && $3 == scope && $5 == number && $12 != "-" {
            gsub(quote, quote quote, $12); gsub(/[^,]+/, quote "&" quote, $12); print $12
        }' "$work/timeline" "$work/scan")
    session_write "select relation::text || '/' || pid || '/' || virtualtransaction as m_hold,
       format('pid %s (%s)', pid, concat_ws(', ', nullif(application_name, ''), usename, state, 'its transaction ' || date_trunc('second', clock_timestamp() - xact_start) || ' old')) as m_who
  into temp m_holders
  from pg_locks l left join pg_stat_activity a using (pid)
 where l.locktype = 'relation' and l.granted and l.pid <> pg_backend_pid()
   and l.database = (select oid from pg_database where datname = current_database())
   and l.relation in (select coalesce(i.indrelid, c.oid) from unnest(array[${targets:-null}]::text[]) t (name)
                        join pg_class c on c.oid = to_regclass(case when name like '%.%' then name else format('%I.%I', :'m_schema', name) end)
                        left join pg_index i on i.indexrelid = c.oid);
select coalesce(string_agg(distinct m_who, '; '), '-') as m_who, count(*) as m_count, extract(epoch from clock_timestamp())::bigint as m_now,
       (select ceil(setting::numeric / 1000) from pg_settings where name = 'lock_timeout') as m_patience from m_holders \\gset
\\echo @holders :m_count :m_now :m_patience :m_who"
    session_expect holders
    count=${answer%% *} answer=${answer#* }
    now=${answer%% *} answer=${answer#* }
    patience=${answer%% *}
    holders=${answer#* }
    [ -n "$blocked_since" ] || blocked_since=$((now - patience))
    : >"$errors"
    tries=$((tries + 1))
    if [ "$code" = 40P01 ]; then warn "$1: $name met a deadlock at line $file_line; it is tried again"
    elif [ "$holders" = - ]; then warn "$1: $name did not get its table at line $file_line; it is tried again"
    else warn "$1: $name waits at line $file_line for a table that is in use by $holders"
    fi
    [ "$holders" != - ] || holders=
    pause=0
    while [ $((now - blocked_since)) -lt "$blocked_max" ]; do
        sleep 0.5
        pause=$((pause + 1))
        session_write "select count(*) as m_count, extract(epoch from clock_timestamp())::bigint as m_now
  from m_holders h where exists (select from pg_locks l where l.granted and l.relation::text || '/' || l.pid || '/' || l.virtualtransaction = h.m_hold) \\gset
\\echo @still :m_count :m_now"
        session_expect still
        now=${answer#* }
        # Nobody in the way any more; where it is not known who was, every try waits a little longer.
        if [ "${answer%% *}" = 0 ] && { [ "$count" -gt 0 ] || [ "$pause" -ge "$tries" ]; }; then break; fi
    done
    session_write "drop table m_holders;"
    [ $((now - blocked_since)) -lt "$blocked_max" ] || retry=false
}

# tell_failure SCHEMA "failed CODE STATEMENT LINE VERIFYING NAME" | "differs STEPS NAME"
tell_failure() {
    name=${2#* }
    if [ "${2%% *}" = differs ]; then
        number=${name%% *} name=${name#* }
        warn "$1: $name cannot go on: its first $(plural "$number" statement) ran from another version of the file
  Restore those statements in the file, then $([ "${command-}" = revert ] && echo revert || echo deploy) again."
        return
    fi
    code=${name%% *} name=${name#* }
    number=${name%% *} name=${name#* }
    line=${name%% *} name=${name#* }
    verifying=${name%% *} name=${name#* }
    path=$(name=$name awk -F '\t' -v back="$([ "${command-}" = revert ] && echo yes)" '$1 == ENVIRON["name"] { print (back != "" && $6 != "-" ? $6 : $2) }' "$work/timeline")
    where="statement $number"
    [ "$verifying" != true ] || where="the verify section, statement $number"
    [ "$number" != 0 ] || where="the end of its transaction"
    # PostgreSQL counts lines from the statement's first; an error inside of a function has a text of its own.
    if ! grep -q '^QUERY:' "$errors"; then
        at=$(sed -n 's/^LINE \([0-9]*\): .*/\1/p' "$errors" | tail -n 1)
        line=$((line + ${at:-1} - 1))
    fi
    shared=
    case $code:$said in MG001:*Lock\)*) shared="Where triggers write into a schema for all tenants, as an audit log, name it in MIGRATE_SHARED_SCHEMAS." ;; esac
    warn "$1: $name FAILED with SQLSTATE $code at $where${path:+, $path line $line}
$(error_text <"$errors" | sed -e 's/^[0-9A-Z]\{5\}: //' -e '/^WARNING:/d' -e '/no transaction in progress$/d' -e '/^[A-Z]* NAME:  /d' -e 's/^/  /')${said:+  $said}${shared:+
  $shared}${holders:+
  In the way was $holders.}"
}
