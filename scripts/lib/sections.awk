# Writes psql scripts from the scanner's lines: one file a migration and scope, to be included with \i.
# Variables: out (folder), key (word for \restrict, or empty), mode (deploy|create|revert|verify|rehearse|clone), by (who applies; in the
# environment, since a backslash in a variable would mean something), patience (how long a statement may take that runs CONCURRENTLY).
# Files: the timeline, the normalised hashes, the names that are wanted, the scan. Byte offsets: run with LC_ALL=C.
# deploy also writes swift.N.kept.psql, swift.N.bare.psql and batch.N.psql into the folder `swift`, the short ways for lists of the plan that
# have one.
# revert writes the down sections. verify writes only the verify sections, without the statements that the file `skipped` names
# (scope, migration, line). insisting is a folder with what IF NOT EXISTS wants (prepare_insisting).
#
# The scripts expect the variables m_schema and m_retry and keep m_go: false once something has failed.
BEGIN {
    FS = "\t"
    if (mode == "") mode = "deploy"
    by = ENVIRON["by"]
    while (skipped != "" && (getline l < skipped) > 0) skip[l] = 1
}
FILENAME == ARGV[1] { name_of[$2] = $1; checksum[$1] = $3; if ($6 != "-") down_file[$2] = $6; next }
FILENAME == ARGV[2] { normalised[$1, "public"] = $2; normalised[$1, "tenant"] = $3; next }
FILENAME == ARGV[3] { wanted[$1] = 1; next }
{
    name = name_of[$1]
    if (!(name in wanted) || $2 == "-") next
    file = $2 == "down" && ($1 in down_file) ? down_file[$1] : $1
    if (file != path) { path = file; text = slurp(path) }
    id = name SUBSEP $3
    if ($2 == (mode == "revert" ? "down" : "up")) {
        if (!(id in ups)) { order[++sections] = id; scope[id] = $3; title[id] = name }
        n = ++ups[id]
        sql[id, n] = substr(text, $6 + 1, $7); line[id, n] = $8; flags[id, n] = $10; kind_of[id, n] = $9; index_name[id, n] = $13; target[id, n] = $12
        if ($4 == "false" || $10 ~ /no-transaction/) stepwise[id] = 1
        # What waits for the end of a transaction means the end of this file.
        if (mode == "deploy" && tolower(sql[id, n]) ~ /deferr|on[ \t\r\n]+commit/) alone_only[id] = 1
        # A message is parsed as a whole, before this is in force.
        # Nor does the short look at the end of one look for extensions.
        if (mode == "deploy" && tolower(sql[id, n]) ~ /standard_conforming_strings|create[ \t\r\n]+extension/) unbatched[id] = 1
    } else if ($2 == "verify" && mode != "revert") {
        n = ++verifies[id]
        check[id, n] = substr(text, $6 + 1, $7); check_line[id, n] = $8
    }
}
END {
    if (mode == "verify") {
        for (id in verifies) only_verify(id)
        exit
    }
    # A wanted file may have a section without a statement: it is applied all the same.
    while ((getline l < ARGV[1]) > 0) {
        split(l, f, "\t")
        if (!(f[1] in wanted)) continue
        if (f[4] == "t") empty_section(f[1], "public")
        if (f[5] == "t") empty_section(f[1], "tenant")
    }
    for (s = 1; s <= sections; s++) write_section(order[s])
    if (mode == "deploy" && plan != "") while ((getline l < plan) > 0) {
        split(l, f, "\t")
        if (f[1] != "public" && !((f[2], f[5]) in swiftly)) { swiftly[f[2], f[5]] = 1; write_swift(f[2], f[5]) }
    }
}

function empty_section(name, where,   id) {
    id = name SUBSEP where
    if (id in ups) return
    order[++sections] = id; scope[id] = where; title[id] = name; ups[id] = 0
}

function slurp(path,   all, part, rs) {
    rs = RS; RS = "\001"; all = ""
    while ((getline part < path) > 0) all = all (all == "" ? "" : "\001") part
    close(path); RS = rs
    return all
}

function literal(s) { gsub(/\047/, "\047\047", s); return "\047" s "\047" }
function word(s) { gsub(/\\/, "&&", s); return literal(s) }

function write_section(id,   file, i) {
    file = out "/" scope[id] "." title[id] ".psql"
    printf "" > file
    printf "\\if :m_go\n" > file
    variables(id, file)
    if (mode == "clone") printf "\\echo @section :m_name\n" > file
    if (mode == "create") whole(id, file, "create")
    else if (mode == "revert" && !(id in stepwise)) whole(id, file, "revert")
    else if (mode == "revert") steps(id, file, "revert-steps")
    else if (mode == "rehearse") whole(id, file, "rehearse")
    else if (id in stepwise) steps(id, file, "steps")
    else whole(id, file, "section")
    printf "\\endif\n" > file
    close(file)
}

