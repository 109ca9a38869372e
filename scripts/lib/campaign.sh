# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# A deploy as a campaign: what it is to do and what became of it stand in the database, so that it can go on after any end.

# After so many schemas a session begins afresh.
sessions_age=100

# Opens the campaign of the plan: an unfinished one, or a new one. False when another deploy was at the same schemas, and
# has ended now: then everything is to be looked at again.
campaign_begin() {
    campaign_manifest >"$work/campaign.psql"
    session_write "\\i :m_work/manifest.psql
\\i :m_work/campaign.psql
\\i :m_lib/campaign.sql
drop table if exists pg_temp.m_plan;
create temp table m_plan (place int, schema text, wave int);
\\copy m_plan from $(psql_word "$work/copy")
\\i :m_lib/campaign-begin.psql"
    changed=
    while session_read; do
        case $answer_word in
            busy)
                campaign_wait "$answer"
                return 1
                ;;
            changed) changed=$answer ;;
            campaign) campaign_words=$answer ;;
            health)
                health=$answer
                break
                ;;
        esac
    done
    [ "$answer_word" = health ] || session_lost
    # shellcheck disable=SC2086 # numbers, and t or f
    set -- $campaign_words
    campaign=$1 resumes=$2 gate=$3 first_wave=$4 done_before=$5 in_all=$6 soak=$7 parallel=$8 max_failures=$9
    if [ "$resumes" = t ]; then
        say "Campaign $campaign goes on: $done_before of $(plural "$in_all" schema) done."
    else
        [ -z "$changed" ] || say "Campaign ${changed%% |*} was left unfinished; since then: ${changed#* | }. This is a new one."
        say "Campaign $campaign: $(plural "$in_all" schema)."
    fi
    # The files of the waves, for the shell: take NUMBER SCHEMA LIST WORD-FOR-PSQL WAY.
    awk -F '\t' -v folder="$work" '
        function shell(s) { gsub(/\047/, "\047\\\047\047", s); return "\047" s "\047" }
        FILENAME == ARGV[1] { rest[$1] = $2 " " shell($3) " " $5; next }
        {
            if ($1 + 0 > last) last = $1 + 0
            if ($2 in rest) { printf "take %d %s %s\n", ++n, shell($2), rest[$2] > (folder "/wave." $1); count[$1 + 0]++ }
        }
        END {
            printf "%d", last
            for (i = 0; i <= last; i++) printf " %d", count[i]
            print ""
        }' "$work/plan" "$work/queue" >"$work/waves"
    remove_old_work
}

# What runs that were killed have left on this machine.
remove_old_work() {
    set -- "${TMPDIR:-/tmp}"/migrate.??????
    [ $# -gt 1 ] || return 0
    find "${TMPDIR:-/tmp}" -maxdepth 1 -type d -name 'migrate.*' -user "$(id -u)" -mmin +1440 -exec rm -rf {} + 2>/dev/null 3>&- 4<&- &
}

# What psql is to know of this deploy. Only options that were given are among them: a campaign that goes on keeps its own.
campaign_manifest() {
    who_runs
    rewave=false
    [ -z "$waves" ] || rewave=true
    printf '\\set m_class %s\n\\set m_lock %s\n\\set m_by %s\n\\set m_selection %s\n\\set m_queue :m_work/queue\n\\set m_rewave %s\n\\set m_options %s\n' \
        "$campaign_class" "$lock_class" "$(psql_word "$who")" "$(psql_word "$selection")" "$rewave" \
        "$(psql_word "$(campaign_options)")"
}

campaign_options() {
    printf '{"by":"hand"'
    [ -z "$waves" ] || printf ',"waves":"%s"' "$waves"
    [ -z "$parallel" ] || printf ',"parallel":%s' "$parallel"
    [ -z "$soak" ] || printf ',"soak":%s' "$soak"
    [ -z "$max_failures" ] || printf ',"maxFailures":%s' "$max_failures"
    [ -z "$health" ] || printf ',"health":"%s"' "$(printf '%s' "$health" | sed 's/["\\]/\\&/g')"
    printf '}'
}

