# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# A deploy as a campaign: what it is to do and what became of it stand in the database, so that it can go on after any end.

# After so many schemas a session begins afresh.
sessions_age=100
newline='
'

# Opens the campaign of the plan: an unfinished one, or a new one. Sets busy when another deploy was at the same schemas, and
# has ended now: then everything is to be looked at again.
campaign_begin() {
    busy=
    campaign_manifest >"$work/campaign.psql" || no_room
    session_write "\\i :m_work/manifest.psql
\\i :m_work/campaign.psql
\\if :m_campaigns
\\else
\\i :m_lib/campaign.sql
\\endif
\\i :m_work/plan.psql
\\i :m_lib/campaign-begin.psql
\\if :m_is_busy
\\else
\\i :m_lib/campaign-prepare.psql
$strays
\\endif"
    # While the server is at it.
    prepare_sections deploy "$work/names"
    changed=
    while session_read; do
        case $answer_word in
            busy)
                campaign_wait "$answer"
                return
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
        # What is left of its own waves, instead of those of a new campaign.
        rm -f "$work"/wave.*
        awk -F '\t' -v folder="$work" -f "$lib/waves.awk" -f "$lib/resumed.awk" "$work/plan" "$work/queue" || no_room
        say "Campaign $campaign goes on: $done_before of $(plural "$in_all" schema) done."
    else
        [ -z "$changed" ] || say "Campaign ${changed%% |*} was left unfinished; since then: ${changed#* | }. This is a new one."
        count "$in_all" schema
        say "Campaign $campaign: $counted."
    fi
    remove_old_work
}

# What runs that were killed have left on this machine, in memory or not.
remove_old_work() {
    set -- "${TMPDIR:-/tmp}"
    [ "$work_in" = "$1" ] || set -- "$1" "$work_in"
    for place in "$@"; do
        for old in "$place"/migrate.????????/deploy; do
            if [ "$old" = "$work/deploy" ] || [ ! -d "$old" ]; then continue; fi
            # shellcheck disable=SC2016 # for that shell
            find "$place" -maxdepth 1 -type d -name 'migrate.????????' -user "$(id -u)" -mmin +1440 -exec sh -c \
                'for old; do [ ! -d "$old/deploy" ] || rm -rf "$old" "$old.errors"; done' sh {} + 2>/dev/null 3>&- 4<&- 5>&- 6<&- &
            break
        done
    done
}

