# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# resolve: settles what the history says of a migration, by what the database shows.

cmd_resolve() {
    only=
    verdict=
    subject=
    blind=
    dry_run=
    while [ $# -gt 0 ]; do
        case $1 in
            --applied | --rolled-back)
                [ $# -gt 1 ] || usage "$1 needs the name of a migration"
                resolve_verdict "$1" "$2"
                shift
                ;;
            --applied=* | --rolled-back=*) resolve_verdict "${1%%=*}" "${1#*=}" ;;
            --tenants) [ $# -gt 1 ] || usage "--tenants needs names, parted by commas"; only=$2; shift ;;
            --tenants=*) only=${1#*=} ;;
            --public-only) only=public ;;
            --without-evidence) blind=yes ;;
            --dry-run) dry_run=yes ;;
            *) usage "resolve: unknown option $1" ;;
        esac
        shift
    done
    [ -n "$verdict" ] || usage "resolve needs --applied NAME or --rolled-back NAME"

    read_timeline
    state_sequences=true
    read_state
    require_owner
    choose_schemas "$only"
    resolve_candidates
    if ! in_timeline "$subject"; then resolve_phantom; fi
    session_open
    while IFS= read -r schema; do
        session_write "\\set m_schema $(psql_word "$schema")"
        lock_schema "$schema"
    done <"$work/candidates"
    if [ -z "$blind" ]; then
        refuse_unfit_resolve
        look_for_evidence "$subject"
        weigh_evidence "$verdict" || {
            code=$?
            session_close finished
            fail "$code" "nothing was changed" "What is missing has to be done first, or say it again with --without-evidence: the history notes that."
        }
    fi
    [ -z "$dry_run" ] || { session_close finished; say "Nothing was changed: this was a dry run."; return 0; }
    settle
    session_close finished
}

resolve_verdict() {
    [ -z "$verdict" ] || usage "resolve takes one of --applied and --rolled-back"
    verdict=${1#--}
    subject=${2%.sql}
    [ -n "$subject" ] || usage "$1 needs the name of a migration"
}

in_timeline() { wanted=$1 awk -F '\t' '$1 == ENVIRON["wanted"] { found = 1 } END { exit !found }' "$work/timeline"; }

# Writes $work/candidates: the schemas in which there is something to settle. A migration that failed somewhere and is fine
# elsewhere is meant where it failed.
resolve_candidates() {
    name=$subject awk -F '\t' -v verdict="$verdict" '
        BEGIN { name = ENVIRON["name"] }
        FILENAME == ARGV[1] { order[++n] = $1; chosen[$1] = 1; next }
        $1 == "row" && $3 == name { state[$2] = $4 }
        $1 == "sequence" { for (i = 3; i <= NF; i++) if ($i == name) has[$2] = 1 }
        END {
            for (i = 1; i <= n; i++) {
                s = order[i]
                if ((s in state) && state[s] ~ /failed|interrupted|phantom/) half[s] = ++halves
            }
            for (i = 1; i <= n; i++) {
                s = order[i]
                if (verdict == "applied" ? (s in state) && state[s] !~ /edited/ : (s in half) || (!halves && (s in has))) print s
            }
        }' "$work/chosen" "$work/state" >"$work/candidates"
    [ ! -s "$work/candidates" ] || return 0
    if ! in_timeline "$subject" && ! grep -qF "	$subject	" "$work/state"; then usage "there is no migration $subject, in the folder or in a history"; fi
    if [ "$verdict" = applied ]; then say "$subject is applied already."; else say "$subject is neither applied nor failed in these schemas."; fi
    exit 0
}

# The name is in histories only: its bytes are looked for, and if they are found, it is judged like any other.
resolve_phantom() {
    awk 'function literal(s) { gsub(/\047/, "\047\047", s); return "\047" s "\047" }
        function name(s) { gsub(/"/, "\"\"", s); return "\"" s "\"" }
        { printf "%sselect %s as place, name, checksum, normalised from %s.schema_history where rolled_back_at is null", (NR > 1 ? "\nunion all " : ""), literal($0), name($0) }
        ' "$work/candidates" >"$work/phantom.select"
    {
        printf 'select checksum, normalised from ('
        cat "$work/phantom.select"
        printf ') r where name = %s group by 1, 2 order by count(*) desc, 1;\n' "$(sql_literal "$subject")"
    } >"$work/phantom.psql"
    ask -f "$work/phantom.psql" >"$work/phantom.rows" || fail "$exit_problem" "the histories cannot be read"
    IFS='	' read -r checksum normal <"$work/phantom.rows"
    if [ "$(wc -l <"$work/phantom.rows")" -gt 1 ]; then warn "$subject has $(wc -l <"$work/phantom.rows") different checksums in these schemas; the most frequent is looked for."; fi
    find_origin "$subject" "$checksum" "$normal"
    say "$subject is a phantom: in the history, not in the folder."
    say "  Looked for it: $origin_text."
    case $origin in
        git) say "  To have it back: git -C $dir cat-file blob $object >$dir/$subject.sql" ;;
        folder) say "  Was it renamed? A name that was applied somewhere must stay." ;;
    esac
    if [ "$verdict" = applied ]; then
        fail "$exit_problem" "$subject is in the history as it is; what is missing is its file" \
            "Put the file back into $dir, or, when its effects are not there, resolve --rolled-back $subject."
    fi
    : >"$work/phantom.file"
    if [ "$origin" = git ]; then
        # From here on it is a file of the timeline.
        read_timeline "$work/phantom/$subject.sql"
    elif [ -z "$blind" ] && [ "$origin" != empty ]; then
        fail "$exit_problem" "nothing was changed: without its bytes nobody can tell whether its effects are there" \
            "Find the file. Or say it again with --without-evidence: the history notes that."
    fi
}

