# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# tenants work: carries out what a platform owner orders in the web (public.platform_jobs), with the rights of the schema's owner,
# which no program behind the web server has. Every step can be done again: whoever is killed leaves a job that the next one ends.

work_lease=10 # seconds until a job whose runner is gone is taken up by another; renewed every 3
work_claims=5 # so often a job is begun

tenants_work() {
    once=
    every=5
    while [ $# -gt 0 ]; do
        case $1 in
            --once) once=yes ;;
            --every) [ $# -gt 1 ] || usage "--every needs seconds"; every=$2; shift ;;
            --every=*) every=${1#*=} ;;
            *) usage "tenants work: unknown option $1" ;;
        esac
        shift
    done
    whole_number --every "$every" 1 9999
    command -v setpriv >/dev/null || fail "$exit_usage" "setpriv is not installed" "It is in Debian's package util-linux."
    make_work
    connect_to "$database"
    stopping=
    child=
    job=
    nap=
    trap 'stopping=yes; for one in $child $nap; do kill "$one" 2>/dev/null || true; done' TERM INT HUP
    away=
    looks=0
    while [ -z "$stopping" ]; do
        if claim_job; then
            [ -z "$away" ] || say "The database is back."
            away=
            if [ -n "$job" ]; then
                do_job
                continue
            fi
            # Once an hour or so: archives that were there to be loaded for a week.
            [ $((looks % 720)) != 0 ] || drop_old_exports
            looks=$((looks + 1))
        elif [ -n "$once" ]; then
            fail "$exit_connection" "$(error_text <"$work/job.errors" | head -n 1)"
        elif [ -z "$away" ]; then
            warn "migrate: tenants work: $(error_text <"$work/job.errors" | head -n 1); it is tried again every $every s"
            away=yes
        fi
        [ -z "$once" ] || break
        # A signal is obeyed at once, and not after the sleep.
        sleep "$every" &
        nap=$!
        wait "$nap" || true
        nap=
    done
    if [ -n "$job" ]; then
        job_sql "update public.platform_jobs set lease_until = now() where id = :m_job and claims = :m_claims and state = 'running';" || true
    fi
}

# job_sql TEXT: as the owner, with the job's facts as variables of psql; rows are in $work/job.rows. False when it fails.
job_sql() {
    {
        [ -z "$job" ] || printf '\\set m_job %s\n\\set m_claims %s\n\\set m_slug %s\n\\set m_name %s\n\\set m_hosts %s\n\\set m_email %s\n\\set m_person %s\n' "$job" "$claims" \
            "$(psql_word "$job_slug")" "$(psql_word "$job_name")" "$(psql_word "$job_hosts")" "$(psql_word "$job_email")" "$(psql_word "$job_person")"
        printf '%s\n' "$1"
    } >"$work/job.psql"
    run_psql -f "$work/job.psql" >"$work/job.rows" 2>"$work/job.errors"
}

# Takes the oldest job that waits, or whose runner has not been heard of. Sets job, or leaves it empty; false without a database.
claim_job() {
    job=
    job_sql "$(cat <<SQL
select to_regclass('public.platform_jobs') is not null as m_there \\gset
\\if :m_there
update public.platform_jobs set state = 'running', claims = claims + 1, started_at = coalesce(started_at, now()), lease_until = now() + interval '$work_lease seconds'
 where id = (select id from public.platform_jobs where state = 'queued' or state = 'running' and lease_until < now() order by id for update skip locked limit 1)
returning id, kind, slug, claims, coalesce(stage, '-'), coalesce(nullif(request->>'name', ''), slug),
          coalesce(nullif((select string_agg(h, ',') from jsonb_array_elements_text(case jsonb_typeof(request->'hosts') when 'array' then request->'hosts' end) h), ''), '-'),
          coalesce(request->>'demo', 'false'), coalesce(nullif(request->>'ownerEmail', ''), '-'), coalesce(nullif(request->>'ownerName', ''), '-'), coalesce(nullif(request->>'language', ''), 'en'), coalesce(result->>'failure', 'other'), coalesce(result->>'why', '-');
\\endif
SQL
)" || return 1
    IFS='	' read -r job job_kind job_slug claims job_stage job_name job_hosts job_demo job_email job_person job_language job_failure job_why <"$work/job.rows" || job=
    [ "$job_hosts" != - ] || job_hosts=
}

