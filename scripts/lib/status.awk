# Prints the state of all schemas, for people or as JSON; exits with the code of the worst.
# Variables: json, files, pending_code, problem_code. Files: what changed in comments only, the state.
FILENAME == ARGV[1] { touched[$1, $2] = 1; next }
$1 == "database" { database = $2; host = $3; user = $4 }
$1 == "schema" && $3 == "t" && $4 == "f" { if (!bare++) bare_name = $2 }
$1 == "schema" { name[++schemas] = $2; there[$2] = $3; applied[$2] = $5; last[$2] = $6; if ($3 == "f") { missing++; odd[$2] = 1 } }
$1 == "row" {
    state = $4
    if (state == "edited" && ($2, $3) in touched) state = "comments changed"
    n = ++rows[$2]
    migration[$2, n] = $3; is[$2, n] = state; detail[$2, n] = $6
    total[state]++
    if (state == "pending" || state == "late") waiting++
    else if (state != "comments changed") problems++
    if (state != "comments changed") odd[$2] = 1
    shape[$2] = shape[$2] $3 "\t" state "\t" (state == "pending" || state == "late" ? "" : $6) "\n"
}
$1 == "leftover" { leftover[$2, ++leftovers[$2]] = $3; shape[$2] = shape[$2] $3 "\tleftover\n" }
END {
    find_odd()
    if (json) print_json(); else print_text()
    exit problems + missing ? problem_code : waiting ? pending_code : 0
}

function print_text(   i, s, k, text, line, behind) {
    printf "Database %s on %s as %s; %d migration%s in the folder.\n", database, host, user, files, (files == 1 ? "" : "s")
    # Schemas in one and the same state are said once.
    for (i = 1; i <= schemas; i++) {
        s = name[i]
        key = there[s] SUBSEP applied[s] SUBSEP last[s] SUBSEP shape[s] SUBSEP (s == "public")
        if (!(key in first)) { first[key] = s; group[++groups] = key }
        count[key]++
        if (count[key] <= 5) names[key] = names[key] (count[key] > 1 ? ", " : "") s
    }
    for (i = 1; i <= groups; i++) {
        key = group[i]; s = first[key]
        line = names[key] (count[key] > 5 ? sprintf(" and %d more", count[key] - 5) : "")
        if (there[s] == "f") { printf "%s: there is no such schema%s\n", line, (s == "public" ? "; create schema public; as the role that migrates" : ""); continue }
        printf "%s: %d applied%s%s\n", line, applied[s], (applied[s] ? ", last " last[s] : ""), (rows[s] ? "" : "; up to date")
        for (k = 1; k <= rows[s]; k++) {
            text = is[s, k]
            if (text == "late") text = "pending, older than what is applied (out of order)"
            if (text == "phantom") text = "phantom: in the database, not in the folder"
            if (text == "reverting") text = "half reverted; revert it again"
            if (text == "edited") text = "edited after it was applied"
            if (text == "comments changed") text = "applied; only comments, white space or what is another scope\047s changed since"
            printf "  %-10s %s%s%s\n", mark(is[s, k]), migration[s, k], (text == is[s, k] ? "" : ": " text),
                (detail[s, k] == "" || is[s, k] == "edited" ? "" : ": " detail[s, k])
        }
        for (k = 1; k <= leftovers[s]; k++)
            printf "  %-10s %s: REINDEX CONCURRENTLY broke off and left it INVALID; drop index concurrently %s.%s;\n", "leftover", leftover[s, k],
                identifier(s), identifier(leftover[s, k])
    }
    line = ""
    if (problems) {
        for (i = 1; i <= split("failed interrupted reverting edited phantom", kinds, " "); i++)
            if (total[kinds[i]]) line = line sprintf("%s%d %s", line == "" ? "" : ", ", total[kinds[i]], kinds[i])
    }
    if (missing) line = line sprintf("%s%d without a schema", line == "" ? "" : ", ", missing)
    if (waiting) line = line sprintf("%s%d pending", line == "" ? "" : ", ", waiting)
    for (i = 1; i <= schemas; i++) if (name[i] in odd) behind++
    text = ""
    for (i = 1; i <= strangers && i <= 10; i++) text = text (i > 1 ? ", " : "; the odd ones: ") stranger[i]
    if (strangers > 10) text = text sprintf(" and %d more", strangers - 10)
    if (line == "") printf "Up to date: %s%s.\n", (schemas == 1 ? "1 schema" : "all " schemas " schemas"), text
    else printf "%s; %d of %d %s not as the folder says%s.\n", line, behind, schemas, (schemas == 1 ? "schema is" : "schemas are"), text
    if (bare && waiting) printf "%s no history yet. Where that was made by other means, `scripts/migrate baseline --dry-run` shows which migrations it has already.\n",
        (bare == 1 ? bare_name " has" : bare " schemas have")
}

# The odd ones of a fleet: where most tenants are in one state, those in another; else those that are not up to date.
function find_odd(   i, s, key, most, tenants) {
    for (i = 1; i <= schemas; i++) {
        s = name[i]
        if (s == "public") continue
        tenants++
        key = there[s] SUBSEP shape[s] SUBSEP (shape[s] == "" ? "" : applied[s])
        like[s] = key
        if (++alike[key] > alike[most]) most = key
    }
    for (i = 1; i <= schemas; i++) {
        s = name[i]
        if (tenants > 2 && alike[most] * 2 > tenants ? s != "public" && like[s] != most : tenants > 1 && (s in odd)) stranger[++strangers] = s
    }
}

function identifier(s) {
    if (s ~ /^[a-z_][a-z0-9_]*$/) return s
    gsub(/"/, "\"\"", s)
    return "\"" s "\""
}

function mark(state) { return state == "late" ? "pending" : state == "comments changed" ? "applied" : state }

function json_text(s) {
    gsub(/\\/, "&&", s); gsub(/"/, "\\\\&", s); gsub(/[\001-\037]/, " ", s)
    return "\"" s "\""
}

function print_json(   i, s, k) {
    printf "{\"database\":%s,\"host\":%s,\"user\":%s,\"files\":%d,\"pending\":%d,\"problems\":%d,\"odd\":[",
        json_text(database), json_text(host), json_text(user), files, waiting, problems + missing
    for (i = 1; i <= strangers; i++) printf "%s%s", (i > 1 ? "," : ""), json_text(stranger[i])
    printf "],\"schemas\":["
    for (i = 1; i <= schemas; i++) {
        s = name[i]
        printf "%s{\"schema\":%s,\"exists\":%s,\"applied\":%d,\"last\":%s,\"migrations\":[", (i > 1 ? "," : ""), json_text(s),
            (there[s] == "t" ? "true" : "false"), applied[s], (applied[s] ? json_text(last[s]) : "null")
        for (k = 1; k <= rows[s]; k++)
            printf "%s{\"name\":%s,\"state\":%s,\"outOfOrder\":%s,\"detail\":%s}", (k > 1 ? "," : ""), json_text(migration[s, k]), json_text(mark(is[s, k])),
                (is[s, k] == "late" ? "true" : "false"), (detail[s, k] == "" ? "null" : json_text(detail[s, k]))
        printf "],\"leftovers\":["
        for (k = 1; k <= leftovers[s]; k++) printf "%s%s", (k > 1 ? "," : ""), json_text(leftover[s, k])
        printf "]}"
    }
    print "]}"
}
