# What each schema has and what is taken as if it had it, in the order of names. Files: schema and migration, a line each; the state.
FILENAME == ARGV[1] {
    if (!($1 in more)) order[++n] = $1
    more[$1] = more[$1] $2 "\n"
    next
}
$1 == "sequence" && ($2 in more) { for (i = 3; i <= NF; i++) has[$2] = has[$2] $i "\n" }
END {
    for (s = 1; s <= n; s++) {
        count = split(has[order[s]] more[order[s]], name, "\n") - 1
        for (i = 2; i <= count; i++)
            for (j = i; j > 1 && name[j] < name[j - 1]; j--) { held = name[j]; name[j] = name[j - 1]; name[j - 1] = held }
        line = order[s]
        for (i = 1; i <= count; i++) line = line "\t" name[i]
        print line
    }
}
