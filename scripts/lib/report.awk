# Writes the deployment report, a line a paragraph: 1, 2, 3 headings; p text; - item; = below it; $ command; . end of commands.
# Variables: at, dir, backup_folder. Files: timeline, scan, touched, state, judged facts, tables, recent runs, the newest backup.
function say(kind, text) { print kind " " text }
function plural(n, word) { return n " " word (n == 1 ? "" : "s") }
function size(b,   i, unit) { split("bytes KiB MiB GiB TiB", unit, " "); for (i = 1; b >= 1024 && i < 5; i++) b /= 1024; return (i == 1 ? b : sprintf("%.1f", b)) " " unit[i] }
function file_number(   i) { for (i = 1; i < ARGC; i++) if (ARGV[i] == FILENAME) return i; return 0 }
function is_pending(state) { return state ~ /^(pending|late|failed|interrupted)$/ }

FNR == 1 { input = file_number() }
input == 1 { place[++files] = $1; name_of[$2] = $1; next }
input == 2 {
    if ($5 == "-" || !($1 in name_of)) next
    m = name_of[$1]
    if ($2 == "up") { n = ++ups[m]; up_scope[m, n] = $3; up_number[m, n] = $5; up_line[m, n] = $8; kind[m, n] = $9; flags[m, n] = $10; refused[m, n] = $11; targets[m, n] = $12; index_of[m, n] = $13; losses[m, n] = $14; warned[m, n] = $15; if ($4 == "false") stepwise[m] = 1; if ($10 ~ /no-transaction/) stepwise[m] = 1 }
    else if ($2 == "down") downs[m]++
    else if ($2 == "verify") checks[m]++
    next
}
input == 3 { touched[$1, $2] = 1; next }
input == 4 {
    if ($1 == "database") { database = $2; host = $3; user = $4; owner = $5 }
    else if ($1 == "schema") { schema[++schemas] = $2; there[$2] = $3; applied[$2] = $5; total_applied += $5; if ($3 != "t") absent = absent " " $2 }
    else if ($1 == "campaign") { open_campaign = $2; campaign_live = $5; campaign_done = $6; campaign_all = $7 }
    else if ($1 == "row") {
        state = $4
        if (state == "edited" && ($2, $3) in touched) next
        is[$2, $3] = state
        counted[state]++
        odd[$2] = 1
        if (is_pending(state)) { if (!($3 in waiting)) pendings++; waiting[$3]++; where[$3] = where[$3] ($3 in where_n && where_n[$3] >= 5 ? "" : (where[$3] == "" ? "" : ", ") $2); where_n[$3]++; states[$3] = states[$3] " " state; if (state == "failed" && !($3 in why)) why[$3] = $2 ": " $6 }
        else trouble[++troubles] = "`" $3 "` in " $2 ": " (state == "phantom" ? "in the database, not in the folder (phantom)" : state == "edited" ? "the file was edited after it was applied" : state)
    }
    next
}
input == 5 {
    if ($1 == "sum") { hold[$3] += $4; open_facts[$3] += $5 + $6 }
    else if ($1 == "fact" && $5 != "yes" && $5 != "doubtful") {
        if ($6 ~ /^[0-9]+ rows? of / && $5 == "partly") next
        # What belongs to a table that is missing itself goes without saying.
        if ($7 ~ /^there is no table /) { parts_of[$3, substr($7, 19)]++; next }
        key = $3 SUBSEP $6 SUBSEP ($7 == "-" ? "" : $7)
        if (!(key in lacking)) { order[++lacks] = key; lack_name[key] = $3; lack_says[key] = $6; lack_found[key] = ($7 == "-" ? "" : $7); lack_line[key] = $4 }
        if (++lacking[key] <= 3) lack_where[key] = lack_where[key] (lacking[key] > 1 ? ", " : "") $2
        lack_pending[key] = is_pending(is[$2, $3])
    }
    next
}
input == 6 && $1 == "stray" { trouble[++troubles] = "`" $2 "." $3 "` is a table that only public should have: it was made by hand, or by another tool"; next }
input == 6 { rows[$1, $2] = $4; bytes[$1, $2] = $5; copies[$1, $2] = $3; largest[$1, $2] = $6; largest_bytes[$1, $2] = $7; unknown_rows[$1, $2] = $8; next }
input == 7 { recent[++recents] = $0; next }
input == 8 { backup_at = $1; backup_file = $2; backup_scope = $3; next }

