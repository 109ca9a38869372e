# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# baseline: notes migrations as applied in a database that has their effects already, without running them.

cmd_baseline() {
    only=
    through=
    blind=
    dry_run=
    while [ $# -gt 0 ]; do
        case $1 in
            --through) [ $# -gt 1 ] || usage "--through needs the name of a migration"; through=$2; shift ;;
            --through=*) through=${1#*=} ;;
            --tenants) [ $# -gt 1 ] || usage "--tenants needs names, parted by commas"; only=$2; shift ;;
            --tenants=*) only=${1#*=} ;;
            --public-only) only=public ;;
            --without-evidence) blind=yes ;;
            --dry-run) dry_run=yes ;;
            *) usage "baseline: unknown option $1" ;;
        esac
        shift
    done
    through=${through%.sql}
    [ -z "$blind" ] || [ -n "$through" ] || usage "baseline: --without-evidence needs --through NAME"
    read_timeline
    [ -z "$through" ] || in_timeline "$through" || usage "there is no migration $through in $dir"
    state_sequences=true
    read_state
    require_owner
    choose_schemas "$only"
    # What may be noted, and up to where: a failed run has to be settled first.
    through=$through awk -F '\t' '
        FILENAME == ARGV[1] { chosen[$1] = 1; next }
        $1 == "row" && ($2 in chosen) && !($2 in half) {
            if (ENVIRON["through"] != "" && $3 > ENVIRON["through"]) next
            if ($4 == "failed" || $4 == "interrupted") { half[$2] = 1; printf "%s: %s %s: resolve it first\n", $2, $3, $4 > "/dev/stderr"; next }
            if ($4 == "pending" || $4 == "late") print $2 "\t" $3
        }' "$work/chosen" "$work/state" >"$work/pending"
    if [ ! -s "$work/pending" ]; then
        say "Nothing to note: no migration is pending${through:+ up to $through}."
        return 0
    fi
    cp "$work/pending" "$work/kept"
    : >"$work/why"
    : >"$work/positive"
    if [ -z "$blind" ]; then
        keep_what_holds
        show_baseline
    fi
    if [ -n "$through" ] && ! cmp -s "$work/pending" "$work/kept"; then
        fail "$exit_problem" "not all migrations up to $through are in the database; nothing was changed" \
            "Leave out --through to note those that are, and deploy the rest. Or say it again with --without-evidence: the history notes that."
    fi
    if [ ! -s "$work/kept" ]; then
        fail "$exit_problem" "the database shows no pending migration; nothing was changed" "An empty database needs no baseline: scripts/migrate deploy."
    fi
    [ -z "$dry_run" ] || { say "Nothing was changed: this was a dry run."; return 0; }
    write_baseline
}

# Takes the pending migrations as if they had run and looks for their facts; leaves out the first that is not there, with all after
# it, until what is left is all there: $work/kept. Then, from the end, what shows nothing of its own is left out too.
keep_what_holds() {
    while [ -s "$work/kept" ]; do
        awk -F '\t' -f "$lib/sequences.awk" "$work/kept" "$work/state" >"$work/sequences"
        group_sequences
        find_facts
        judge_facts
        run_verify_sections
        : >"$work/positive"
        awk -F '\t' -v folder="$work" -f "$lib/baseline.awk" "$work/why" "$work/kept" "$work/judged" "$work/broken" >"$work/kept.new"
        mv "$work/why.new" "$work/why"
        if cmp -s "$work/kept" "$work/kept.new"; then break; fi
        mv "$work/kept.new" "$work/kept"
    done
    awk -F '\t' '
        FILENAME == ARGV[1] { name_of[$2] = $1; next }
        FILENAME == ARGV[2] { if ($2 == "up") statements[name_of[$1], $3]++; next }
        FILENAME == ARGV[3] { shows[$1, $2] = 1; next }
        { line[++n] = $0; schema[n] = $1; name[n] = $2 }
        END {
            for (i = n; i >= 1; i--) {
                s = schema[i]
                # An empty file shows nothing and needs nothing.
                if (((s, name[i]) in shows) || !statements[name[i], s == "public" ? "public" : "tenant"]) open[s] = 1
                keep[i] = open[s]
            }
            for (i = 1; i <= n; i++) if (keep[i]) print line[i]
        }' "$work/timeline" "$work/scan" "$work/positive" "$work/kept" >"$work/kept.new"
    mv "$work/kept.new" "$work/kept"
}

