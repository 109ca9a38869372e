# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# deploy: applies what is pending, public first, then every tenant.

cmd_deploy() {
    public_only=
    only=
    yes=
    dry_run=
    rehearse=
    parallel=
    canary=
    waves=
    soak=
    health=
    max_failures=
    while [ $# -gt 0 ]; do
        option=${1%%=*}
        case $1 in
            --public-only) public_only=yes ;;
            --yes | -y) yes=yes ;;
            --dry-run) dry_run=yes ;;
            --rehearse) rehearse=yes ;;
            --tenants | --parallel | --canary | --waves | --soak | --health | --max-failures)
                [ $# -gt 1 ] || usage "deploy: $1 needs a value"
                deploy_option "$1" "$2"
                shift
                ;;
            --tenants=* | --parallel=* | --canary=* | --waves=* | --soak=* | --health=* | --max-failures=*) deploy_option "$option" "${1#*=}" ;;
            *) usage "deploy: unknown option $1" ;;
        esac
        shift
    done
    [ -z "$public_only" ] || [ -z "$only" ] || usage "deploy: --public-only and --tenants exclude each other"
    [ -z "$dry_run" ] || [ -z "$rehearse" ] || usage "deploy: --dry-run and --rehearse exclude each other"
    [ -z "$canary" ] || waves=$canary${waves:+,$waves}

    # While the files are looked at, and the shell reads its own, psql begins; where a person is asked first, no connection waits for the answer.
    [ -z "$yes" ] || [ -n "$dry_run$rehearse" ] || session_begin
    # shellcheck disable=SC2086 # words
    load $deploy_parts
    while :; do
        look
        if [ ! -s "$work/plan" ]; then
            session_leave
            nothing_to_do
            return 0
        fi
        [ -z "$session" ] || [ -n "$proved" ] || refuse_shared
        refuse_unfit "$work/names"
        choose_campaign
        if [ -n "$rehearse" ]; then
            rehearse_plan
            return
        fi
        if [ -n "$dry_run" ]; then
            show_plan >"$work/shown" || no_room
            show "$work/shown"
            say "Nothing was changed: this was a dry run."
            return 0
        fi
        if [ -z "$yes" ]; then
            confirm_deploy
            yes=yes
        fi
        [ -n "$session" ] || {
            session_begin
            session_ready
            look_for_pooler
            refuse_shared
        }
        [ -n "$proved" ] || refuse_moved
        [ "${parallel:-1}" != 1 ] || spare_close
        campaign_begin
        [ -n "$busy" ] || break
        rm -rf "$work"/deploy/* "$work"/list.* "$work"/wave.* "$work"/swift.* "$work"/batch.*
    done
    campaign_run
}

# Everything is looked at: files, histories, and what is to be done.
look() {
    read_timeline
    # The second client begins while the first does, which may be asking for a password.
    [ -z "$session" ] || [ -n "$proved$spare" ] || { ask_nobody=yes && spare_begin && ask_nobody=; }
    state_leftovers=false
    state_plan=true
    printf '%s\n' "$public_only" "$waves" "$only" >"$work/choice"
    read_state
    phantoms=
    while IFS='	' read -r hindrance what; do
        case $hindrance in
            other) refuse_other "$what" ;;
            unknown) unknown_tenants "$what" ;;
            missing)
                [ "$what" != public ] || fail "$exit_problem" "there is no schema public" "The record of deploys is kept there: create schema public; as the role that migrates."
                fail "$exit_problem" "no schema for: $what" "The table of tenants names schemas that do not exist."
                ;;
            reverting) fail "$exit_problem" "half reverted: $what" "Revert it again first: it goes on at its step. status names all of them." ;;
            edited) refuse_edited ;;
            phantom) phantoms=yes ;;
        esac
    done <"$work/hindrances"
}

# deploy_option NAME VALUE
deploy_option() {
    [ -n "$2" ] || usage "deploy: $1 needs a value"
    case $1 in
        --tenants)
            some_names "$2"
            only=$2
            ;;
        --parallel)
            whole_number --parallel "$2" 1 64
            parallel=$2
            ;;
        --canary)
            whole_number --canary "$2" 1
            canary=$2
            ;;
        --waves)
            printf '%s\n' "$2" | LC_ALL=C grep -Eqx '([1-9][0-9]{0,6}|([1-9][0-9]?|100)%)(,([1-9][0-9]{0,6}|([1-9][0-9]?|100)%))*' ||
                usage "--waves needs sizes, parted by commas: numbers of tenants or percentages, such as 1,10%,50%, not '$2'"
            waves=$2
            ;;
        --soak)
            whole_number --soak "$2"
            soak=$2
            ;;
        --max-failures)
            whole_number --max-failures "$2"
            max_failures=$2
            ;;
        --health)
            case $(printf '%s.' "$2" | tr -d '\t') in
                *[[:cntrl:]]*) usage "--health needs a command of one line" ;;
            esac
            health=$2
            ;;
    esac
}

choose_selection() {
    selection=all
    [ -z "$public_only" ] || selection=public
    [ -z "$only" ] || selection="tenants $(printf '%s\n' "$only" | tr , '\n' | LC_ALL=C sort -u | paste -s -d ,)"
}

# Which campaign goes on, if one does; its options hold where none was given.
choose_campaign() {
    choose_selection
    unfinished=
    saved_waves=
    [ -n "$campaigns" ] || return 0
    selection=$selection awk -F '\t' '$1 == "campaign" && $3 == ENVIRON["selection"] && $4 == "t" && $5 == "f"' "$work/state" |
        tail -n 1 >"$work/unfinished"
    [ -s "$work/unfinished" ] || return 0
    IFS='	' read -r _ unfinished _ _ _ done_before in_all _ since saved_parallel saved_soak saved_failures saved_waves saved_health <"$work/unfinished"
    parallel=${parallel:-$saved_parallel} soak=${soak:-$saved_soak} max_failures=${max_failures:-$saved_failures}
    [ "$saved_waves" != - ] || saved_waves=
    [ -n "$health" ] || [ "$saved_health" = - ] || health=$saved_health
}

nothing_to_do() {
    # A campaign may have been killed after its last schema and before its end.
    if [ -n "$campaigns" ]; then
        choose_selection
        ask >"$work/ended" <<SQL || exit "$exit_failed"
with ended as (
    update public.schema_campaigns c set state = 'done', finished_at = clock_timestamp()
     where state in ('running', 'stopped') and ('all' = $(sql_literal "$selection") or selection = $(sql_literal "$selection"))
       and not exists (select from pg_locks where locktype = 'advisory' and classid = $campaign_class and objid = c.id and objsubid = 2 and granted
                          and database = (select oid from pg_database where datname = current_database()))
    returning id)
update public.schema_campaign_results r
   set state = case when to_regnamespace(quote_ident(r.schema)) is null then 'dropped' else 'done' end, finished_at = clock_timestamp()
 where campaign in (select id from ended) and state in ('pending', 'running', 'failed');
SQL
    fi
    say "Up to date: $(plural "$(wc -l <"$work/chosen")" schema), $(plural "$(wc -l <"$work/timeline")" migration)."
    tell_phantoms
}

# A deploy leaves them where they are, and its exit code says nothing of them, since what is in the folder is done.
tell_phantoms() { [ -z "$phantoms" ] || say "Not in the folder, but applied to the database: phantoms, which scripts/migrate status names."; }

# Names that were given must be there.
check_names() {
    [ -n "$1" ] || return 0
    some_names "$1"
    unknown=$(only=$1 awk -F '\t' 'BEGIN { only = ENVIRON["only"]; n = split(only, o, ","); for (i = 1; i <= n; i++) wanted[o[i]] = 1 }
        $1 == "schema" { delete wanted[$2] }
        END { for (w in wanted) print w }' "$work/state" | paste -s -d ,)
    [ -z "$unknown" ] || unknown_tenants "$unknown"
}

some_names() { case $1 in *[!,]*) ;; *) usage "--tenants needs names, parted by commas, not '$1'" ;; esac; }

unknown_tenants() { usage "there is no tenant $1"; }

# A file that was changed after it was applied: the database is not what the folder says. Comments do not count.
refuse_edited() {
    find_edited
    awk -F '\t' 'FILENAME == ARGV[1] { chosen[$1] = 1; next } $1 in chosen { print $2 " in " $1 }' "$work/chosen" "$work/edited" >"$work/refused"
    [ -s "$work/refused" ] || return 0
    warn "migrate: changed after it was applied:"
    sed 's/^/  /' "$work/refused" >&2
    fail "$exit_problem" "nothing was changed" "Put the file back as it was, and make a new migration for the change."
}

show_plan() {
    awk -F '\t' -v folder="$work" '
        FILENAME == ARGV[1] { if ($2 == "up") statements[$1, $3]++; next }
        FILENAME == ARGV[2] { path[$1] = $2; next }
        FILENAME == ARGV[3] { if ($1 == "row") state[$2, $3] = $4; next }
        {
            if (!($2 in first)) { first[$2] = $1; order[++lists] = $2 }
            if (++count[$2] <= 5) names[$2] = names[$2] (count[$2] > 1 ? ", " : "") $1
        }
        END {
            for (i = 1; i <= lists; i++) {
                list = order[i]
                schema = first[list]
                printf "%s%s:\n", names[list], (count[list] > 5 ? sprintf(" and %d more", count[list] - 5) : "")
                while ((getline name < (folder "/list." list)) > 0) {
                    n = statements[path[name], schema == "public" ? "public" : "tenant"] + 0
                    s = state[schema, name]
                    printf "  %s, %d statement%s%s\n", name, n, (n == 1 ? "" : "s"),
                        (s == "late" ? ", older than what is applied" : s == "failed" ? ", failed before" : s == "interrupted" ? ", was interrupted" : "")
                }
            }
        }' "$work/scan" "$work/timeline" "$work/state" "$work/plan"
    show_warnings "$work/names"
    show_way
}

# How it will be done, in words.
show_way() {
    if [ -n "$unfinished" ]; then
        say "Campaign $unfinished of $since goes on: $done_before of $(plural "$in_all" schema) done."
    fi
    awk -F '\t' -v saved="$saved_waves" -v given="$waves" -v parallel="${parallel:-1}" -v soak="${soak:-0}" -v health="$health" -v failures="${max_failures:-0}" '
        { if ($4 == 0) public = 1; else { count[$4]++; if ($4 > last) last = $4 } }
        END {
            line = public ? "public first" : ""
            if (last && given == "" && saved != "") line = line (line == "" ? "" : ", then ") "the waves " saved " as begun"
            else for (i = 1; i <= last; i++) line = line (line == "" ? "" : ", then ") sprintf("%d tenant%s", count[i], count[i] == 1 ? "" : "s")
            if (last && parallel > 1) line = line ", " parallel " at a time"
            if ((last > 1 || public && last || saved != "") && (soak + 0 || health != "")) line = line "; between them " (soak + 0 ? soak " s of waiting" : "") (soak + 0 && health != "" ? " and " : "") (health != "" ? "the health command" : "")
            printf "%s; %s.\n", toupper(substr(line, 1, 1)) substr(line, 2), (failures + 0 ? "it stops after more than " failures " failed" : "it stops at the first failure")
        }' "$work/plan"
    awk -F '\t' '$1 == "campaign" && $5 == "t" { printf "Another deploy is at work: campaign %s of %s, %s of %s schemas done.\n", $2, $8, $6, $7 }' "$work/state"
}

confirm_deploy() {
    show_plan
    awk -F '\t' '$1 == "database" { printf "Database %s on %s as %s. ", $2, $3, $4 }' "$work/state"
    if [ ! -t 0 ]; then
        printf '\n'
        fail "$exit_unconfirmed" "nobody to confirm" "Use --yes where nobody is asked."
    fi
    printf '%s' "${question:-Deploy this?} Type yes: "
    IFS= read -r reply || reply=
    [ "$reply" = yes ] || fail "$exit_unconfirmed" "not confirmed; nothing was changed"
}