function lock_of(m, n,   k) {
    k = kind[m, n]
    if (k == "IndexStmt") return index_of[m, n] != "-" ? "SHARE UPDATE EXCLUSIVE" : "SHARE"
    if (k == "AlterTableStmt" || k == "DropStmt" || k == "TruncateStmt" || k == "RenameStmt" || k == "AlterObjectSchemaStmt" || k == "RuleStmt" || k == "CreatePolicyStmt" || k == "AlterPolicyStmt") return "ACCESS EXCLUSIVE"
    if (k == "CreateTrigStmt") return "SHARE ROW EXCLUSIVE"
    if (k == "InsertStmt" || k == "UpdateStmt" || k == "DeleteStmt" || k == "MergeStmt" || k == "CopyStmt") return "ROW EXCLUSIVE"
    if (k == "CommentStmt" || k == "VacuumStmt" || k == "CreateStatsStmt") return "SHARE UPDATE EXCLUSIVE"
    if (k == "DoStmt" || k == "CallStmt") return "unknown (dynamic)"
    return ""
}
function effect(lock) {
    if (lock == "ACCESS EXCLUSIVE") return "nobody reads or writes it meanwhile"
    if (lock == "SHARE" || lock == "SHARE ROW EXCLUSIVE") return "nobody writes it meanwhile"
    return "readers and writers go on"
}

