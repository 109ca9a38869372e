# Weighs what the database shows of one migration, a schema at a time; prints what does not fit, and writes folder/evidence
# (schema, evidence in words, statements) for those where all fits. Exits with problem_code unless it fits everywhere.
# Variables: verdict (applied|rolled-back), folder, problem_code; NAME in the environment.
# Files: timeline, scan, the schemas, the judged facts, what the verify sections said.
BEGIN { name = ENVIRON["name"]; printf "" > (folder "/evidence") }
FILENAME == ARGV[1] { if ($1 == name) path = $2; next }
FILENAME == ARGV[2] {
    if ($1 == path && $2 == "up") { statements[$3]++; if ($4 == "false" || $10 ~ /no-transaction/) stepwise[$3] = 1 }
    next
}
FILENAME == ARGV[3] { order[++n] = $1; next }
$1 == "fact" {
    answer[$2, $5]++
    text = "line " $4 ": " $6
    if ($5 == "yes") there[$2] = there[$2] "    there    " text "\n"
    else missing[$2] = missing[$2] sprintf("    %-8s %s%s\n", $5 == "partly" ? "partly" : $5 == "doubtful" ? "unclear" : "missing", text, $7 == "-" || $7 == "it is not there" ? "" : ": " $7)
}
$1 == "unseen" { unseen[$2]++; silent[$2] = silent[$2] "    no trace line " $4 ": " words($5) "\n" }
$1 == "unread" { unread[$2] = unread[$2] "    line " $4 ": " $5 "\n" }
$1 == "passed" { passed[$2] = $3 }
$1 == "broken" { broken[$2]++; missing[$2] = missing[$2] "    fails    line " $4 " (verify section): " $6 "\n" }

function words(kind) {
    sub(/Stmt$/, "", kind)
    return (kind == "Do" ? "a DO block" : kind == "Select" ? "a SELECT that calls functions" : kind == "Insert" ? "an INSERT of a query" : toupper(kind)) " leaves nothing that can be looked at"
}
function plural(count, word) { return count " " word (count == 1 ? "" : "s") }

END {
    for (i = 1; i <= n; i++) {
        s = order[i]; scope = s == "public" ? "public" : "tenant"
        yes = answer[s, "yes"] + 0; no = answer[s, "no"] + 0; partly = answer[s, "partly"] + answer[s, "doubtful"]
        all = yes + no + partly
        why = ""
        if (path == "" || statements[scope] + 0 == 0) {
            note(s, "on evidence: it has no statement", 0)
            continue
        }
        if (verdict == "applied") {
            if (no + partly + broken[s]) why = (yes + partly) ? "only a part of it is there" : "nothing of it is there: its statements never ran, and noted as applied they never would"
            else if (unread[s] != "") why = "it cannot be judged"
            else if (unseen[s] && !passed[s]) why = "not all of it can be seen, and it has no verify section"
            else if (!all && !passed[s]) why = "it leaves nothing that can be looked at, and it has no verify section"
            else note(s, "on evidence: " (all ? plural(all, "fact") " hold" (all == 1 ? "s" : "") : "") (passed[s] ? (all ? ", " : "") plural(passed[s], "statement") " of its verify section pass" (passed[s] == 1 ? "es" : "") : ""), statements[scope])
        } else {
            if (yes + partly) why = (no + partly) ? "a part of it is there" : "all of it is there: it is applied"
            else if (unread[s] != "") why = "it cannot be judged"
            else if (!all && !(broken[s] && !passed[s])) why = "it leaves nothing that can be looked at"
            else if (unseen[s] && (scope in stepwise) && !broken[s]) why = "its statements run one by one, and not all of them can be seen"
            else note(s, "on evidence: " (all ? "none of " plural(all, "fact") " holds" : "its verify section fails"), 0)
        }
        if (why == "") continue
        refused++
        printf "%s: %s cannot be called %s: %s\n%s%s%s%s", s, name, (verdict == "applied" ? "applied" : "rolled back"), why, there[s], missing[s], silent[s], unread[s]
        if (verdict == "applied" && !(yes + partly)) printf "    Its word is: resolve --rolled-back %s; then deploy runs it.\n", name
        if (verdict != "applied" && all && !(no + partly + broken[s])) printf "    Its word is: resolve --applied %s.\n", name
    }
    exit refused ? problem_code : 0
}
function note(s, text, total) { printf "%s\t%s\t%d\n", s, text, total > (folder "/evidence") }
