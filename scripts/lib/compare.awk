# Says how what is there differs from a backup's record, a line a difference; ends with 1 when there is any.
# Files: the manifest (or a record), then the record of what is there.
BEGIN { FS = "\t" }
function next_value(last, called, step) { return last + (called == "t" ? 0.5 : 0) }
FILENAME == ARGV[1] {
    if ($1 == "object") { object[$2, $3] = $4; kind[$2, $3] = $2; title[$2, $3] = $3 }
    else if ($1 == "rows" && NF == 4) { count[$2] = $3; sum[$2] = $4 }
    else if ($1 == "value") { low[$2] = next_value($3, $4); said[$2] = $3 " " $4; shown[$2] = $3 (($4 == "t") ? "" : " (not used yet)") }
    else if ($1 == "after") { high[$2] = next_value($3, $4) }
    else if ($1 ~ /^(server|provider|locale|rules)$/ && !($1 in was)) was[$1] = $2
    next
}
$1 == "object" {
    id = $2 SUBSEP $3
    if (!(id in object)) differ($2 " " $3 ": is here, and was not when the backup was taken")
    else if (object[id] != $4) differ($2 " " $3 ": is defined in another way" ($2 == "grants of" ? "; scripts/migrate init, as a superuser, sets it" : ""))
    delete object[id]
    next
}
$1 == "rows" && NF == 4 {
    if ($2 in count) {
        if (count[$2] != $3) differ("table " $2 ": " count[$2] " rows when the backup was taken, " $3 " here")
        else if (sum[$2] != $4) differ("table " $2 ": as many rows (" $3 "), but not with the same values")
    }
    delete count[$2]
    next
}
$1 == "value" {
    if ($2 in low) {
        here = next_value($3, $4)
        top = ($2 in high) ? high[$2] : low[$2]
        if (said[$2] != $3 " " $4 && (here < (low[$2] < top ? low[$2] : top) || here > (low[$2] < top ? top : low[$2])))
            differ("sequence " $2 ": stood at " shown[$2] ", here at " $3 (($4 == "t") ? "" : " (not used yet)"))
    }
}
$1 ~ /^(server|provider|locale|rules)$/ { is[$1] = $2 }
END {
    # An older record has none of it, and another version may write the same locale in another way.
    if (("provider" in was) && ("provider" in is)) {
        if (was["provider"] != is["provider"]) differ("locale provider: " provider(was["provider"]) " when the backup was taken, " provider(is["provider"]) " here, which orders texts in another way")
        else for (fact in was)
            if (fact ~ /^(locale|rules)$/ && int(was["server"]) == int(is["server"]) && was[fact] != is[fact]) differ(fact " of the database: " was[fact] " when the backup was taken, " is[fact] " here")
    }
    for (id in object) differ(kind[id] " " title[id] ": is missing here")
    for (name in count) if (!(("table" SUBSEP name) in object) && !(("materialized view" SUBSEP name) in object)) differ("table " name ": its rows could not be counted here")
    exit differences > 0
}
function differ(text) { print text; differences++ }
function provider(letter) { return letter == "i" ? "ICU" : letter == "c" ? "libc" : "builtin" }