function variables(id, file) {
    printf "\\set m_name %s\n\\set m_checksum %s\n\\set m_normalised %s\n\\set m_by %s\n",
        word(title[id]), word(checksum[title[id]]), word(normalised[id]), word(by) > file
    printf "\\set m_total %d\n\\set m_verifying false\n\\set m_tenant %s\n", ups[id], (scope[id] == "tenant" ? "true" : "false") > file
}

# All statements and the row of the history in one transaction.
function whole(id, file, how,   i) {
    printf "\\i :m_lib/%s-begin.psql\n\\if :m_todo\n", how > file
    for (i = 1; i <= ups[id]; i++) {
        # In a schema that is just being made nobody reads: what would need to be alone may be done with the rest.
        if (how != "section" && flags[id, i] ~ /no-transaction/) {
            if (kind_of[id, i] == "VacuumStmt") continue
            sub(/[Cc][Oo][Nn][Cc][Uu][Rr][Rr][Ee][Nn][Tt][Ll][Yy]/, "", sql[id, i])
        }
        statement(file, i, line[id, i], sql[id, i])
    }
    insist(id, file)
    verify(id, file)
    printf "\\i :m_lib/%s-end.psql\n\\endif\n", how > file
}

# The short way of a list, for a tenant's schema: fewer messages and commits. In a schema that has a history (kept) of a single file
# in a transaction. In one that is empty yet (bare) of all files in one transaction: nobody reads it, so nobody waits for what is
# locked meanwhile; whatever fails there, all is undone, and the files are done one by one as everywhere else.
function write_swift(number, how,   list, name, id, n, title_of, odd) {
    list = swift "/list." number
    while ((getline name < list) > 0) {
        title_of[++n] = name
        id = name SUBSEP "tenant"
        odd = (id in stepwise) || how == "kept" && n > 1 || how == "bare" && ((id in alone_only) || insists(id))
        if (odd) { close(list); return }
    }
    close(list)
    if (how == "kept") {
        write_single(swift "/swift." number ".kept.psql", title_of[1])
        if (!insists(id) && !(id in unbatched)) write_batch(swift "/batch." number ".psql", title_of[1])
    } else write_whole(swift "/swift." number ".bare.psql", title_of, n)
}

function write_single(file, name,   id, i) {
    id = name SUBSEP "tenant"
    printf "" > file
    variables(id, file)
    printf "\\i :m_lib/swift-begin.psql\n\\if :m_swift\n" > file
    for (i = 1; i <= ups[id]; i++) statement(file, i, line[id, i], sql[id, i])
    insist(id, file)
    verify(id, file)
    printf "\\set m_ack true\n\\i :m_lib/section-end.psql\n\\set m_ack false\n\\set m_acked :m_ok\n\\endif\n\\if :m_swift\n\\echo @done\n\\else\n\\i :m_lib/swift-slow.psql\n\\endif\n" > file
    close(file)
}

# For several schemas that are each one message. Where something is not as it should be, nobody asks where: it is done by itself then.
function write_batch(file, name,   id) {
    id = name SUBSEP "tenant"
    printf "\\if :m_chain\nreset all \\; discard temp \\; close all \\; set synchronous_commit = :m_commit \\; set lock_timeout = :m_brief_lock \\; set statement_timeout = :m_brief \\; begin \\; execute m_join (:\047m_next\047) \\; set local search_path = :\"m_next\" \\;\n" > file
    message(id, file)
    printf "set constraints all immediate \\; set local search_path = pg_catalog \\; set local plan_cache_mode = force_generic_plan \\; execute m_clean (:\047m_next\047, :\047m_public_only\047, :\047m_print\047) \\;\n" > file
    printf "insert into :\"m_next\".schema_history (name, checksum, normalised, started_at, finished_at, duration, applied_by, statements_applied)\nselect %s, %s, %s, now(), c, c - now(), session_user || %s, %d from clock_timestamp() c \\;\n",
        literal(name), literal(checksum[name]), literal(normalised[id]), literal(" (" by ")"), ups[id] > file
    printf "execute m_done (:\047m_next\047, now(), 1) \\; commit;\n" > file
    printf "\\if :ERROR\n\\i :m_lib/batch-failed.psql\n\\else\n\\set m_names :m_names \047,\047 :\047m_next\047\n\\warn @\n\\endif\n\\endif\n" > file
    close(file)
}

