# Prints what verify found, for people (schemas in one state together) or as JSON; exits with problem_code when something does not hold.
# Variables: json, missing (schemas that are not there), problem_code.
# Files: what was edited, the state, the schemas, the judged facts, what the verify sections said.
BEGIN { if (missing != "") { if (!json) printf "no schema for: %s\n", missing; bad = 1 } }
FILENAME == ARGV[1] { edited[$2] = 1; next }
FILENAME == ARGV[2] && $1 == "database" { if (json) head = sprintf("\"database\":%s,\"host\":%s,\"user\":%s", json_text($2), json_text($3), json_text($4)); else printf "Database %s on %s as %s.\n", $2, $3, $4 }
FILENAME == ARGV[2] && $1 == "schema" { applied[$2] = $5 }
FILENAME == ARGV[2] && $1 == "row" && $4 == "phantom" { note($2, $3 ": not in the folder, so nobody knows what it wanted") }
FILENAME == ARGV[2] && $1 == "row" && ($4 == "failed" || $4 == "interrupted") { note($2, $3 ": " $4 ", so it was not looked at") }
FILENAME == ARGV[2] { next }
FILENAME == ARGV[3] { place[++places] = $1; next }
$1 == "sum" { hold[$2] += $4; next }
$1 == "unread" { broken($2, $3, $4, "the file cannot be read: " $5, ""); next }
$1 == "passed" { passed[$2] = $3; next }
$1 == "outdated" { note($2, $3 " line " $4 ": its verify section does not hold any more (" $6 "), but " $7 " changed what it looks at") }
$1 == "broken" { broken($2, $3, $4, "verify section: SQLSTATE " $5 ": " $6, ""); next }
$1 == "fact" && $5 == "doubtful" { doubtful[$2]++; doubt[$2] = $8; next }
# Rows are the application's to change: only a statement of which nothing is left is worth a word.
$1 == "fact" && $6 ~ /^[0-9]+ rows? of / && $5 == "partly" { next }
$1 == "fact" { broken($2, $3, $4, $6, $7); next }

function note(schema, text) {
    notes[schema] = notes[schema] "  note       " text "\n"
    json_notes[schema] = json_notes[schema] (json_notes[schema] == "" ? "" : ",") json_text(text)
}
function broken(schema, name, line, wanted, found) {
    if ((schema, name, line, wanted) in said) return
    said[schema, name, line, wanted] = 1
    count[schema]++; total++
    if (json) json_faults[schema] = json_faults[schema] (json_faults[schema] == "" ? "" : ",") \
        sprintf("{\"migration\":%s,\"line\":%d,\"wanted\":%s,\"found\":%s,\"edited\":%s}", json_text(name), line, json_text(wanted),
            found == "" || found == "-" ? "null" : json_text(found), name in edited ? "true" : "false")
    report[schema] = report[schema] sprintf("  %-10s %s line %s: %s%s%s\n", found == "" ? "fails" : "missing", name, line, wanted,
        found == "" || found == "-" ? "" : ": " found, name in edited ? " (the file was edited since)" : "")
}
END {
    if (json) print_json(); else print_text()
    exit total || bad ? problem_code : 0
}

function json_text(s) {
    gsub(/\\/, "&&", s); gsub(/"/, "\\\\&", s); gsub(/[\001-\037]/, " ", s)
    return "\"" s "\""
}

function print_json(   i, s, n, gone) {
    n = split(missing, gone, " ")
    printf "{%s,\"problems\":%d,\"missing\":[", head, total + n
    for (i = 1; i <= n; i++) printf "%s%s", (i > 1 ? "," : ""), json_text(gone[i])
    printf "],\"schemas\":["
    for (i = 1; i <= places; i++) {
        s = place[i]
        if (doubtful[s]) note(s, doubtful[s] " not as the files say, but dynamic SQL may have changed them (" doubt[s] ")")
        printf "%s{\"schema\":%s,\"applied\":%d,\"hold\":%d,\"passed\":%d,\"problems\":[%s],\"notes\":[%s]}", (i > 1 ? "," : ""), json_text(s),
            applied[s], hold[s], passed[s], json_faults[s], json_notes[s]
    }
    print "]}"
}

function print_text(   i, s, key, first, group, groups, members, names) {
    for (i = 1; i <= places; i++) {
        s = place[i]
        if (doubtful[s]) note(s, doubtful[s] " not as the files say, but dynamic SQL may have changed them (" doubt[s] ")")
        key = applied[s] SUBSEP hold[s] SUBSEP passed[s] SUBSEP report[s] SUBSEP notes[s] SUBSEP (s == "public")
        if (!(key in first)) { first[key] = s; group[++groups] = key }
        if (++members[key] <= 5) names[key] = names[key] (members[key] > 1 ? ", " : "") s
        if (count[s]) odd++
    }
    for (i = 1; i <= groups; i++) {
        key = group[i]; s = first[key]
        printf "%s%s: %d migration%s, %d facts hold%s%s\n%s%s", names[key], (members[key] > 5 ? sprintf(" and %d more", members[key] - 5) : ""),
            applied[s], (applied[s] == 1 ? "" : "s"), hold[s], (passed[s] ? sprintf(", %d statement%s of verify sections %s", passed[s], passed[s] == 1 ? "" : "s", passed[s] == 1 ? "passes" : "pass") : ""),
            (count[s] ? sprintf("; %d %s not", count[s], count[s] == 1 ? "does" : "do") : ""), report[s], notes[s]
    }
    if (total) printf "%d of %d %s not as %s migrations left %s.\n", odd, places, (places == 1 ? "schema is" : "schemas are"), (places == 1 ? "its" : "their"), (places == 1 ? "it" : "them")
    else if (!bad) printf(places == 1 ? "The schema is as its migrations left it.\n" : "All %d schemas are as their migrations left them.\n", places)
}