# Another deploy has some of the same schemas: its end is waited for.
campaign_wait() {
    busy=${1%%|*} rest=${1#*|}
    busy_by=${rest%%|*} rest=${rest#*|}
    busy_since=${rest%%|*} rest=${rest#*|}
    warn "migrate: waiting for another run: campaign $busy of $busy_by, begun $busy_since, ${rest%%|*} of ${rest#*|} schemas done"
    waited=0
    while :; do
        session_write "select exists (select from pg_locks where locktype = 'advisory' and classid = $campaign_class and objid = $busy and objsubid = 2 and granted
    and database = (select oid from pg_database where datname = current_database())) as m_live \\gset
\\echo @live :m_live"
        session_expect live
        [ "$answer" = t ] || return 0
        waited=$((waited + 1))
        [ "$waited" -le $((lock_wait * 4)) ] ||
            fail "$exit_locked" "another run has been at these schemas for $lock_wait s: campaign $busy of $busy_by, begun $busy_since" \
                "See how far it is: scripts/migrate campaigns $busy. To wait longer set MIGRATE_LOCK_WAIT (seconds)."
        sleep 0.25
    done
}

# Wave after wave: public, then tenants, with the health of the site looked at between them.
campaign_run() {
    migrations=0
    schemas=0
    dropped=0
    : >"$work/failures"
    patient=true
    [ "$blocked_max" -gt 0 ] || patient=false
    session_write "\\set m_campaign $campaign
\\i :m_lib/campaign-prepare.psql"
    age=0
    wave=0
    read -r last_wave counts <"$work/waves"
    while [ "$wave" -le "$last_wave" ]; do
        in_wave=${counts%% *} counts=${counts#* }
        if [ "$in_wave" -gt 0 ]; then
            # What was reached before this wave, now or in an earlier run, must have been found good.
            [ "$wave" -le "$first_wave" ] || [ "$gate" -ge $((wave - 1)) ] || campaign_gate $((wave - 1))
            [ "$last_wave" -le 1 ] || [ "$wave" = 0 ] || say "Wave $wave of $last_wave: $(plural "$in_wave" tenant)."
            if [ "$wave" = 0 ]; then
                work_last_wave 0
            else
                run_workers
            fi
            [ ! -e "$work/stop" ] || campaign_stop
        fi
        wave=$((wave + 1))
    done
    campaign_end
}

# Between two waves: time to see whether something is wrong, then the command that says so.
campaign_gate() {
    if [ "$soak" -gt 0 ]; then
        say "Waiting $soak s before wave $((${1} + 1))."
        sleep "$soak"
    fi
    if [ -n "$health" ]; then
        code=0
        MIGRATE_CAMPAIGN=$campaign MIGRATE_WAVE=$1 timeout "$health_timeout" sh -c "$health" 3>&- 4<&- </dev/null || code=$?
        if [ "$code" != 0 ]; then
            [ "$code" != 124 ] || warn "migrate: the health command did not answer within $health_timeout s"
            campaign_note stopped "health command after wave $1: exit $code"
            session_close finished
            fail "$exit_unhealthy" "the health command says no (exit $code) after wave $1; nothing more was begun" \
                "The same deploy goes on with wave $((${1} + 1)) once it is healthy: $health"
        fi
        say "Healthy after wave $1."
    fi
    session_write "update public.schema_campaigns set gate = $1 where id = $campaign;"
}

campaign_note() {
    session_write "update public.schema_campaigns set state = '$1', finished_at = clock_timestamp(), note = nullif($(sql_literal "${2-}"), '') where id = $campaign;
\\echo @noted"
    session_expect noted
}

# run_workers: as many psql sessions as asked for, each with a shell that feeds it. In a small fleet this shell is one of them;
# in a large one it keeps its session, and with it the campaign's lock, while the workers begin theirs afresh now and then.
run_workers() {
    workers=
    number=0
    parallel_now=$parallel
    [ "$parallel" -le "$in_wave" ] || parallel_now=$in_wave
    [ $((age + in_wave)) -gt "$sessions_age" ] || number=1
    here_too=$number
    while [ "$number" -lt "$parallel_now" ]; do
        number=$((number + 1))
        run_worker "$wave.$number" &
        workers="$workers $!"
    done
    [ "$here_too" = 0 ] || work_last_wave "$wave"
    worst=0
    for worker in $workers; do
        code=0
        wait "$worker" || code=$?
        [ "$code" -le "$worst" ] || worst=$code
    done
    workers=
    for count in "$work/worker.$wave."*/count; do
        [ -e "$count" ] || continue
        read -r m s d <"$count"
        migrations=$((migrations + m)) schemas=$((schemas + s)) dropped=$((dropped + d))
    done
    [ "$worst" = 0 ] || {
        # Its own words were said already. What it had in hand stays marked as running, and is done again.
        campaign_note stopped "a worker ended with exit $worst"
        session_close finished
        [ "$worst" -le 128 ] || fail "$exit_failed" "a worker was killed" "Run the same deploy again: it goes on where this one was."
        exit "$worst"
    }
}

run_worker() {
    trap 'worker_end $?' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    exec 3>&- 4<&-
    session=
    workers=
    age=0
    session_dir=$work/worker.$1
    mkdir "$session_dir"
    migrations=0 schemas=0 dropped=0
    session_begin
    session_ready
    worker_greet
    work_last_wave "$wave"
    printf '%s %s %s\n' "$migrations" "$schemas" "$dropped" >"$session_dir/count"
    session_close finished
}

# A wave, and what became of its last schema is noted.
work_last_wave() {
    settled=
    quick=0
    work_wave "$1"
    note_last
}

# Notes what became of the last schema, where that was not part of its own transaction, and gives its lock back.
note_last() {
    session_write "\\i :m_lib/campaign-last.psql"
    session_expect last
    settled=yes
    say_unsaid
}

# Where schemas are quick, one commit in ten waits for the disk, and with it, or with this, those before it are said to be done.
say_unsaid() {
    [ -n "${unsaid-}" ] || return 0
    session_write 'reset synchronous_commit;
select txid_current();
\echo @flushed'
    session_expect flushed
    printf '%s' "$unsaid" 2>/dev/null || true
    unsaid=
}

worker_greet() {
    session_write "\\set m_campaign $campaign
select pg_advisory_lock_shared($campaign_class, $campaign);
\\i :m_lib/campaign-prepare.psql"
}

worker_end() {
    trap - EXIT
    [ "$1" = 0 ] || [ ! -d "$work" ] || true >>"$work/stop"
    session_close
    exit "$1"
}

# work_wave WAVE: takes schemas of the wave until there is none left, or the run is to stop.
work_wave() {
    over=
    # shellcheck source=/dev/null
    . "$work/wave.$1"
}

# take NUMBER SCHEMA LIST WORD-FOR-PSQL WAY: does this schema, unless another worker has it.
take() {
    [ -z "$over" ] || return 0
    if [ -e "$work/stop" ]; then
        over=yes
        return 0
    fi
    # Whoever started this worker is gone: what is in hand is finished, and no more.
    kill -0 $$ 2>/dev/null || exit "$exit_failed"
    set -C
    if ! { true >"$work/taken.$1"; } 2>/dev/null; then
        set +C
        return 0
    fi
    set +C
    age=$((age + 1))
    if [ "$age" -gt "$sessions_age" ]; then
        age=1
        note_last
        session_renew
        worker_greet
    fi
    schema=$2
    deploy_schema "$3.$5" "\\set m_next $4
\\set m_list :m_work '/list.$3.$5.psql'
\\set m_retry $patient"
}

# deploy_schema LIST WORDS: one schema of the wave, $schema, of which psql is told WORDS; by the short way where its list has one.
deploy_schema() {
    broken=
    commit=default
    slow=yes
    if [ -e "$work/swift.$1.psql" ]; then
        # What became of the last schema has to be noted by then.
        [ -n "$settled" ] || note_last
        [ "$quick" = 0 ] || case $1 in *.kept) commit=off ;; esac
        session_write "$2
\\set m_commit $commit
\\i :m_work/swift.$1.psql"
        apply_list "$schema" begun || broken=yes
    fi
    [ -z "$slow" ] || deploy_slowly "$2" || return 0
    [ -z "$broken" ] && [ "$tries" = 0 ] || settled=
    if [ -z "$settled" ] || [ "$spent" -gt 200 ]; then
        quick=0
    elif [ "$quick" = 0 ]; then
        quick=9
    else
        quick=$((quick - 1))
    fi
    migrations=$((migrations + applied))
    schemas=$((schemas + 1))
    [ -n "$settled" ] || session_write "\\set m_applied $applied"
    [ -z "$gone" ] || tell_dropped
    [ -z "$broken" ] || [ -n "$gone" ] || {
        session_write "\\i :m_lib/campaign-failed.psql"
        count_failure "$exit_failed"
    }
}

# File by file, and what becomes of it is noted before and after. False when nothing was begun.
deploy_slowly() {
    commit=default
    settled=
    session_write "$1
\\i :m_lib/campaign-next.psql"
    session_expect lock
    begun=yes
    held=$answer
    if [ "$held" = 'f f' ] && await_lock "$schema"; then held='t f' begun=; fi
    case $held in
        't f') ;;
        'f f')
            warn "$schema: another run has held the lock of schema $schema for $lock_wait s
  $lock_hint"
            session_write "update public.schema_campaign_results set state = 'failed', message = 'another run holds its lock' where campaign = $campaign and schema = :'m_schema';"
            count_failure "$exit_locked"
            return 1
            ;;
        *)
            tell_dropped
            return 1
            ;;
    esac
    apply_list "$schema" "$begun" || broken=yes
}