# The statements of a file are one message, whose end keeps the time for the file's row.
function write_whole(file, title_of, n,   id, i, rows) {
    printf "\\i :m_lib/whole-begin.psql\n\\if :m_swift\n\\i :m_lib/history.sql\n" > file
    for (i = 1; i <= n; i++) {
        id = title_of[i] SUBSEP "tenant"
        message(id, file)
        printf "set constraints all immediate \\; reset all \\; discard temp \\; close all \\; set search_path = :\"m_schema\" \\; select clock_timestamp() as m_time%d \\gset\n", i > file
        rows = rows sprintf("%s\n    (%s, %s, %s, :\047m_time%d\047, :\047m_time%d\047, :\047m_time%d\047::timestamptz - :\047m_time%d\047::timestamptz, %s, %d)", i > 1 ? "," : "",
            literal(title_of[i]), literal(checksum[title_of[i]]), literal(normalised[title_of[i], "tenant"]), i - 1, i, i, i - 1, "session_user || " literal(" (" by ")"), ups[id])
    }
    printf "\\i :m_lib/whole-look.psql\n\\if :m_swift\n" > file
    printf "insert into :\"m_schema\".schema_history (name, checksum, normalised, started_at, finished_at, duration, applied_by, statements_applied) values%s \\; execute m_done (:\047m_schema\047, :\047m_time0\047, %d) \\; commit;\n", rows, n > file
    printf "\\if :ERROR\n\\set m_swift false\n\\endif\n\\endif\n\\endif\n\\if :m_swift\n\\set ON_ERROR_STOP on\n\\set m_acked true\n" > file
    printf "\\set m_name %s\n\\set m_last %s\n\\echo @first :m_name\n\\echo @whole %d :m_ms :m_last\n\\echo @done\n\\else\n\\i :m_lib/swift-slow.psql\n\\endif\n", word(title_of[1]), word(title_of[n]), n > file
    close(file)
}

# The statements of a section, up and verify, as the beginning of one message to the server: after an error the rest of it is passed
# over, so that the savepoint is not gone back to.
function message(id, file,   i) {
    if (key != "" && ups[id] + verifies[id]) printf "\\restrict %s\n", key > file
    for (i = 1; i <= ups[id]; i++) printf "%s\n\\;\n", sql[id, i] > file
    if (id in verifies) {
        printf "savepoint verifying \\; set local transaction_read_only = on \\;\n" > file
        for (i = 1; i <= verifies[id]; i++) printf "%s\n\\;\n", check[id, i] > file
        printf "rollback to savepoint verifying \\; release savepoint verifying \\;\n" > file
    }
    if (key != "" && ups[id] + verifies[id]) printf "\\unrestrict %s\n", key > file
}

function insists(id,   file_of, l, any) {
    if (insisting == "") return 0
    file_of = insisting "/" scope[id] "." title[id]
    any = (getline l < file_of) > 0
    close(file_of)
    return any
}

# One transaction a statement, noted as it is done, so that the next deploy, or revert, goes on where this one ended.
function steps(id, file, how,   i, hashes, alone, concurrent, heal) {
    hashes = ""
    for (i = 1; i <= ups[id]; i++) hashes = hashes (i > 1 ? ", " : "") "md5(" literal(sql[id, i]) ")"
    printf "select array[%s]::text[] as m_steps \\gset\n\\i :m_lib/%s-begin.psql\n\\if :m_todo\n", hashes, how > file
    for (i = 1; i <= ups[id]; i++) {
        alone = flags[id, i] ~ /no-transaction/
        printf "select %d > :m_done as m_step \\gset\n\\if :m_step\n\\if :m_ok\n", i > file
        printf "\\set m_number %d\n\\set m_alone %s\n", i, (alone ? "true" : "false") > file
        if (alone) {
            # A timeout would end the waiting inside of CREATE INDEX CONCURRENTLY, and leave an INVALID index.
            concurrent = tolower(sql[id, i]) ~ /[^a-z_]concurrently[^a-z_]/
            printf "\\set m_static %s\n", word(concurrent || kind_of[id, i] == "VacuumStmt" ? "SHARE UPDATE EXCLUSIVE on " target[id, i] : "not to be seen from inside") > file
            if (concurrent) printf "set lock_timeout = 0 \\; set statement_timeout = %s;\n", literal(patience) > file
            heal = index_name[id, i] != "-" ? "index-heal" : kind_of[id, i] == "DropStmt" && target[id, i] !~ /^-$|,/ ? "index-gone" : ""
            if (concurrent && kind_of[id, i] == "ReindexStmt") printf "\\i :m_lib/reindex-heal.psql\n" > file
            if (heal != "") printf "\\set m_index %s\n\\i :m_lib/%s.psql\n\\if :m_built\n\\else\n", word(heal == "index-heal" ? index_name[id, i] : target[id, i]), heal > file
            statement(file, i, line[id, i], sql[id, i])
            if (heal != "") printf "\\endif\n" > file
            if (concurrent) printf "reset lock_timeout \\; reset statement_timeout;\n" > file
            printf "\\i :m_lib/%s-noted.psql\n", how > file
        } else {
            printf "\\i :m_lib/steps-transaction.psql\n" > file
            statement(file, i, line[id, i], sql[id, i])
            printf "\\i :m_lib/%s-noted.psql\n\\if :m_ok\n\\else\nrollback;\n\\endif\n", how > file
        }
        printf "\\endif\n\\endif\n" > file
    }
    if (how == "steps") {
        printf "\\if :m_ok\nbegin;\n" > file
        insist(id, file)
        verify(id, file)
        printf "rollback;\n\\endif\n" > file
    }
    printf "\\i :m_lib/%s-end.psql\n\\endif\n", how > file
}