END {
    say("1", "Deployment report: " database " on " host)
    say("p", "Written " at " as " user ", for the migrations in `" dir "`.")
    # Unless the table is no migration's to bring: then its parts stand for it.
    for (p in parts_of) {
        split(p, part, SUBSEP)
        key = part[1] SUBSEP "table " part[2] SUBSEP
        for (i = 1; i <= lacks; i++) if (lack_says[order[i]] == "table " part[2]) break
        if (i > lacks && !(key in lacking)) { order[++lacks] = key; lack_name[key] = part[1]; lack_says[key] = "what needs table " part[2]; lack_found[key] = "there is no such table"; lacking[key] = 1; lack_where[key] = "the schemas it is for"; lack_pending[key] = part[1] in waiting }
    }
    for (i = 1; i <= lacks; i++) { if (lack_pending[order[i]]) to_come++; else lost++ }

    say("2", "Summary")
    if (!pendings && !troubles && !lost && absent == "") say("p", (schemas == 1 ? "The schema is" : "All " schemas " schemas are") " up to date: nothing to deploy, and everything that the applied migrations made is there.")
    else {
        if (pendings) say("-", plural(pendings, "migration") " to apply, of " files " in the folder; " schema_count() " of " plural(schemas, "schema") (schema_count() == 1 ? " lacks " : " lack ") (pendings == 1 ? "it." : "them."))
        else say("-", "Nothing to apply: all " files " migrations are in the history of every schema that they are for.")
        if (counted["failed"]) say("-", counted["failed"] " failed before; a deploy tries again.")
        if (counted["interrupted"]) say("-", counted["interrupted"] " interrupted, or running just now; a deploy goes on where it was.")
        if (troubles) say("-", plural(troubles, "problem") " with the history or the schemas, below: look at them before anything else.")
        if (to_come) say("-", plural(to_come, "thing") " that the pending migrations make " (to_come == 1 ? "is" : "are") " missing now.")
        if (lost) say("-", plural(lost, "thing") " that APPLIED migrations should have made " (lost == 1 ? "is" : "are") " missing or different: no deploy mends that.")
        if (absent != "") say("-", "No schema for:" absent ".")
    }
    if (open_campaign != "") say("-", "Campaign " open_campaign " is " (campaign_live == "t" ? "running now" : "not finished") ": " campaign_done " of " campaign_all " schemas are done.")

    say("2", "What is missing, and what it breaks")
    if (!lacks) say("p", "Nothing: the catalogue has everything that the files say.")
    else {
        say("p", "Looked up in the catalogue, not only in the history. A statement of the program that names one of these fails (SQLSTATE 42703 for a column, 42P01 for a table, 42883 for a function), or runs unindexed, or unchecked, until it is there.")
        for (f = 1; f <= files; f++) {
            m = place[f]
            shown = 0
            for (i = 1; i <= lacks; i++) {
                k = order[i]
                if (lack_name[k] != m) continue
                if (++shown == 1) say("-", "`" m "`" (lack_pending[k] ? " brings" : ", which is applied, should have brought") ":")
                if (shown <= 15) say("=", lack_says[k] (lack_found[k] == "" || lack_found[k] == "it is not there" ? "" : ": " lack_found[k]) ", in " lack_where[k] (lacking[k] > 3 ? " and " (lacking[k] - 3) " more" : ""))
            }
            if (shown > 15) say("=", "and " (shown - 15) " more")
        }
    }

    say("2", "Pending migrations")
    if (!pendings) say("p", "None.")
    for (f = 1; f <= files; f++) if (place[f] in waiting) analyse(place[f])

    say("2", "Safety")
    for (i = 1; i <= troubles && i <= 20; i++) say("-", trouble[i] ".")
    if (troubles > 20) say("-", "and " (troubles - 20) " more; `scripts/migrate status` has them all.")
    if (refusals) say("-", plural(refusals, "statement") " will be refused: deploy changes nothing until the files are mended.")
    if (lossy) say("-", plural(lossy, "statement") (lossy == 1 ? " loses" : " lose") " data. Only a backup brings it back.")
    else if (pendings) say("-", "No pending statement drops a table, a column or rows.")
    if (blocking) say("-", plural(blocking, "statement") (blocking == 1 ? " holds" : " hold") " off readers or writers of a table that has rows. deploy waits for such a lock 2 s at a time, so that nobody queues behind it for longer, and tries again (MIGRATE_LOCK_TIMEOUT, MIGRATE_BLOCKED_MAX).")
    else if (pendings) say("-", "No pending statement holds off readers or writers of a table that has rows.")
    if (masked) say("-", plural(masked, "migration") (masked == 1 ? " finds part of its work" : " find part of their work") " done already: look at what is there before IF NOT EXISTS passes over it.")
    if (pendings) say("-", (pendings - steps) " of " pendings " run in one transaction a schema, with their row in the history: on a failure nothing of them stays." (steps ? " " plural(steps, "migration") (steps == 1 ? " runs statement by statement, and goes on after a failure where it stopped." : " run statement by statement, and go on after a failure where they stopped.") : ""))
    if (pendings) say("-", (pendings - without_down) " of " pendings " have a down section" (without_down ? "; the others cannot be reverted, only followed by another migration." : "."))
    say("-", backup_at == "" ? "There is NO backup of this database in " backup_folder "." : "The newest backup is of " backup_at ": `" backup_file "` (" backup_scope ").")

    say("2", "Steps")
    if (troubles || lost || absent != "") { say("p", "First what is said above; `scripts/migrate status` and `scripts/migrate verify` name each schema."); }
    if (!pendings) say("p", "None.")
    else {
        say("$", "scripts/migrate backup")
        say("$", "scripts/migrate deploy --rehearse" (refusals ? "         # refused as long as the files are as they are" : ""))
        say("$", "scripts/migrate deploy" (schemas > 10 ? " --canary 1 --parallel 2" : ""))
        say(".", "")
    }

    say("2", "Verification")
    say("$", "scripts/migrate status                      # exit 0: up to date")
    say("$", "scripts/migrate verify                      # exit 0: what the migrations made is there")
    say(".", "")
    for (f = 1; f <= files; f++) if (place[f] in waiting) { v += checks[place[f]]; if (!checks[place[f]]) unchecked++ }
    if (pendings) say("p", plural(v, "statement") " of verify sections run with the pending migrations, in the same transaction" (unchecked ? "; " unchecked " of " pendings " have no verify section." : "."))

    say("2", "Recently applied")
    if (!recents) say("p", "Nothing yet.")
    for (i = 1; i <= recents; i++) {
        split(recent[i], r, "\t")
        say("-", r[2] " UTC  `" r[1] "` in " plural(r[3], "schema") ", at most " r[4] " ms, by " r[5])
    }
}

