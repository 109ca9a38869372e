# One round of baseline: prints the migrations that are kept, a schema's up to the first that is not there.
# Writes folder/why.new (schema, migration, what is wrong) and folder/positive (schema, migration, facts that hold, statements of its
# verify section that pass).
# Files: why, of the rounds before; what was kept so far; the judged facts; what the verify sections said.
FILENAME == ARGV[1] { before[$1] = before[$1] $0 "\n"; next }
FILENAME == ARGV[2] { kept[$1, $2] = 1; line[++n] = $0; schema[n] = $1; name[n] = $2; next }
$1 == "pass" { passes[$2, $3] = $4; next }
$1 == "sum" { if ($4 > 0) holds[$2, $3] = $4; next }
# Of rows a part may have been removed since.
$1 == "fact" && $5 == "partly" && $6 ~ /^[0-9]+ rows? of / { next }
$1 == "fact" && $5 != "yes" { wrong($2, $3, "line " $4 ": " $6 ($7 == "-" ? "" : ": " $7)) }
$1 == "unread" { wrong($2, $3, "line " $4 ": " $5) }
$1 == "broken" { wrong($2, $3, "line " $4 " (verify section): " $6) }
function wrong(where, what, text) {
    if (!((where, what) in kept)) return
    if (!(where in first) || what < first[where]) first[where] = what
    reason[where, what] = reason[where, what] where "\t" what "\t" text "\n"
}
END {
    for (i = 1; i <= n; i++) {
        if ((schema[i] in first) && name[i] >= first[schema[i]]) continue
        print line[i]
        if (((schema[i], name[i]) in holds) || ((schema[i], name[i]) in passes))
            printf "%s\t%d\t%d\n", line[i], holds[schema[i], name[i]], passes[schema[i], name[i]] > (folder "/positive")
    }
    printf "" > (folder "/why.new")
    for (s in first) printf "%s", reason[s, first[s]] > (folder "/why.new")
    for (s in before) if (!(s in first)) printf "%s", before[s] > (folder "/why.new")
}
