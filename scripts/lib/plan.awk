# Plans a deploy from what state.awk has found, behind which it is to be read. In $MIGRATE_WORK it reads the state, and choice: public_only, waves and only, a line each.
# Writes into the folder: chosen (the schemas meant: name, whether it is there, whether it has a history), plan (schema, number of
# its list, its name for psql, its wave, and the way: bare when it has no history yet, again when a run of a file did not come to its end, else kept;
# in the order of work), list.N (names: a fleet has few
# different ones), list.N.WAY.psql (what psql is to read), names (all that is to be applied), plan.psql (the variable m_plan:
# place, schema, wave), and what waves.awk writes. Prints what stands in the way: other ROLE, unknown NAMES, missing NAMES, reverting NAME, edited; and phantom, which may.
END {
    folder = ENVIRON["MIGRATE_WORK"]
    choice = folder "/choice"
    getline public_only < choice
    getline waves < choice
    while ((getline part < choice) > 0) only = only (only == "" ? "" : "\n") part
    n = split(only, o, ",")
    for (i = 1; i <= n; i++) wanted[o[i]] = unknown[o[i]] = 1
    for (i = split("chosen plan names", o, " "); i > 0; i--) printf "" > (folder "/" o[i])
    while ((getline < state) > 0) {
        if ($1 == "database" && $4 != $5) print "other\t" $5
        else if ($1 == "schema") choose()
        else if ($1 == "row" && $2 in chosen) find_waiting()
    }
    for (one in unknown) strangers = strangers (strangers == "" ? "" : ",") one
    if (strangers != "") print "unknown\t" strangers
    if (missing != "") print "missing\t" substr(missing, 2)
    if (half != "") print "reverting\t" half
    if (edited) print "edited\t-"
    if (phantom) print "phantom\t-"
    for (i = 1; i <= schemas; i++) tenants += place[i] != "public" && place[i] in list
    n = split(waves, size, ",")
    wave = 1
    for (i = 1; i <= schemas; i++) {
        schema = place[i]
        if (!(schema in list)) continue
        scope = schema == "public" ? "public" : "tenant"
        key = scope list[schema]
        if (!(key in number)) new_list(key, list[schema])
        if (schema != "public") {
            while (wave <= n && in_wave >= share(size[wave])) { wave++; in_wave = 0 }
            in_wave++
        }
        if (!((key, bare[schema]) in written)) write_list(key, list[schema], bare[schema])
        at = schema == "public" ? 0 : wave
        printf "%s\t%d\t%s\t%d\t%s\n", schema, number[key], word(schema), at, bare[schema] > (folder "/plan")
        take(schema, number[key], word(schema), bare[schema], at)
        text = schema; gsub(/\047/, "\047\047", text)
        values = values (works ? ", " : "") "(" ++works ", \047" text "\047, " at ")"
    }
    end_waves()
    print "\\set m_plan " word(values) > (folder "/plan.psql")
}

function choose() {
    delete unknown[$2]
    if ((only != "" && !($2 in wanted)) || (public_only != "" && $2 != "public")) return
    print $2 "\t" $3 "\t" $4 > (folder "/chosen")
    if ($3 == "f") missing = missing " " $2
    place[++schemas] = $2
    chosen[$2] = 1
    bare[$2] = $4 == "t" ? "kept" : "bare"
}

function find_waiting() {
    if ($4 == "edited") edited = 1
    if ($4 == "reverting" && half == "") half = $3 " in " $2
    if ($4 == "phantom" && $6 ~ /^applied/) phantom = 1
    if ($4 !~ /^(pending|late|failed|interrupted)$/) return
    list[$2] = list[$2] $3 "\n"
    # Rows of runs that did not come to their end are to be marked: for that there is no short way.
    if ($4 ~ /^(failed|interrupted)$/) bare[$2] = "again"
}

function new_list(key, names,   k, m, part) {
    number[key] = ++lists
    printf "%s", names > (folder "/list." lists)
    m = split(names, part, "\n")
    for (k = 1; k < m; k++) if (!(part[k] in told)) { told[part[k]] = 1; print part[k] > (folder "/names") }
}

# The folder of the sections is a variable of psql, so that no name needs quotes but its own.
function write_list(key, names, how,   k, m, part, file) {
    written[key, how] = 1
    file = folder "/list." number[key] "." how ".psql"
    printf "%s", (how == "bare" ? "\\i :m_lib/history.sql\n" : "") > file
    m = split(names, part, "\n")
    # The last commit brings those before it to the disk with it: a schema waits for the disk once.
    for (k = 1; k < m; k++) printf "%s\\i :m_deploy%s\n", (k == m - 1 ? "\\set m_commit default\n" : k == 1 ? "\\set m_commit off\n" : ""), word("/" scope "." part[k] ".psql") > file
    printf "\\echo @done\n" > file
}

function word(s) { gsub(/\\/, "&&", s); gsub(/\047/, "\047\047", s); return "\047" s "\047" }
# A percentage is of all tenants of this deploy, rounded up.
function share(s) { return s ~ /%/ ? int((tenants * (s + 0) + 99) / 100) : s + 0 }
