# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# report: what a deploy would do here and what it is good for, as one paper to read before it, or to hand on.

cmd_report() {
    markdown=
    while [ $# -gt 0 ]; do
        case $1 in
            --markdown) markdown=yes ;;
            *) usage "report: unknown option $1" ;;
        esac
        shift
    done
    read_timeline
    state_sequences=true
    read_state
    find_edited
    report_missing
    report_tables
    report_recent
    read_backups
    awk -F '\t' '$1 == "database" { print $2 }' "$work/state" >"$work/report.database"
    awk -F '\t' 'FILENAME == ARGV[1] { name = $0; next } $4 == name && $8 == "whole" && $5 !~ /^tenant / { print $1 "\t" $2 "\t" $5; exit }' \
        "$work/report.database" "$work/backups" >"$work/report.backup"
    at=$(date -u '+%Y-%m-%d %H:%M UTC')
    LC_ALL=C awk -F '\t' -v at="$at" -v dir="$(cd "$dir" && pwd)" -v backup_folder="$folder" -f "$lib/report.awk" \
        "$work/timeline" "$work/scan" "$work/touched" "$work/state" "$work/judged" "$work/tables" "$work/recent" "$work/report.backup" >"$work/report"
    # One text in two dresses; what is to be typed means the same folder and database as this run.
    given=${as_given% } awk -v markdown="$markdown" '
        { kind = substr($0, 1, 1); text = substr($0, 3) }
        !markdown { gsub(/`/, "", text) }
        kind == "$" && match(text, /^scripts\/migrate [a-z]+/) { text = substr(text, 1, RLENGTH) ENVIRON["given"] substr(text, RLENGTH + 1) }
        kind == "1" { print (markdown ? "# " : "") text; if (!markdown) { gsub(/./, "=", text); print substr(text, 1, 100) } }
        kind == "2" { print "\n" (markdown ? "## " text : toupper(text)) }
        kind == "3" { print (markdown ? "\n### " : "") text }
        kind == "p" { if (markdown || last == "p" || last == "-" || last == "=") print ""; print text }
        kind == "-" { if (markdown && last !~ /[-=]/) print ""; print (markdown ? "- " : "  - ") text }
        kind == "=" { print (markdown ? "  - " : "      ") text }
        kind == "$" { if (markdown && last != "$") print "\n```sh"; print (markdown ? "" : "    ") text }
        kind == "." && markdown { print "```" }
        { last = kind }' "$work/report" >"$work/dressed" || no_room
    show "$work/dressed"
}

# What is not in the database though a file says so: of applied migrations and of those to come. Writes $work/judged.
report_missing() {
    awk -F '\t' '
        $1 == "schema" { there[$2] = $3; order[++schemas] = $2 }
        $1 == "sequence" { line = $0; sub(/^sequence\t[^\t]*\t?/, "", line); has[$2] = line }
        $1 == "row" && $4 ~ /^(pending|late|failed|interrupted)$/ { more[$2] = more[$2] "\t" $3 }
        END {
            for (i = 1; i <= schemas; i++) {
                s = order[i]
                if (there[s] != "t") continue
                line = s (has[s] == "" ? "" : "\t" has[s]) more[s]
                if (line != s) print line
            }
        }' "$work/state" >"$work/sequences"
    : >"$work/judged"
    [ -s "$work/sequences" ] || return 0
    group_sequences
    find_facts
    judge_facts
}

# The tables that pending statements name: how large they are, over all schemas. Writes $work/tables: scope, name, schemas, rows,
# bytes, largest …; and "stray", schema, name of what a tenant has and only public should.
report_tables() {
    awk -F '\t' '
        FILENAME == ARGV[1] { if ($1 == "row" && $4 ~ /^(pending|late|failed|interrupted)$/) pending[$3] = 1; next }
        FILENAME == ARGV[2] { if ($1 in pending) wanted[$2] = 1; next }
        ($1 in wanted) && $2 == "up" && $12 != "-" { n = split($12, t, ","); for (i = 1; i <= n; i++) { sub(/^public\./, "", t[i]); if (!(($3, t[i]) in seen)) { seen[$3, t[i]] = 1; print $3 "\t" t[i] } } }' \
        "$work/state" "$work/timeline" "$work/scan" >"$work/named"
    {
        printf 'create temp table m_named (scope text, name text);\ncreate temp table m_place (place text, scope text);\n'
        awk -F '\t' 'function literal(s) { gsub(/\047/, "\047\047", s); return "\047" s "\047" } { printf "insert into m_named values (%s, %s);\n", literal($1), literal($2) }' "$work/named"
        awk -F '\t' 'function literal(s) { gsub(/\047/, "\047\047", s); return "\047" s "\047" } $1 == "schema" && $3 == "t" { printf "insert into m_place values (%s, %s);\n", literal($2), ($2 == "public" ? "\047public\047" : "\047tenant\047") }' "$work/state"
        printf '\\set m_public_only %s\n' "$(psql_word "$public_only_tables")"
        cat <<'SQL'
select 'stray', p.place, c.relname from m_place p join pg_namespace n on n.nspname = p.place join pg_class c on c.relnamespace = n.oid
 where p.scope = 'tenant' and c.relkind in ('r', 'p', 'v', 'm') and c.relname::text = any (string_to_array(:'m_public_only', ',')) order by 2, 3;
select m.scope, m.name, count(*), coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint, sum(pg_total_relation_size(c.oid))::bigint,
       (array_agg(n.nspname order by pg_total_relation_size(c.oid) desc))[1], max(pg_total_relation_size(c.oid)), bool_or(c.reltuples < 0)
  from m_named m join m_place p using (scope) join pg_namespace n on n.nspname = p.place join pg_class c on c.relnamespace = n.oid and c.relname = m.name
 where c.relkind in ('r', 'p', 'm') group by 1, 2 order by 1, 2;
SQL
    } >"$work/tables.psql"
    ask -f "$work/tables.psql" >"$work/tables" || exit "$exit_failed"
}

# Writes $work/recent: migration, when last, in how many schemas, the longest run, by whom.
report_recent() {
    {
        awk -F '\t' 'function literal(s) { gsub(/\047/, "\047\047", s); return "\047" s "\047" } BEGIN { print "create temp table m_place (place text);" }
            $1 == "schema" && $4 == "t" { printf "insert into m_place values (%s);\n", literal($2) }' "$work/state"
        cat <<'SQL'
select count(*) > 0 as m_any from m_place \gset
\if :m_any
select string_agg(format('select %L::text as place, name, finished_at, duration, applied_by from %I.schema_history where finished_at is not null and rolled_back_at is null', place, place), ' union all ') as m_runs from m_place \gset
select name, to_char(max(finished_at) at time zone 'UTC', 'YYYY-MM-DD HH24:MI'), count(*), round(extract(epoch from max(duration)) * 1000), max(applied_by)
  from (:m_runs) r group by name order by max(finished_at) desc, name desc limit 10;
\endif
SQL
    } >"$work/recent.psql"
    ask -f "$work/recent.psql" >"$work/recent" || exit "$exit_failed"
}