function schema_count(   i, n, s) { for (s in odd) n++; return n + 0 }

function analyse(m,   n, t, count, i, lock, line, big, fresh, key, note) {
    split("", fresh)
    if (m in stepwise) steps++
    if (!downs[m]) without_down++
    say("3", "`" m "`")
    say("-", "For " where[m] (where_n[m] > 5 ? " and " (where_n[m] - 5) " more" : "") "; " plural(ups[m] + 0, "statement") (m in stepwise ? ", each a step of its own" : ", in one transaction") (checks[m] ? "; with a verify section" : "; without a verify section") (downs[m] ? ", with a down section." : ", without a down section."))
    if (states[m] ~ /late/) say("-", "Out of order: it is older than what is applied already.")
    if (m in why) say("-", "Failed before: " why[m])
    if (hold[m] && open_facts[m]) { masked++; say("-", plural(hold[m], "thing") " of what it makes " (hold[m] == 1 ? "is" : "are") " there already, " open_facts[m] " not.") }
    else if (hold[m]) { masked++; say("-", "All that it makes is there already: was it run by hand? Then `scripts/migrate resolve --applied " m "` asks for proof.") }
    for (n = 1; n <= ups[m]; n++) {
        line = ""
        lock = lock_of(m, n)
        count = targets[m, n] == "-" ? 0 : split(targets[m, n], t, ",")
        if (kind[m, n] == "CreateStmt" || kind[m, n] == "CreateTableAsStmt") for (i = 1; i <= count; i++) fresh[t[i], up_scope[m, n]] = 1
        big = ""
        for (i = 1; i <= count; i++) {
            key = t[i]; sub(/^public\./, "", key)
            if ((t[i], up_scope[m, n]) in fresh) continue
            if ((up_scope[m, n], key) in bytes) {
                big = big (big == "" ? "" : ", ") t[i] " has " (unknown_rows[up_scope[m, n], key] == "t" && !rows[up_scope[m, n], key] ? "an unknown number of rows (no statistics yet)" : "about " rows[up_scope[m, n], key] " rows") ", " size(bytes[up_scope[m, n], key]) (copies[up_scope[m, n], key] > 1 ? " in " copies[up_scope[m, n], key] " schemas, most in " largest[up_scope[m, n], key] " (" size(largest_bytes[up_scope[m, n], key]) ")" : "")
                if (lock ~ /ACCESS EXCLUSIVE|^SHARE( ROW EXCLUSIVE)?$/ && (rows[up_scope[m, n], key] > 0 || unknown_rows[up_scope[m, n], key] == "t") && !((m, n) in counted_blocking)) { blocking++; counted_blocking[m, n] = 1 }
            } else if (lock != "" && lock !~ /^unknown/) lock = ""
        }
        if (losses[m, n] != "-" && losses[m, n] != "") { lossy++; line = line "; LOSES " losses[m, n] }
        if (refused[m, n] != "-") { refusals++; line = line "; REFUSED: " refused[m, n] }
        if (big == "" && lock != "" && lock !~ /^unknown/) lock = ""
        if (lock ~ /^unknown/) line = line "; runs code that is made at run time, so its locks are only known from a rehearsal"
        else if (lock != "" && big != "") line = line "; " lock ": " effect(lock) "; " big
        note = kind[m, n]; sub(/Stmt$/, "", note)
        if (n <= 40) say("=", "line " up_line[m, n] ": " note (count ? " " targets[m, n] : "") line)
    }
    if (ups[m] > 40) say("=", "and " (ups[m] - 40) " statements more")
}