# IF NOT EXISTS passes over what is there, whatever it is: after the statements of the section, that is looked at.
function insist(id, out_file,   file_of, l, part, any) {
    if (insisting == "" || mode == "create" || mode == "revert") return
    file_of = insisting "/" scope[id] "." title[id]
    while ((getline l < file_of) > 0) {
        if (!any++) printf "\\if :m_ok\n\\i :m_lib/facts.sql\n\\endif\n" > out_file
        split(l, part, "\t")
        statement(out_file, part[1], part[2], "select pg_temp.m_insist(current_schema, " literal(substr(l, length(part[1]) + length(part[2]) + 3)) ")")
    }
    close(file_of)
}

# The verify section reads only, and what it does to the session is undone.
function verify(id, file,   i) {
    if (!(id in verifies)) return
    printf "\\if :m_ok\n\\set m_verifying true\nsavepoint verifying;\nset local transaction_read_only = on;\n" > file
    for (i = 1; i <= verifies[id]; i++) statement(file, i, check_line[id, i], check[id, i])
    printf "\\if :m_ok\nrollback to savepoint verifying;\nrelease savepoint verifying;\n\\endif\n\\endif\n" > file
}

# Each statement by itself, so that all that does not hold is told: @broken LINE SQLSTATE MIGRATION, @because MESSAGE.
function only_verify(id,   file, part, i) {
    split(id, part, SUBSEP)
    file = out "/" part[2] "." part[1] ".psql"
    printf "\\set m_name %s\n", word(part[1]) > file
    for (i = 1; i <= verifies[id]; i++) {
        if ((part[2] FS part[1] FS check_line[id, i]) in skip) continue
        printf "\\set m_ok true\nsavepoint verifying;\n" > file
        statement(file, i, check_line[id, i], check[id, i])
        printf "\\if :m_ok\nrelease savepoint verifying;\n\\echo @passed :m_name\n\\else\n\\echo @broken :m_line :LAST_ERROR_SQLSTATE :m_name\n\\echo @because :LAST_ERROR_MESSAGE\nrollback to savepoint verifying;\n\\endif\n" > file
    }
    close(file)
}

function statement(file, number, at, text,   traced) {
    traced = mode == "rehearse" || mode == "clone"
    printf "\\if :m_ok\n\\set m_at %d\n\\set m_line %d\n", number, at > file
    if (traced) printf "\\set m_text %s\n\\i :m_lib/rehearse-before.psql\n", word(short(text)) > file
    printf "\\set ON_ERROR_STOP off\n" > file
    if (key != "") printf "\\restrict %s\n", key > file
    printf "%s\n;\n", text > file
    if (key != "") printf "\\unrestrict %s\n", key > file
    printf "\\set ON_ERROR_STOP on\n\\if :ERROR\n\\set m_ok false\n\\set m_code :LAST_ERROR_SQLSTATE\n" > file
    if (traced) printf "\\else\n\\set m_rows :ROW_COUNT\n\\i :m_lib/rehearse-after.psql\n" > file
    printf "\\endif\n\\endif\n" > file
}

# The beginning of a statement in one line.
function short(text) {
    gsub(/[ \t\r\n]+/, " ", text)
    if (length(text) <= 60) return text
    text = substr(text, 1, 57)
    sub(/[\200-\377]+$/, "", text)
    return text "..."
}