# Runs a command of scripts/migrate as a child, and says meanwhile that somebody is at it. Its words are in $work/child.out, .errors.
in_child() {
    setpriv --pdeathsig TERM "$here/migrate" "$@" >"$work/child.out" 2>"$work/child.errors" 5>&- &
    child=$!
    code=
    beat=0
    while kill -0 "$child" 2>/dev/null; do
        sleep 0.1
        beat=$((beat + 1))
        if [ "$beat" -ge 30 ]; then
            beat=0
            job_sql "update public.platform_jobs set lease_until = now() + interval '$work_lease seconds' where id = :m_job and claims = :m_claims and state = 'running' returning id;" || true
            if [ -s "$work/job.rows" ] || [ -s "$work/job.errors" ]; then :; else
                kill "$child" 2>/dev/null || true # another has taken it over
            fi
        fi
    done
    code=0
    wait "$child" || code=$?
    child=
    return "$code"
}

# What the tool said, for support: in one line, and without what an address may carry of a password.
child_error() { sed -e 's/^migrate: //' -e 's/^  *//' -e 's#\(://[^:/@ ]*\):[^@ ]*@#\1:…@#g' -e 's/\(password=\)[^ ]*/\1…/g' "$work/child.errors" | grep -v '^$' | tail -n 6 | paste -s -d ' ' | cut -c 1-500; }

# What passes by itself leaves the job to its lease; anything else ends it.
passing() { [ -n "$stopping" ] || [ "$1" = "$exit_connection" ] || [ "$1" = "$exit_locked" ]; }

# Where the job is: a step that fails there is the failure "STAGE-failed". People read those in their own words (public.platform_jobs.failure).
stage() {
    failure=$1-failed
    job_sql "update public.platform_jobs set stage = '$1' where id = :m_job and claims = :m_claims and state = 'running' returning id;" && [ -s "$work/job.rows" ]
}

do_job() {
    say "Job $job: $job_kind $job_slug$([ "$claims" = 1 ] || printf ' (taken up again, claim %s)' "$claims")."
    outcome=0
    failure=other
    if [ "$job_stage" = undo ]; then
        failure=$job_failure
        undo_create "$job_why"
        return
    elif [ "$claims" -gt "$work_claims" ]; then
        why="It was begun $work_claims times and never came to its end."
        failure=worn-out
        outcome=1
    else
        why=
        case $job_kind in
            create) do_create || outcome=$? ;;
            export) do_export || outcome=$? ;;
            delete) do_delete || outcome=$? ;;
        esac
    fi
    case $outcome in
        0) say "Job $job: done." ;;
        2) say "Job $job: waits for another try${why:+: $why}." ;; # its lease runs out
        *)
            if [ "$job_kind" = create ]; then undo_create "$why"; else end_failed "$why"; fi
            ;;
    esac
    [ -n "$stopping" ] || job=
}

end_failed() {
    warn "migrate: job $job: $1"
    job_sql "update public.platform_jobs set state = 'failed', failure = '$failure', error = $(sql_literal "${1:-It failed without a word.}"), finished_at = now(), lease_until = null
         where id = :m_job and claims = :m_claims and state = 'running';" || true
}

# step WORDS…: a child whose failure is the job's; 2 where another try may do.
step() {
    code=0
    in_child "$@" || code=$?
    [ "$code" != 0 ] || return 0
    why=$(child_error)
    if passing "$code"; then return 2; fi
    return 1
}

# The tenant is shut and has no host until all of it is there: nobody meets a half-made one.
do_create() {
    job_sql "select case when settings->>'platformJob' = :'m_job' then 'ours' else 'taken' end from public.tenants where slug = :'m_slug' or schema_name = :'m_slug';" || return 2
    case $(cat "$work/job.rows") in
        '')
            stage schema || return 2
            step tenants create "$job_slug" --name "$job_name" --language "$job_language" --job "$job" || return
            ;;
        ours) ;;
        *) why="There is a tenant $job_slug already." failure=taken; return 1 ;;
    esac
    if [ "$job_demo" = true ]; then
        stage demo || return 2
        step seed "$job_slug" --language "$job_language" || return
    fi
    stage owner || return 2
    find_scanner # whose folder has the program that writes the mail
    token=$(head -c 24 /dev/urandom | base64 | tr '+/' '-_')
    first=${job_hosts%%,*}
    site=${BASE_URL:-http://localhost}
    [ -z "$first" ] || site=$(printf '%s' "$site" | sed "s#^\([a-z]*://\)\(\[[^]]*\]\|[^:/]*\)#\1$first#")
    letters=$(printf '%s\n' "$job_name" "${site%/}" "$token" | "$(dirname "$scanner")/owner-letter" 2>"$work/job.errors") || { why=$(head -n 1 "$work/job.errors"); return 1; }
    code=0
    job_sql "\\set m_token $(psql_word "$token")
\\set m_letters $(psql_word "$letters")
$(cat "$lib/tenants-finish.psql")" || code=$?
    [ "$code" = 0 ] && [ "$(cat "$work/job.rows")" != disabled ] && return 0
    [ "$code" != 0 ] || { why="The account of the owner's address is disabled." failure=owner-disabled; return 1; }
    why=$(error_text <"$work/job.errors" | head -n 1)
    [ "$code" != 2 ] || return 2
    return 1
}