# What psql is to know of this deploy. Only options that were given are among them: a campaign that goes on keeps its own.
campaign_manifest() {
    who_runs
    rewave=false
    options='{"by":"hand"'
    [ -z "$waves" ] || { rewave=true && options=$options,\"waves\":\"$waves\"; }
    [ -z "$parallel" ] || options=$options,\"parallel\":$parallel
    [ -z "$soak" ] || options=$options,\"soak\":$soak
    [ -z "$max_failures" ] || options=$options,\"maxFailures\":$max_failures
    [ -z "$health" ] || options=$options,\"health\":\"$(printf '%s' "$health" | sed 's/["\\]/\\&/g; s/	/\\t/g')\"
    printf '\\set m_class %s\n\\set m_lock %s\n\\set m_queue :m_work/queue\n\\set m_rewave %s\n' "$campaign_class" "$lock_class" "$rewave"
    psql_set m_by "$who"
    psql_set m_selection "$selection"
    psql_set m_options "$options}"
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
    worker_greeting="\\set m_campaign $campaign
select pg_advisory_lock_shared($campaign_class, $campaign);
\\i :m_lib/campaign-prepare.psql"
    # A session that has looked at that many histories is slow by now: it leaves the schemas to others.
    age=0
    [ "$in_all" -le 300 ] || age=$sessions_age
    leads=yes
    parallel_now=1
    wave=0
    wave_end=0
    read -r last_wave counts <"$work/waves"
    while [ "$wave" -le "$last_wave" ]; do
        in_wave=${counts%% *} counts=${counts#* }
        wave_end=$((wave_end + in_wave))
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
        MIGRATE_CAMPAIGN=$campaign MIGRATE_WAVE=$1 timeout "$health_timeout" sh -c "$health" 3>&- 4<&- 5>&- 6<&- </dev/null || code=$?
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
    note=null
    [ -z "${2-}" ] || note=$(sql_literal "$2")
    # Where no schema failed there is nothing to wait for the disk with: the next deploy ends what it finds done.
    hurried=
    [ "$1" != "done" ] || hurried='set synchronous_commit = off \;'
    session_write "$hurried update public.schema_campaigns set state = '$1', finished_at = clock_timestamp(), note = $note where id = $campaign;
\\echo @noted"
    session_expect noted
}

# run_workers: as many psql sessions as asked for, each with a shell that feeds it. This shell is one of them until its session, which
# keeps the campaign's lock, has had its share of schemas. The first of the others has the spare session. Where there are few schemas the
# rest wait a moment: when they are quick, nothing may be left by then.
run_workers() {
    workers=
    number=0
    parallel_now=$parallel
    [ "$parallel" -le "$in_wave" ] || parallel_now=$in_wave
    [ "$age" -ge "$sessions_age" ] || number=1
    here_too=$number
    pause=
    [ "$here_too" = 0 ] || [ "$in_wave" -gt 40 ] || pause=0.05
    while [ "$number" -lt "$parallel_now" ]; do
        number=$((number + 1))
        greet_spare
        run_worker "$wave.$number" &
        workers="$workers $!"
        spare_given
    done
    [ "$here_too" = 0 ] || {
        work_last_wave "$wave"
        pause=
        if [ ! -e "$work/stop" ] && [ ! -e "$work/taken.$wave_end" ]; then
            greet_spare
            run_worker "$wave.0" &
            workers="$workers $!"
            spare_given
        fi
    }
    worst=0
    for worker in $workers; do
        code=0
        wait "$worker" || code=$?
        [ "$code" -le "$worst" ] || worst=$code
    done
    workers=
    for count in "$work/count.$wave."*; do
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

# While its worker comes.
greet_spare() { [ -z "$spare" ] || printf '%s\n' "$worker_greeting" >&5 2>/dev/null || true; }

# The spare session is a worker's now, which this one must not keep open.
spare_given() {
    [ -n "$spare" ] || return 0
    exec 5>&- 6<&-
    spare=
}

run_worker() {
    trap 'worker_end $?' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    exec 3>&- 4<&-
    session=
    workers=
    leads=
    ask_nobody=yes
    age=0
    migrations=0 schemas=0 dropped=0
    if [ -n "$spare" ]; then
        spare_take
    else
        [ -z "$pause" ] || {
            sleep "$pause"
            [ ! -e "$work/taken.$wave_end" ] || exit 0
        }
        session_files=$work/worker.$1
        session_begin
        session_ready
        session_write "$strays
$worker_greeting"
    fi
    work_last_wave "$wave"
    printf '%s %s %s\n' "$migrations" "$schemas" "$dropped" >"$work/count.$1" || no_room
    session_close finished
}

# A wave, and what became of its last schema is noted.
work_last_wave() {
    settled=yes
    rests=yes
    batch_last=
    # Whether they are quick nobody knows yet: it is tried with this worker's share of all, and less time for a statement.
    room=$(((in_wave + parallel_now - 1) / parallel_now))
    [ "$room" -le 10 ] || room=10
    most=50
    tries_share=yes
    work_wave "$1"
    run_batch
    [ -n "$rests" ] || note_last
}

# Notes what became of the last schema, where that was not part of its own transaction, and gives its lock back.
note_last() {
    session_write "\\i :m_lib/campaign-last.psql"
    session_expect last
    settled=yes
    rests=yes
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
    batch=
    batch_names=
    batch_list=
    # shellcheck source=/dev/null
    . "$work/wave.$1"
}

# take NUMBER SCHEMA LIST WORD-FOR-PSQL WAY: does this schema, unless another worker has it.
take() {
    [ -z "$over" ] || return 0
    if [ -e "$work/stop" ] || { [ -n "$leads" ] && aged "$1"; }; then
        over=yes
        return 0
    fi
    # Whoever started this worker is gone: what is in hand is finished, and no more.
    kill -0 $$ 2>/dev/null || exit "$exit_failed"
    set -C
    if ! { true >"$work/taken.$1"; } 2>/dev/null; then
        set +C
        [ -e "$work/taken.$1" ] || no_room
        return 0
    fi
    set +C
    if aged "$1"; then
        run_batch
        age=0
        note_last
        session_renew
        session_write "$worker_greeting"
    fi
    age=$((age + 1))
    if [ "$room" -gt 0 ] && [ "$5" = kept ] && { [ "$3" = "$batch_list" ] || batch_of "$3"; }; then
        # Half of a worker's share of what is left, and two: one that turns out slow keeps those of its batch waiting.
        [ -n "$batch_last" ] || [ -n "$tries_share" ] || {
            share=$(((wave_end - $1) / (2 * parallel_now) + 2))
            [ "$room" -le "$share" ] || room=$share
        }
        batch=$batch$batch_last
        batch_last="\\set m_next $4
\\i :m_work/batch.$3.psql
"
        batch_names=$batch_names$2$newline
        room=$((room - 1))
        [ "$room" -gt 0 ] || run_batch
        return 0
    fi
    run_batch
    [ ! -e "$work/stop" ] || return 0
    schema=$2
    deploy_schema "$3.$5" "$4"
}

# Whether before the schema NUMBER it is time to begin the session afresh: not for a few that are left.
aged() { [ "$age" -ge "$sessions_age" ] && [ $((wave_end - $1)) -gt 50 ]; }

# Begins a batch of schemas that lack LIST; false where that has no way of being done in one message.
batch_of() {
    run_batch
    [ "$room" -gt 0 ] && [ -e "$work/batch.$1.psql" ] || return 1
    batch_list=$1
    read -r batch_name <"$work/list.$1"
}

# The schemas of the batch: one message each, and only the last commit waits for the disk, which brings the others there. After one in
# which something does not go as it should psql begins no other: it, and those after it, are done by themselves, statement by statement.
run_batch() {
    [ -n "$batch_last" ] || return 0
    [ -n "$settled" ] || note_last
    tries_share=
    session_write "\\set m_most $most
\\i :m_lib/batch-begin.psql
$batch\\set m_commit default
$batch_last\\i :m_lib/batch-end.psql"
    session_expect batch
    told=
    redo=$batch_names
    count=0
    spent=0
    for ms in $answer; do
        told="$told${redo%%"$newline"*}: $batch_name applied, $ms ms$newline"
        redo=${redo#*"$newline"}
        count=$((count + 1))
        spent=$((spent + ms))
    done
    batch=
    batch_last=
    batch_names=
    migrations=$((migrations + count))
    schemas=$((schemas + count))
    # Nothing is held, and all of it is noted.
    rests=yes
    [ -z "$redo" ] || [ "$count" = 0 ] || {
        # A transaction waits for the disk only where it has written something.
        session_write 'update public.schema_campaign_results set state = state where campaign = :m_campaign and schema = any (array[:m_names]::text[]);
\echo @flushed'
        session_expect flushed
    }
    tell_batch
    quick_enough $((spent / (count + 1)))
    while [ -n "$redo" ] && [ ! -e "$work/stop" ]; do
        schema=${redo%%"$newline"*}
        redo=${redo#*"$newline"}
        deploy_schema "$batch_list.kept" "$(psql_word "$schema")"
    done
}

# Says the lines of a batch, each with its warnings: psql has put a mark behind what belongs to a schema.
tell_batch() {
    odd=
    while IFS= read -r line; do [ "$line" = @ ] || odd=yes; done <"$errors"
    if [ -z "$odd" ] || [ -z "$told" ]; then
        printf '%s' "$told" 2>/dev/null || true
    else
        printf '%s' "$told" | awk '
            NR == FNR { told[++n] = $0; next }
            $0 == "@" { print told[++at]; printf "%s", warnings; warnings = ""; next }
            sub(/^(psql:[^ ]* )?WARNING:  [0-9A-Z]*: /, "  warning: ") { warnings = warnings $0 "\n" }' - "$errors" 2>/dev/null || true
    fi
    : >"$errors"
}

# How many schemas may be in hand at once, where one takes MS: as many as are done in a tenth of a second, at most ten.
quick_enough() {
    most=5000
    room=$((100 / ($1 + 1)))
    [ "$room" -ge 2 ] || room=0
    [ "$room" -le 10 ] || room=10
}

# deploy_schema LIST WORD: one schema of the wave, $schema, which is WORD for psql; by the short way where its list has one.
deploy_schema() {
    set -- "$1" "\\set m_next $2
\\set m_list :m_work '/list.$1.psql'
\\set m_retry $patient"
    broken=
    rests=
    slow=yes
    if [ -e "$work/swift.$1.psql" ]; then
        # What became of the last schema has to be noted by then.
        [ -n "$settled" ] || note_last
        session_write "$2
\\i :m_work/swift.$1.psql"
        apply_list "$schema" begun || broken=yes
    fi
    room=0
    [ -z "$slow" ] || deploy_slowly "$2" || return 0
    [ -z "$broken" ] && [ "$tries" = 0 ] || settled=
    [ -z "$settled" ] || quick_enough "$spent"
    migrations=$((migrations + applied))
    [ "$applied" = 0 ] || schemas=$((schemas + 1))
    [ -n "$settled" ] || session_write "\\set m_applied $applied"
    [ -z "$gone" ] || tell_dropped
    [ -z "$broken" ] || [ -n "$gone" ] || {
        session_write "\\i :m_lib/campaign-failed.psql"
        # What the first file makes is there: a table or index, a schema, a column, a function, a type.
        case $1:$applied:$failure in
            *.bare:0:"failed 42P07 "* | *.bare:0:"failed 42P06 "* | *.bare:0:"failed 42701 "* | *.bare:0:"failed 42723 "* | *.bare:0:"failed 42710 "*) true >>"$work/made" ;;
        esac
        count_failure "$exit_failed" "$name"
    }
}

# File by file, and what becomes of it is noted before and after. False when nothing was begun.
deploy_slowly() {
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

# count_failure CODE [MIGRATION]: one more schema in which it failed; beyond max_failures nothing more is begun.
count_failure() {
    printf '%s\t%s\t%s\n' "$schema" "$1" "${2-}" >>"$work/failures" || no_room
    if [ "$schema" = public ] || [ "$(wc -l <"$work/failures")" -gt "$max_failures" ]; then true >>"$work/stop"; fi
}

failed_names() { cut -f 1 "$work/failures" | head -n 5 | paste -s -d , | sed 's/,/, /g'; }

campaign_stop() {
    broke=$(wc -l <"$work/failures")
    IFS='	' read -r schema code name <"$work/failures"
    find_way
    campaign_note stopped "$broke failed"
    session_close finished
    [ ! -e "$work/made" ] || fail "$exit_failed" "stopped at schema $schema; $(plural "$migrations" migration) applied before" \
        "There is no history, but what the first file makes is there: was it made before migrate came? See: scripts/migrate baseline --dry-run"
    [ "$broke" -gt 1 ] || {
        [ "$code" != "$exit_locked" ] || fail "$exit_locked" "stopped at schema $schema; $(plural "$migrations" migration) applied before"
        fail "$exit_failed" "stopped at schema $schema; $(plural "$migrations" migration) applied before" \
            "$way What failed was rolled back, and it is in $schema.schema_history."
    }
    fail "$exit_failed" "stopped: $broke schemas failed ($(failed_names)); $(plural "$migrations" migration) applied before" \
        "scripts/migrate campaigns $campaign lists them. $way What failed was rolled back."
}

# What is to be done about $name, which failed in $schema: a file that other schemas of its scope have is not to be changed any more.
find_way() {
    way="Mend the file and deploy again."
    [ "$schema" != public ] && [ -n "$name" ] || return 0
    session_write "select count(*) as m_done from public.schema_campaign_results where campaign = $campaign and schema <> 'public' and state = 'done' \\gset
\\echo @elsewhere :m_done"
    session_expect elsewhere
    name=$name awk -F '\t' -v elsewhere="$answer" '
        $1 == "schema" && $2 != "public" && $3 == "t" { elsewhere++ }
        $1 == "row" && $2 != "public" && $3 == ENVIRON["name"] { elsewhere-- }
        END { exit !(elsewhere > 0) }' "$work/state" || return 0
    way="Other schemas have $name, so that file has to stay as it is: put right what is in its way here, and deploy again."
}

campaign_end() {
    broke=0
    [ ! -s "$work/failures" ] || broke=$(wc -l <"$work/failures")
    if [ "$broke" -gt 0 ]; then campaign_note stopped "$broke failed"; else campaign_note "done"; fi
    session_leave
    count "$migrations" migration
    done_what=$counted
    count "$schemas" schema
    [ "$dropped" = 0 ] || counted="$counted; $dropped dropped meanwhile"
    say "Done: $done_what applied to $counted."
    tell_phantoms
    [ "$broke" = 0 ] || fail "$exit_partly" "$(plural "$broke" schema) failed ($(failed_names)), which --max-failures $max_failures allows" \
        "scripts/migrate campaigns $campaign lists them; the same deploy again tries them again."
}
