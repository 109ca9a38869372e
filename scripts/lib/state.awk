# The state of all schemas (read_state has its lines): what is not as the files say, from what look.psql has read. Files: the timeline, then that.
# Variable: sequences (true, or else none). Writes $MIGRATE_WORK/state. Run with LC_ALL=C: names are compared as the files are sorted.
BEGIN {
    FS = OFS = "\t"
    state = ENVIRON["MIGRATE_WORK"] "/state"
    printf "" > state
    letter["b"] = "\b"; letter["f"] = "\f"; letter["n"] = "\n"; letter["r"] = "\r"; letter["t"] = "\t"; letter["v"] = "\v"
}
FILENAME == ARGV[1] {
    file[++files] = $1 ""
    if ($4 == "t") { of_public[$1] = $3 ""; in_public++ }
    if ($5 == "t") { of_tenant[$1] = $3 ""; in_tenant++ }
    next
}
$1 ~ /^-?[0-9]/ { read_row(); next }
$1 == "schema" { tell_schema(); begin_schema(); next }
$1 == "leftover" { tell_schema(); if ($2 in known) left[++lefts] = $0; next }
$1 == "end" { tell_schema(); whole = 1; next }
{ print > state }
END {
    for (k = 1; k <= lefts; k++) print left[k] > state
    close(state)
    if (!whole) exit 1
}

function begin_schema() {
    schema = plain($2) ""
    there = $3; history = $4
    known[schema] = 1
    tenant = schema != "public"
    nth++
    applied = goods = others = runs = 0
    last = ""
}

# A run of a file: most are of one that is applied as it is, of which there is nothing to keep. Of the others counts, by name, the one that is applied, else the
# last.
function read_row(   name, done) {
    name = index($2, "\\") ? plain($2) : $2 ""
    done = $5 != "\\N" && $6 == "\\N"
    if (done && $12 == "\\N" && (tenant ? (name in of_tenant) && of_tenant[name] == $3 "" : (name in of_public) && of_public[name] == $3 "")) {
        if (good[name] == nth) return
        good[name] = nth
        goods++
        note_applied(name, $1 + 0)
        return
    }
    if (other[name] != nth) { other[name] = nth; other_name[++others] = name }
    else if (is_done[name] > done || is_done[name] == done && id[name] > $1 + 0) return
    is_done[name] = done; id[name] = $1 + 0; checksum[name] = $3 ""; normalised[name] = $4
    is[name] = done ? "applied" : $6 != "\\N" ? "rolled back" : $7 != "\\N" ? "failed" : "interrupted"
    logs[name] = $12 == "\\N" ? "" : plain($12)
    if (done) detail[name] = "applied " seconds($5)
    else if (is[name] == "failed") detail[name] = $7 " at " ($8 == "0" ? "the end of its transaction" : "statement " value($8)) ", line " value($9) ": " first_line(logs[name])
    else if (is[name] == "interrupted") detail[name] = "after " value($10) " statements, begun " seconds($11)
    else detail[name] = is[name]
}

function note_applied(name, id,   k) {
    applied++
    if (name > last) last = name
    if (sequences != "true") return
    for (k = ++runs; k > 1 && run_id[k - 1] > id; k--) { run[k] = run[k - 1]; run_id[k] = run_id[k - 1] }
    run[k] = name; run_id[k] = id
}

function tell_schema(   k, name, line) {
    if (schema == "") return
    for (k = 1; k <= others; k++) {
        name = other_name[k]
        if (good[name] == nth) other[name] = 0
        else if (is[name] == "applied") note_applied(name, id[name])
    }
    print "schema", schema, there, history, applied, (last == "" ? "-" : last) > state
    if (runs) {
        line = "sequence" FS schema
        for (k = 1; k <= runs; k++) line = line FS flat(run[k])
        print line > state
    }
    if (others || goods != (tenant ? in_tenant : in_public)) tell_findings()
    schema = ""
}

# By name, and the files are in that order already.
function tell_findings(   k, j, name, found, wanted, order, line) {
    for (k = 1; k <= files; k++) {
        name = file[k]
        if (!(tenant ? (name in of_tenant) : (name in of_public)) || good[name] == nth) continue
        if (other[name] != nth || is[name] == "rolled back") wanted = name < last ? "late" : "pending"
        else if (is[name] != "applied") wanted = is[name]
        else wanted = logs[name] ~ /(^|\n)reverting: [0-9]+ of [0-9]+ statements done, [0-9a-f]+$/ ? "reverting" : ""
        if (wanted != "") { order[++found] = name; line[found] = row(name, wanted) }
        if (other[name] == nth && is[name] == "applied" && checksum[name] != (tenant ? of_tenant[name] : of_public[name])) { order[++found] = name; line[found] = row(name, "edited") }
    }
    for (k = 1; k <= others; k++) {
        name = other_name[k]
        if (other[name] != nth || is[name] == "rolled back" || (tenant ? (name in of_tenant) : (name in of_public))) continue
        for (j = ++found; j > 1 && order[j - 1] > name; j--) { order[j] = order[j - 1]; line[j] = line[j - 1] }
        order[j] = name; line[j] = row(name, "phantom")
    }
    for (k = 1; k <= found; k++) print line[k] > state
}

function row(name, found,   says) {
    if (found == "reverting") {
        says = logs[name]
        sub(/^(.*\n)?reverting: /, "", says); sub(/ done, [0-9a-f]+$/, "", says)
        says = says " of its down section done"
    } else if (found ~ /^(failed|interrupted|phantom)$/) says = flat(detail[name])
    return "row" FS schema FS flat(name) FS found FS (other[name] == nth ? normalised[name] : "-") (says == "" ? "" : FS says)
}

# A field as COPY writes it, as it was.
function plain(field,   out, at, c) {
    while ((at = index(field, "\\"))) {
        c = substr(field, at + 1, 1)
        out = out substr(field, 1, at - 1) (c in letter ? letter[c] : c)
        field = substr(field, at + 2)
    }
    return out field
}
function value(field) { return field == "\\N" ? "" : plain(field) }
function flat(field) { gsub(/[\t\r\n]/, " ", field); return field }
function first_line(field) { sub(/\n.*/, "", field); return field }
# A point in time to the second.
function seconds(field) {
    if (match(field, /:[0-9][0-9]\.[0-9]+/)) field = substr(field, 1, RSTART + 2) substr(field, RSTART + RLENGTH)
    return field
}