# All or nothing: takes a tenant that this job made away again. Until that is done the job is not over.
undo_create() {
    job_sql "update public.platform_jobs set stage = 'undo', result = jsonb_build_object('failure', '$failure', 'why', $(sql_literal "${1:-It failed without a word.}")) where id = :m_job and claims = :m_claims and state = 'running';
select slug from public.tenants where slug = :'m_slug' and settings->>'platformJob' = :'m_job';" || { job=; return; }
    if [ -s "$work/job.rows" ]; then
        mkdir -p "$work/unwanted"
        if ! MIGRATE_BACKUP_DIR=$work/unwanted in_child tenants drop "$job_slug" --yes; then
            warn "migrate: job $job: $job_slug cannot be taken away again: $(child_error)"
            [ -n "$stopping" ] || job=
            return
        fi
        rm -rf "$work/unwanted"
    fi
    end_failed "$1"
    [ -n "$stopping" ] || job=
}

exports_folder() {
    exports=${EXPORTS_DIR:-${FILES_DIR:+$FILES_DIR/.platform}}
    [ -n "$exports" ] || { why="FILES_DIR is not set for the runner, so there is no place for the archive." failure=no-place; return 1; }
    (umask 027 && mkdir -p "$exports") 2>"$work/job.errors" || { why=$(sed 's/^mkdir: //' "$work/job.errors") failure=no-place; return 1; }
}

do_export() {
    exports_folder || return 1
    stage archive || return 2
    rm -rf "$exports/$job-"*.part "$exports/$job-"*.parts # of a run that was killed
    name=$job-$job_slug-$(date -u +%Y%m%dT%H%M%SZ).tar
    step tenants export "$job_slug" --to "$exports/$name" || return
    chmod 640 "$exports/$name"
    size=$(stat -c %s "$exports/$name")
    hash=$(sha256sum <"$exports/$name" | cut -c 1-64)
    job_sql "update public.platform_jobs set state = 'done', stage = null, finished_at = now(), lease_until = null,
        result = jsonb_build_object('file', $(sql_literal "$name"), 'size', $size, 'sha256', '$hash') where id = :m_job and claims = :m_claims and state = 'running' returning id;" || return 2
    [ -s "$work/job.rows" ] || rm -f "$exports/$name"
}

# The bytes of files go beside the backup, which has the rows; after that schema, rows, grants and role go in one transaction.
do_delete() {
    job_sql "select status from public.tenants where slug = :'m_slug';" || return 2
    case $(cat "$work/job.rows") in
        '') ;; # taken away by this job before it was killed; nobody else takes a tenant with an open job
        suspended)
            stage files || return 2
            backup_folder
            why=$(make_folder "$folder" 2>&1) || return 1
            why=
            if [ -n "${FILES_DIR-}" ] && [ -d "$FILES_DIR/$job_slug" ]; then
                if ! tar -cf "$folder/$job_slug-$job.files.tar.part" -C "$FILES_DIR" "$job_slug" 2>"$work/child.errors"; then
                    why="The files cannot be kept: $(child_error)"
                    rm -f "$folder/$job_slug-$job.files.tar.part"
                    return 1
                fi
                sync "$folder/$job_slug-$job.files.tar.part"
                mv "$folder/$job_slug-$job.files.tar.part" "$folder/$job_slug-$job.files.tar"
            fi
            stage drop || return 2
            step tenants drop "$job_slug" --yes || return
            ;;
        *) why="The tenant is not suspended any more, so it was left as it is." failure=not-suspended; return 1 ;;
    esac
    kept=$(sed -n 's/^Tenant .* is gone. Back again: scripts\/migrate tenants restore .*\///p' "$work/child.out" 2>/dev/null || true)
    job_sql "update public.platform_jobs set state = 'done', stage = null, finished_at = now(), lease_until = null,
        result = jsonb_strip_nulls(jsonb_build_object('kept', nullif($(sql_literal "$kept"), ''))) where id = :m_job and claims = :m_claims and state = 'running';" || return 2
}

drop_old_exports() {
    exports=${EXPORTS_DIR:-${FILES_DIR:+$FILES_DIR/.platform}}
    if [ -z "$exports" ] || [ ! -d "$exports" ]; then return 0; fi
    job_sql "select id, result->>'file' from public.platform_jobs where kind = 'export' and result ? 'file' and finished_at < now() - interval '7 days' order by id limit 100;" || return 0
    cp "$work/job.rows" "$work/old.rows"
    while IFS='	' read -r old file; do
        case $file in */* | '') continue ;; esac
        rm -f "$exports/$file"
        job_sql "update public.platform_jobs set result = result - 'file' where id = $old;" || return 0
        say "The archive $file was there for a week and is gone."
    done <"$work/old.rows"
}
