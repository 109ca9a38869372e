# Reads sha256sum's lines and the migration files themselves; writes the timeline and what psql is to know of it (read_timeline).
# Variables: scope (of a file without sections), out (folder). Prints what is wrong with a name, and exits with a code of its own.
BEGIN { exit_usage = 2; exit_refused = 6 }
FILENAME == ARGV[1] {
    # sha256sum puts a backslash before the hash of a name that it had to escape.
    if (/^\\/) wrong(exit_usage, "a file name has a backslash or a line break in it")
    path[++paths] = substr($0, 67)
    hash[path[paths]] = substr($0, 1, 64)
    next
}
FNR == 1 { sub(/^\357\273\277/, "") }
/^-- migrate:/ {
    marked[FILENAME] = 1
    if ($2 ~ /^migrate:up\r?$/) {
        up[FILENAME] = 1
        where = scope
        for (i = 3; i <= NF; i++) if ($i ~ /^scope:(public|tenant)\r?$/) { where = substr($i, 7); sub(/\r$/, "", where) }
        has[FILENAME, where] = 1
    }
}
END {
    if (failed) exit failed
    for (i = 1; i <= paths; i++) {
        p = path[i]
        # Without a section all of a file is its up section; without an up section it waits to be refused, which is said when it is deployed.
        if (!(p in up)) has[p, scope] = 1
        name = p
        if (sub(/\/migration\.sql$/, "", name) == 0) sub(/\.sql$/, "", name)
        sub(/^.*\//, "", name)
        if (p ~ /[\001-\037\177]/) wrong(exit_usage, "a file name has a tab or another control character in it")
        if (length(name) > 200) wrong(exit_usage, name " is longer than 200 bytes")
        if (name in path_of) wrong(exit_refused, "two files have the name " name)
        path_of[name] = p
        # They come nearly in order.
        for (k = i; k > 1 && (order[k - 1] "") > (name ""); k--) order[k] = order[k - 1]
        order[k] = name
    }
    printf "" > (out "/timeline")
    for (i = 1; i <= paths; i++) {
        name = order[i]; p = path_of[name]
        in_public = (p, "public") in has; in_tenant = (p, "tenant") in has
        printf "%s\t%s\t%s\t%s\t%s\n", name, p, hash[p], in_public ? "t" : "f", in_tenant ? "t" : "f" > (out "/timeline")
        files = files (i > 1 ? ", " : "") sprintf("(%s, %s, %s, %s)", literal(name), literal(hash[p]), in_public ? "true" : "false", in_tenant ? "true" : "false")
        json = name; gsub(/["\\]/, "\\\\&", json)
        manifest = manifest (i > 1 ? "," : "") "\"" json "\":\"" hash[p] "\""
    }
    # A schema is compared with the files of its scope only.
    print "\\set m_files " word(paths ? files : "(null::text, null::text, null::bool, null::bool)") > (out "/files.psql")
    print "\\set m_manifest " word("{" manifest "}") > (out "/manifest.psql")
}

function wrong(code, text) { print text; failed = code; exit code }
function literal(s) { gsub(/\047/, "\047\047", s); return "\047" s "\047" }
function word(s) { gsub(/\\/, "&&", s); return literal(s) }
