# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# revert: takes back the newest migrations by their down sections; tenants first, then public; each schema whole or not at all.

cmd_revert() {
    only=
    steps=
    target=
    yes=
    dry_run=
    while [ $# -gt 0 ]; do
        case $1 in
            --steps) [ $# -gt 1 ] || usage "--steps needs a number"; steps=$2; shift ;;
            --steps=*) steps=${1#*=} ;;
            --to) [ $# -gt 1 ] || usage "--to needs the name of a migration"; target=$2; shift ;;
            --to=*) target=${1#*=} ;;
            --tenants) [ $# -gt 1 ] || usage "--tenants needs names, parted by commas"; only=$2; shift ;;
            --tenants=*) only=${1#*=} ;;
            --public-only) only=public ;;
            --yes | -y) yes=yes ;;
            --dry-run) dry_run=yes ;;
            *) usage "revert: unknown option $1" ;;
        esac
        shift
    done
    [ -z "$steps" ] || [ -z "$target" ] || usage "revert: --steps and --to exclude each other"
    case ${steps:-1} in
        *[!0-9]* | 0*) usage "revert: --steps needs a whole number from 1, not '$steps'" ;;
    esac

    read_timeline
    state_sequences=true
    read_state
    require_owner
    choose_schemas "$only"
    applied_sequences
    target=${target%.sql}
    plan_revert
    if [ ! -s "$work/plan" ]; then
        say "Nothing to revert."
        return 0
    fi
    refuse_one_way
    count_losses
    if [ -n "$dry_run" ]; then
        show_revert >"$work/shown" || no_room
        show "$work/shown"
        say "Nothing was changed: this was a dry run."
        return 0
    fi
    if [ -n "$yes" ]; then show_losses; else confirm_revert; fi
    prepare_sections revert "$work/names"
    session_open
    schemas=0
    migrations=0
    while IFS='	' read -r schema number; do
        [ "$schemas" = 0 ] || [ $((schemas % 100)) != 0 ] || session_renew
        revert_schema "$schema" "$number"
    done <"$work/plan"
    session_close finished
    say "Done: $(plural "$migrations" migration) reverted in $(plural "$schemas" schema)."
}

# Writes $work/plan (schema, number of its list; tenants before public), the lists, newest first, and $work/names, all of them.
plan_revert() {
    code=0
    target=$target awk -F '\t' -v steps="${steps:-1}" -v folder="$work" '
        FILENAME == ARGV[1] { known[$1] = 1; next }
        {
            schema[++schemas] = $1
            for (i = NF; i >= 2; i--) { has[$1] = has[$1] $i "\n"; if (!($i in seen)) { seen[$i] = 1; name[++names] = $i } }
        }
        END {
            target = ENVIRON["target"]
            if (target != "" && !(target in seen)) exit (target in known) ? 3 : 4
            # Newest first; names of one length of stamp sort as they are.
            for (i = 2; i <= names; i++) for (j = i; j > 1 && name[j] > name[j - 1]; j--) { t = name[j]; name[j] = name[j - 1]; name[j - 1] = t }
            for (i = 1; i <= names; i++) if (target != "" ? name[i] > target : i <= steps) back[name[i]] = 1
            for (pass = 1; pass <= 2; pass++) for (s = 1; s <= schemas; s++) {
                if ((schema[s] == "public") != (pass == 2)) continue
                list = ""
                n = split(has[schema[s]], own, "\n")
                for (i = 1; i <= n; i++) if (own[i] in back) { list = list own[i] "\n"; if (!(own[i] in told)) { told[own[i]] = 1; print own[i] > (folder "/names") } }
                if (list == "") continue
                key = pass list
                if (!(key in number)) { number[key] = ++lists; printf "%s", list > (folder "/list." lists) }
                printf "%s\t%d\n", schema[s], number[key] > (folder "/plan")
            }
        }' "$work/timeline" "$work/sequences" || code=$?
    : >>"$work/plan"
    case $code in
        0) ;;
        3) fail "$exit_usage" "$target is not applied in any of these schemas" ;;
        *) usage "there is no migration $target" ;;
    esac
}