tell_dropped() {
    if [ "$schema" = public ]; then fail "$exit_problem" "there is no schema public"; fi
    warn "$schema: was dropped while the deploy ran; it is left out"
    session_write "\\set m_result dropped"
    dropped=$((dropped + 1))
}

# One more schema in which it failed; beyond max_failures nothing more is begun.
count_failure() {
    printf '%s\t%s\n' "$schema" "$1" >>"$work/failures"
    if [ "$schema" = public ] || [ "$(wc -l <"$work/failures")" -gt "$max_failures" ]; then true >>"$work/stop"; fi
}

failed_names() { cut -f 1 "$work/failures" | head -n 5 | paste -s -d , | sed 's/,/, /g'; }

campaign_stop() {
    broke=$(wc -l <"$work/failures")
    campaign_note stopped "$broke failed"
    session_close finished
    IFS='	' read -r schema code <"$work/failures"
    [ "$broke" -gt 1 ] || {
        [ "$code" != "$exit_locked" ] || fail "$exit_locked" "stopped at schema $schema; $(plural "$migrations" migration) applied before"
        fail "$exit_failed" "stopped at schema $schema; $(plural "$migrations" migration) applied before" \
            "Mend the file and deploy again: what failed was rolled back, and it is in $schema.schema_history."
    }
    fail "$exit_failed" "stopped: $broke schemas failed ($(failed_names)); $(plural "$migrations" migration) applied before" \
        "scripts/migrate campaigns $campaign lists them. Mend the file and deploy again: what failed was rolled back."
}

campaign_end() {
    broke=0
    [ ! -s "$work/failures" ] || broke=$(wc -l <"$work/failures")
    if [ "$broke" -gt 0 ]; then campaign_note stopped "$broke failed"; else campaign_note "done"; fi
    session_close finished
    say "Done: $(plural "$migrations" migration) applied to $(plural "$schemas" schema)$([ "$dropped" = 0 ] || printf '; %s dropped meanwhile' "$dropped")."
    [ "$broke" = 0 ] || fail "$exit_partly" "$(plural "$broke" schema) failed ($(failed_names)), which --max-failures $max_failures allows" \
        "scripts/migrate campaigns $campaign lists them; the same deploy again tries them again."
}