# Says what is to be noted, schemas in one state together, and why the next one is not.
show_baseline() {
    awk -F '\t' '
        FILENAME == ARGV[1] { if ($1 == "schema") place[++places] = $2; next }
        FILENAME == ARGV[2] { wanted[$1]++; all[$1, wanted[$1]] = $2; next }
        FILENAME == ARGV[3] { hold[$1] += $3; next }
        FILENAME == ARGV[4] { kept[$1]++; last[$1] = $2; next }
        { why[$1] = why[$1] "    " $3 "\n"; at[$1] = $2 }
        END {
            for (i = 1; i <= places; i++) {
                s = place[i]
                if (!(s in wanted)) continue
                text = kept[s] ? sprintf("%d of %d pending migrations are there, up to %s; %d facts hold", kept[s], wanted[s], last[s], hold[s]) : "none of " wanted[s] " pending migrations is there"
                next_one = kept[s] < wanted[s] ? all[s, kept[s] + 1] : ""
                if (next_one != "") text = text sprintf("\n  %s %s", next_one, (s in at) && at[s] == next_one ? "is not:\n" why[s] : "shows nothing of its own, and nothing after it is there\n")
                else text = text "\n"
                if (!(text in first)) { first[text] = s; order[++texts] = text }
                if (++count[text] <= 5) names[text] = names[text] (count[text] > 1 ? ", " : "") s
            }
            for (i = 1; i <= texts; i++) printf "%s%s: %s", names[order[i]], (count[order[i]] > 5 ? sprintf(" and %d more", count[order[i]] - 5) : ""), order[i]
        }' "$work/state" "$work/pending" "$work/positive" "$work/kept" "$work/why" >"$work/evidence" || no_room
    show "$work/evidence"
}

write_baseline() {
    who_runs
    session_open
    schemas=0
    awk -F '\t' '!($1 in seen) { seen[$1] = 1; print $1 }' "$work/kept" >"$work/candidates"
    while IFS= read -r schema; do
        session_write "\\set m_schema $(psql_word "$schema")"
        lock_schema "$schema"
        schema=$schema awk -F '\t' -v blind="$blind" '
            function literal(s) { gsub(/\047/, "\047\047", s); return "\047" s "\047" }
            FILENAME == ARGV[1] { checksum[$1] = $3; next }
            FILENAME == ARGV[2] { normalised[$1] = ENVIRON["schema"] == "public" ? $2 : $3; next }
            FILENAME == ARGV[3] { hold[$1, $2] = $3; pass[$1, $2] = $4; next }
            $1 == ENVIRON["schema"] {
                note = blind != "" ? "WITHOUT EVIDENCE" : ($1, $2) in hold ? "on evidence: " hold[$1, $2] " facts hold, " pass[$1, $2] (pass[$1, $2] == 1 ? " statement of its verify section passes" : " statements of its verify section pass") : "it shows nothing of its own, but later ones are there"
                printf "%s(%s, %s, %s, %s)", (n++ ? ",\n" : ""), literal($2), literal(checksum[$2]), literal(normalised[$2]), literal("baseline, " note)
            }' "$work/timeline" "$work/normalised" "$work/positive" "$work/kept" >"$work/baseline.rows"
        {
            printf '%s\n' 'begin;' '\i :m_lib/history.sql'
            printf '\\set m_by %s\n' "$(psql_word "$who")"
            printf 'with noted as (\ninsert into :"m_schema".schema_history (name, checksum, normalised, started_at, finished_at, applied_by, statements_applied, logs)\n'
            printf "select v.name, v.checksum, v.normalised, clock_timestamp(), clock_timestamp(), format('%%s (%%s)', session_user, :'m_by'), 0, v.note from (values\n"
            cat "$work/baseline.rows"
            printf ') v (name, checksum, normalised, note)\n where not exists (select from :"m_schema".schema_history h where h.name = v.name and h.finished_at is not null and h.rolled_back_at is null)\nreturning 1)\n'
            printf 'select count(*) as m_noted from noted \\gset\ncommit;\n\\echo @noted :m_noted\n'
        } >"$work/baseline.psql"
        session_write "\\i $(psql_word "$work/baseline.psql")"
        session_expect noted
        say "$schema: $(plural "$answer" migration) noted as applied${blind:+ WITHOUT EVIDENCE}."
        schemas=$((schemas + 1))
        unlock_schema
    done <"$work/candidates"
    session_close finished
}