# What has no way back is refused before anything runs: every reason is told.
refuse_one_way() {
    refuse_unfit "$work/names"
    find_edited
    code=0
    awk -F '\t' -v folder="$work" '
        FILENAME == ARGV[1] { path[$1] = $2; next }
        FILENAME == ARGV[2] {
            statements[$1, $2, $3]++
            if ($4 == "false" || $10 ~ /no-transaction/) stepwise[$1, $3] = 1
            if ($2 == "down" && $10 ~ /no-transaction/ && $9 !~ /^(IndexStmt|DropStmt|ReindexStmt|VacuumStmt|AlterTableStmt)$/)
                alone[$1, $3] = $8
            next
        }
        FILENAME == ARGV[3] { edited[$2, $1] = 1; next }
        FILENAME == ARGV[4] { if ($1 == "row" && $4 ~ /^(failed|interrupted)$/) half[$2] = half[$2] $3 "\t" $4 "\n"; next }
        {
            scope = $1 == "public" ? "public" : "tenant"
            oldest = ""
            while ((getline name < (folder "/list." $2)) > 0) {
                oldest = name
                if (!(name in path)) { tell(name " is not in the folder: nobody knows its way back", "problem"); continue }
                p = path[name]
                if (!statements[p, "down", scope] && statements[p, "up", scope]) tell(name " has no down section for scope " scope, "refused")
                if ((p, scope) in alone) tell(name " line " alone[p, scope] ": its down section cannot be run in a transaction", "refused")
                if ((name, $1) in edited) tell(name " was edited after it was applied to " $1, "problem")
            }
            close(folder "/list." $2)
            n = split(half[$1], h, "\n")
            for (i = 1; i < n; i++) {
                split(h[i], part, "\t")
                if (part[1] > oldest && (part[2] == "interrupted" || ((path[part[1]], scope) in stepwise)))
                    tell(part[1] " is half done in " $1 ": deploy or resolve it first", "problem")
            }
        }
        function tell(text, what) { if (text in told) return; told[text] = 1; print "  " text; if (what == "problem") problem = 1; else refused = 1 }
        END { exit problem ? 4 : refused ? 6 : 0 }' "$work/timeline" "$work/scan" "$work/edited" "$work/state" "$work/plan" >"$work/refused" || code=$?
    [ "$code" = 0 ] && return 0
    warn "migrate: there is no way back:"
    cat "$work/refused" >&2
    fail "$code" "nothing was changed" "Write the down section, or a new migration that undoes the change."
}

# Writes $work/losses: what, table, column, total, and who would lose how much.
count_losses() {
    : >"$work/losses"
    awk -F '\t' -v folder="$work" '
        function literal(s) { gsub(/\047/, "\047\047", s); return "\047" s "\047" }
        FILENAME == ARGV[1] { path[$1] = $2; next }
        FILENAME == ARGV[2] { if ($2 == "down" && $14 != "-") loss[$1, $3] = loss[$1, $3] (loss[$1, $3] == "" ? "" : ",") $14; next }
        {
            scope = $1 == "public" ? "public" : "tenant"
            while ((getline name < (folder "/list." $2)) > 0) {
                n = split(loss[path[name], scope], one, ",")
                for (i = 1; i <= n; i++) {
                    what = one[i]; sub(/:.*/, "", what)
                    title = substr(one[i], length(what) + 2); part = ""
                    if (what == "column") { part = title; sub(/^.*[.]/, "", part); title = substr(title, 1, length(title) - length(part) - 1) }
                    if (($1, one[i]) in told) continue
                    told[$1, one[i]] = 1
                    printf "insert into m_loss values (%d, %s, %s, %s, %s);\n", ++nth, literal($1), literal(what), literal(title), literal(part)
                }
            }
            close(folder "/list." $2)
        }' "$work/timeline" "$work/scan" "$work/plan" >"$work/loss.rows"
    [ -s "$work/loss.rows" ] || return 0
    { echo 'create temp table m_loss (nth int, place text, what text, title text, part text);'; cat "$work/loss.rows" "$lib/losses.sql"; } >"$work/losses.psql"
    ask -f "$work/losses.psql" >"$work/lost" || fail "$exit_failed" "what would be lost cannot be counted"
    awk -F '\t' '$5 != 0 {
            key = $2 FS $3 FS $4
            if (!(key in total)) order[++n] = key
            if ($5 < 0 || total[key] < 0) total[key] = -1
            else total[key] += $5
            if (++places[key] <= 5) who[key] = who[key] (places[key] > 1 ? ", " : "") $1 ($5 < 0 ? "" : " " $5)
        }
        END { for (i = 1; i <= n; i++) printf "%s\t%d\t%s%s\n", order[i], total[order[i]], who[order[i]], (places[order[i]] > 5 ? sprintf(" and %d more", places[order[i]] - 5) : "") }' \
        "$work/lost" >"$work/losses"
}

show_losses() {
    [ -s "$work/losses" ] || return 0
    awk -F '\t' 'BEGIN { print "This loses data for good:" }
        {
            thing = $1 == "column" ? "column " $2 "." $3 : $1 == "schema" ? "schema " $2 : "table " $2
            unit = $1 == "column" ? "value" : "row"
            if ($4 < 0) { printf "  %s: nobody knows how many %ss, since policies (row level security) hide some from this role (%s)\n", thing, unit, $5; next }
            printf "  %s: %s%d %s%s (%s)\n", thing, ($1 == "rows" ? "up to " : ""), $4, unit, ($4 == 1 ? "" : "s"), $5
        }' "$work/losses"
}