# A file that is not fit to be run cannot be judged by its statements.
refuse_unfit_resolve() {
    in_timeline "$subject" || return 0
    printf '%s\n' "$subject" >"$work/names"
    refuse_unfit "$work/names"
}

# look_for_evidence NAME: looks for the facts of one migration in the candidate schemas, as if it had run in its place.
look_for_evidence() {
    name=$1 awk -F '\t' -v OFS='\t' '
        BEGIN { name = ENVIRON["name"] }
        FILENAME == ARGV[1] { candidate[$1] = 1; order[++n] = $1; next }
        $1 == "sequence" && ($2 in candidate) {
            line = ""; placed = 0
            for (i = 3; i <= NF; i++) {
                if ($i == name) placed = 1
                else if (!placed && $i > name) { line = line OFS name; placed = 1 }
                line = line OFS $i
            }
            if (!placed) line = line OFS name
            row[$2] = line
        }
        END { for (i = 1; i <= n; i++) print order[i] (order[i] in row ? row[order[i]] : OFS name) }' "$work/candidates" "$work/state" >"$work/sequences"
    group_sequences
    only_facts=$1
    find_facts
    facts_told=all
    judge_facts
    verify_only=$1
    run_verify_sections
}

# weigh_evidence applied|rolled-back: says for each candidate what speaks for it; writes $work/evidence (schema, in words).
weigh_evidence() {
    code=0
    name=$subject awk -F '\t' -v verdict="$1" -v folder="$work" -v problem_code="$exit_problem" -f "$lib/evidence.awk" \
        "$work/timeline" "$work/scan" "$work/candidates" "$work/judged" "$work/broken" || code=$?
    return "$code"
}

settle() {
    who_runs
    checksum=$(name=$subject awk -F '\t' '$1 == ENVIRON["name"] { print $3 }' "$work/timeline")
    word="rolled back"
    [ "$verdict" != applied ] || word=applied
    done_schemas=0
    while IFS= read -r schema; do
        evidence="WITHOUT EVIDENCE"
        total=0
        if [ -z "$blind" ]; then
            evidence=$(schema=$schema awk -F '\t' '$1 == ENVIRON["schema"] { print $2 }' "$work/evidence")
            total=$(schema=$schema awk -F '\t' '$1 == ENVIRON["schema"] { print $3 }' "$work/evidence")
        fi
        normal=$(name=$subject schema=$schema awk -F '\t' '$1 == ENVIRON["name"] { print (ENVIRON["schema"] == "public" ? $2 : $3) }' "$work/normalised")
        session_write "\\set m_schema $(psql_word "$schema")
\\set m_name $(psql_word "$subject")
\\set m_verdict $(psql_word "$word")
\\set m_checksum $(psql_word "$checksum")
\\set m_normalised $(psql_word "$normal")
\\set m_by $(psql_word "$who")
\\set m_total ${total:-0}
\\set m_note $(psql_word "resolved as $word, $evidence,")
\\i :m_lib/resolve.psql"
        while session_read; do
            case $answer_word in settled | changed) break ;; esac
        done
        case $answer_word in
            settled) say "$schema: $subject is noted as $word ($evidence)."; done_schemas=$((done_schemas + 1)) ;;
            changed) warn "$schema: somebody else settled $subject meanwhile" ;;
            *) session_lost ;;
        esac
        unlock_schema
    done <"$work/candidates"
}