show_revert() {
    awk -F '\t' -v folder="$work" '
        FILENAME == ARGV[1] { path[$1] = $2; next }
        FILENAME == ARGV[2] { if ($2 == "down") statements[$1, $3]++; next }
        {
            if (!($2 in first)) { first[$2] = $1; order[++lists] = $2 }
            if (++count[$2] <= 5) names[$2] = names[$2] (count[$2] > 1 ? ", " : "") $1
        }
        END {
            for (i = 1; i <= lists; i++) {
                list = order[i]
                printf "%s%s:\n", names[list], (count[list] > 5 ? sprintf(" and %d more", count[list] - 5) : "")
                while ((getline name < (folder "/list." list)) > 0) {
                    n = statements[path[name], first[list] == "public" ? "public" : "tenant"] + 0
                    printf "  back before %s, %d statement%s\n", name, n, (n == 1 ? "" : "s")
                }
            }
        }' "$work/timeline" "$work/scan" "$work/plan"
    show_losses
}

confirm_revert() {
    show_revert
    awk -F '\t' '$1 == "database" { printf "Database %s on %s as %s. ", $2, $3, $4 }' "$work/state"
    # Data that is gone for good is worth more than a yes.
    if [ -s "$work/losses" ]; then confirm "$(awk -F '\t' '$1 == "database" { print $2 }' "$work/state")" 'Revert this and lose that?'
    else confirm yes 'Revert this?'
    fi
}

# Writes $work/list.N.psql, what psql is to read for the list N: in one transaction what can be; a down section of steps by itself.
write_way_back() {
    awk -F '\t' -v scope="$1" 'FILENAME == ARGV[1] { name[$2] = $1; next }
        FILENAME == ARGV[2] { if ($2 == "down" && $3 == scope && ($4 == "false" || $10 ~ /no-transaction/)) steps[name[$1]] = 1; next }
        {
            if ($0 in steps) { end_part(); printf "\\i :m_back%s\n", word("/" scope "." $0 ".psql"); next }
            if (!open) { open = 1; print "\\if :m_go\n\\i :m_lib/revert-open.psql" }
            printf "\\i :m_back%s\n", word("/" scope "." $0 ".psql")
        }
        END { end_part(); print "\\echo @done" }
        function end_part() { if (open) print "\\i :m_lib/revert-close.psql\n\\endif"; open = 0 }
        function word(s) { gsub(/\\/, "&&", s); gsub(/\047/, "\047\047", s); return "\047" s "\047" }' \
        "$work/timeline" "$work/scan" "$work/list.$2" >"$work/list.$2.psql"
}

# revert_schema SCHEMA LIST
revert_schema() {
    scope=tenant
    [ "$1" != public ] || scope=public
    [ -e "$work/list.$2.psql" ] || write_way_back "$scope" "$2"
    session_write "\\set m_schema $(psql_word "$1")
\\set m_back $(psql_word "$work/revert")"
    lock_schema "$1"
    undone=0
    first=
    last=
    holders=
    blocked_since=
    tries=0
    retry=true
    [ "$blocked_max" -gt 0 ] || retry=false
    while :; do
        session_write "\\set m_go true
\\set m_retry $retry
\\i $(psql_word "$work/list.$2.psql")"
        read_way_back
        [ -n "$waits" ] || break
        await_table "$1"
    done
    unlock_schema
    migrations=$((migrations + undone))
    [ "$undone" = 0 ] || schemas=$((schemas + 1))
    case $undone in
        0) [ -n "$failure" ] || say "$1: reverted already" ;;
        1) say "$1: $last reverted" ;;
        *) say "$1: $undone migrations reverted ($first … $last)" ;;
    esac
    if [ -n "$failure" ]; then
        tell_failure "$1" "$failure"
        session_close finished
        where="schema $1 is where it was"
        [ "$undone" = 0 ] || where="schema $1 is where $last left it"
        fail "$exit_failed" "$where; $(plural "$migrations" migration) reverted in $(plural "$schemas" schema) before" \
            "Mend the down section and revert again; status tells whether one is half reverted."
    fi
    : >"$errors"
}

# What a transaction has undone counts when it was kept.
read_way_back() {
    failure=
    waits=
    said=
    part=0
    while session_read; do
        case $answer_word in
            undone) part=$((part + 1)); part_last=$answer; [ "$part" -gt 1 ] || part_first=$answer ;;
            kept)
                [ "$part" = 0 ] || { undone=$((undone + part)); first=${first:-$part_first}; last=$part_last; }
                part=0
                ;;
            failed | differs) failure="$answer_word $answer" ;;
            blocked) waits=$answer ;;
            said) said=$answer ;;
            done) break ;;
        esac
    done
    [ "$answer_word" = "done" ] || session_lost
}
