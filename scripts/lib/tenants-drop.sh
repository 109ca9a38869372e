# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# tenants drop and restore: everything of a tenant out of the database and into a backup, and back again, each in one transaction.
# tenants export: the same backup with its rows as JSON and its files in one archive, and the tenant stays.

tenants_drop() {
    slug=
    yes=
    even_default=
    while [ $# -gt 0 ]; do
        case $1 in
            --yes | -y) yes=yes ;;
            --default) even_default=yes ;;
            -*) usage "tenants drop: unknown option $1" ;;
            *) [ -z "$slug" ] || usage "tenants drop takes one SLUG"; slug=$1 ;;
        esac
        shift
    done
    [ -n "$slug" ] || usage "tenants drop needs the SLUG"
    make_work
    find_tenant
    [ "$is_default" != t ] || [ -n "$even_default" ] || fail "$exit_refused" "$slug is the default tenant: every host that no tenant has leads to it" \
        "Make another the default (update public.tenants set is_default …), or say --default to drop it all the same."
    if [ "$schema_there" = t ]; then
        take_backup '' "$schema" "scripts/migrate tenants drop $slug"
    else
        fail "$exit_problem" "tenant $slug has no schema $schema" "Nothing is left to back up: delete from public.tenants where slug = $(sql_literal "$slug");"
    fi
    # An answer that is no leaves nothing behind, not even this.
    at_end="$at_end unwanted_backup"
    unwanted=$backup
    say "Tenant $slug ($tenant_name; hosts $tenant_hosts): schema $schema with $(plural "$(manifest tables)" table) and $(plural "$(manifest total)" row)."
    awk -F '\t' '$1 == "rows" && NF == 4 && $3 > 0 { print $3 "\t" $2 }' "$manifest_file" | sort -rn | head -n 10 | awk -F '\t' '{ printf "  %9d %s\n", $1, $2 }'
    awk '/^copy / { table = $2 } /^copy /, /^\\\.$/ { n[table]++ } END { for (t in n) if (n[t] > 2) printf "  %9d %s\n", n[t] - 2, t }' "$backup.rows" | sort -rn
    say "They are kept in $backup."
    confirm "$slug" "All this goes, with the role $schema."
    write_drop
    # Who types a name takes his time, and people write meanwhile: what was kept before the question may be old by now.
    for again in yes yes ''; do
        ask -f "$work/drop.psql" >"$work/dropped" || fail "$exit_failed" "tenant $slug was not dropped; it is as it was"
        if [ -z "$again" ] || [ "$(tail -n 1 "$work/dropped")" != changed ]; then break; fi
        unwanted_backup
        take_backup '' "$schema" "scripts/migrate tenants drop $slug"
        unwanted=$backup
        say "Somebody wrote to $slug meanwhile: kept anew in $backup."
        write_drop
    done
    case $(tail -n 1 "$work/dropped") in
        done) ;;
        changed)
            fail "$exit_problem" "somebody wrote to tenant $slug each time it was being kept; it is as it was" \
                "Stop the programs, or take its hosts away, so that nobody works in it; then drop it."
            ;;
        outside) fail "$exit_refused" "something outside of schema $schema depends on what is in it; tenant $slug is as it was" "Drop that first (a view, a function, a foreign key)." ;;
        *) fail "$exit_failed" "tenant $slug was not dropped; it is as it was" ;;
    esac
    unwanted=
    case $(sed -n 's/^dropped //p' "$work/dropped") in
        elsewhere) say "The role $schema stays: another database of this server uses it." ;;
        mighty) say "The role $schema stays: it may do more than a tenant's." ;;
    esac
    say "Tenant $slug is gone. Back again: scripts/migrate tenants restore $backup"
}

# Writes $work/drop.psql, which ends with a word: done, changed (the backup does not hold all of it), or outside.
write_drop() {
    {
        tenant_variables
        cat <<'SQL'
begin;
select oid as m_space from pg_namespace where nspname = :'m_schema' \gset
select from public.tenants where id = :'m_id' for update \g /dev/null
select format('lock table %I.%I in access exclusive mode', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where n.nspname = :'m_schema' and c.relkind in ('r', 'p') order by c.relname \gexec
SQL
        printf '\\o %s\n\\i :m_lib/record.psql\n\\i :m_lib/record-rows.psql\n\\i :m_lib/record-values.psql\n\\o\n' "$(psql_word "$work/record.now")"
        awk -F '\t' '{ printf "lock table %s in share row exclusive mode;\n", $1 }' "$work/tenant.tables"
        tenant_rows "$work/rows.now"
        printf "\\\\o\\n\\\\set m_same \`sh %s\`\\n" "$(shell_word "$work/same.sh")"
        cat <<'SQL'
select :'m_same' = 'same' as m_same \gset
\if :m_same
create temp table m_outside as select 'relation' as kind, oid from pg_class where relkind in ('r', 'p', 'v', 'm', 'S', 'f') and relnamespace <> :m_space and relpersistence <> 't'
    union all select 'function', oid from pg_proc where pronamespace <> :m_space
    union all select 'constraint', oid from pg_constraint where connamespace <> :m_space
    union all select 'trigger', t.oid from pg_trigger t join pg_class c on c.oid = t.tgrelid where c.relnamespace <> :m_space;
select count(*) as m_were from m_outside \gset
drop schema :"m_schema" cascade;
select count(*) <> :m_were as m_more from m_outside o
 where case kind when 'relation' then exists (select from pg_class where oid = o.oid) when 'function' then exists (select from pg_proc where oid = o.oid)
                 when 'constraint' then exists (select from pg_constraint where oid = o.oid) else exists (select from pg_trigger where oid = o.oid) end \gset
\if :m_more
rollback;
\echo outside
\quit
\endif
SQL
        awk -F '\t' '{ line[NR] = "delete from " $1 " where " $2 ";" } END { for (i = NR; i > 0; i--) print line[i] }' "$work/tenant.tables"
        cat <<'SQL'
select coalesce(bool_or(rolcanlogin or rolsuper or rolcreaterole or rolcreatedb or rolbypassrls or rolreplication), false) as m_mighty,
       coalesce(bool_or(exists (select from pg_shdepend where refclassid = 'pg_authid'::regclass and refobjid = r.oid
                                   and dbid not in (0, (select oid from pg_database where datname = current_database())))), false) as m_elsewhere,
       count(*) = 0 as m_none
  from pg_roles r where rolname = :'m_schema' \gset
\if :m_none
\echo dropped none
\elif :m_mighty
\echo dropped mighty
\elif :m_elsewhere
\echo dropped elsewhere
\else
select format('grant %I to %I', :'m_schema', current_user) where not pg_has_role(current_user, :'m_schema', 'member') \gexec
drop owned by :"m_schema";
drop role :"m_schema";
\echo dropped role
\endif
commit;
\echo done
\else
rollback;
\echo changed
\endif
SQL
    } >"$work/drop.psql"
    {
        printf 'now=%s kept=%s manifest=%s\n' "$(shell_word "$work/rows.now")" "$(shell_word "$backup.rows")" "$(shell_word "$backup.manifest")"
        printf 'LC_ALL=C awk -f %s %s %s >%s || exit 0\n' "$(shell_word "$lib/compare.awk")" "$(shell_word "$backup.manifest")" "$(shell_word "$work/record.now")" "$(shell_word "$work/differences")"
        cat "$lib/rows-kept.sh"
    } >"$work/same.sh"
}

unwanted=
unwanted_backup() {
    [ -z "$unwanted" ] || rm -f "$unwanted.manifest" "$unwanted" "$unwanted.rows"
    unwanted=
}

# Sets schema, tenant_id …, and writes $work/tenant.tables: what of other schemas is the tenant's, parents first
# (table, condition, columns). That is what points to its row, however far, and what bears its name in a column tenant.
find_tenant() {
    {
        printf '\\set m_slug %s\n' "$(psql_word "$slug")"
        cat <<'SQL'
select to_regclass('public.tenants') is not null as m_there \gset
\if :m_there
select t->>'id', t->>'schema_name', coalesce(nullif(regexp_replace(t->>'name', '[[:cntrl:]]', ' ', 'g'), ''), '-'),
       coalesce(nullif((select string_agg(h, ',') from jsonb_array_elements_text(case jsonb_typeof(t->'hosts') when 'array' then t->'hosts' end) h), ''), '-'),
       case when (t->>'is_default')::boolean then 't' else 'f' end, exists (select from pg_namespace where nspname = t->>'schema_name')
  from (select to_jsonb(t) from public.tenants t) x (t) where coalesce(t->>'slug', t->>'schema_name') = :'m_slug';
\endif
SQL
    } >"$work/find.psql"
    ask -f "$work/find.psql" >"$work/found" || exit "$exit_failed"
    [ -s "$work/found" ] || usage "there is no tenant $slug"
    IFS='	' read -r tenant_id schema tenant_name tenant_hosts is_default schema_there <"$work/found"
    {
        tenant_variables
        cat <<'SQL'
set search_path = '';
select coalesce((select oid from pg_namespace where nspname = :'m_schema'), 0) as m_space \gset
with recursive reach (id, condition, depth) as (
    select 'public.tenants'::regclass::oid, format('id = %L', :'m_id'), 0
    union all
    select c.conrelid, format('(%s) in (select %s from %s where %s)',
               (select string_agg(quote_ident(attname), ', ' order by k.n) from unnest(c.conkey) with ordinality k (attnum, n) join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.attnum),
               (select string_agg(quote_ident(attname), ', ' order by k.n) from unnest(c.confkey) with ordinality k (attnum, n) join pg_attribute a on a.attrelid = c.confrelid and a.attnum = k.attnum),
               r.id::regclass, r.condition) collate "default", depth + 1
      from reach r join pg_constraint c on c.confrelid = r.id and c.contype = 'f' and c.conrelid <> c.confrelid join pg_class t on t.oid = c.conrelid
     where depth < 5 and t.relnamespace <> :m_space and t.relkind = 'r'),
named as (
    select a.attrelid, format('tenant = %L', :'m_schema') collate "default", 1 from pg_attribute a join pg_class c on c.oid = a.attrelid
     where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and a.attname = 'tenant' and a.atttypid in ('text'::regtype, 'varchar'::regtype, 'name'::regtype))
select format('%I.%I', n.nspname, c.relname), string_agg(distinct condition, ' or '),
       (select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '')
  from (select * from reach union all select * from named) r join pg_class c on c.oid = r.id join pg_namespace n on n.oid = c.relnamespace
 group by c.oid, n.nspname, c.relname order by max(depth), 1;
SQL
    } >"$work/tables.psql"
    [ "$schema_there" = t ] || return 0
    ask -f "$work/tables.psql" >"$work/tenant.tables" || exit "$exit_failed"
}

tenant_variables() {
    printf '\\set m_snapshot \047\047\n\\set m_lib %s\n\\set m_schema %s\n\\set m_id %s\n\\set m_only %s\n' "$(psql_word "$lib")" "$(psql_word "$schema")" "$(psql_word "$tenant_id")" \
        "$(psql_word "$(printf '%s\n' "$schema" | sed 's/["\\]/\\&/g; s/.*/{"&"}/')")"
}

# What psql is to read to write those rows into the file $1, in the form that brings them back.
tenant_rows() {
    printf '\\o %s\n' "$(psql_word "$1")"
    awk -F '\t' 'function word(s) { gsub(/\\/, "&&", s); gsub(/\047/, "\047\047", s); return "\047" s "\047" }
        { printf "\\qecho %s\ncopy (select %s from %s m_row where %s order by (m_row.*)::text collate \"C\") to stdout;\n\\qecho %s\n", word("copy " $1 " (" $3 ") from stdin;"), $3, $1, $2, word("\\.") }' "$work/tenant.tables"
}

# An archive for whoever the tenant's data belong to. FILES_DIR says where its files are.
tenants_export() {
    slug=
    to=
    while [ $# -gt 0 ]; do
        case $1 in
            --to) [ $# -gt 1 ] || usage "--to needs a FILE"; to=$2; shift ;;
            --to=*) to=${1#*=} ;;
            -*) usage "tenants export: unknown option $1" ;;
            *) [ -z "$slug" ] || usage "tenants export takes one SLUG"; slug=$1 ;;
        esac
        shift
    done
    [ -n "$slug" ] || usage "tenants export needs the SLUG"
    make_work
    find_tenant
    [ "$schema_there" = t ] || fail "$exit_problem" "tenant $slug has no schema $schema"
    name=$slug-$(date -u +%Y%m%dT%H%M%SZ)
    to=${to:-$name.tar}
    case $to in /*) ;; *) to=$PWD/$to ;; esac
    [ -d "${to%/*}/" ] || fail "$exit_usage" "there is no folder ${to%/*}"
    [ ! -e "$to" ] || fail "$exit_usage" "$to is there already; an export is never written over"
    # Beside the archive, where there is room for it, and not in the folder for small things.
    (set -C && : >"$to.part") 2>"$work/part.errors" || fail "$exit_failed" "cannot write $to.part: $(sed 's/.*: //' "$work/part.errors")"
    unfinished_export=$to.part
    at_end="$at_end drop_export"
    mkdir -m 700 "$to.parts" "$to.parts/$name" "$to.parts/$name/rows" || fail "$exit_failed" "cannot write beside $to"
    take_backup "$to.parts/$name/$slug.dump" "$schema" "scripts/migrate tenants export $slug"
    tables=$(manifest tables)
    printf '\\set m_schema %s\n%s\n' "$(psql_word "$schema")" "select relname from pg_class where relnamespace = (select oid from pg_namespace where nspname = :'m_schema') and relkind in ('r', 'p') order by 1;" >"$work/tables.psql"
    ask -f "$work/tables.psql" >"$work/export.tables" || exit "$exit_failed"
    {
        printf '\\set FETCH_COUNT 1000\nbegin isolation level repeatable read, read only;\n'
        awk -v to="$to.parts/$name/rows/" -v schema="$schema" '{
            file = $0; gsub(/\047/, "\047\047", file); gsub(/\\/, "&&", file); gsub(/\//, "_", file); quoted = $0; gsub(/"/, "\"\"", quoted)
            printf "\\o \047%s%s.jsonl\047\nselect row_to_json(r) from \"%s\".\"%s\" r;\n", to, file, schema, quoted }' "$work/export.tables"
        printf '\\o\ncommit;\n'
    } >"$work/rows.psql"
    ask -f "$work/rows.psql" || fail "$exit_failed" "no export was made"
    cat >"$to.parts/$name/README.txt" <<TEXT
$tenant_name ($slug), exported $(date -u +%Y-%m-%dT%H:%M:%SZ).
rows/     every table, a row a line, as JSON (rows/files.jsonl has the names of what is in files/, by its SHA-256)
files/    what people uploaded, by its SHA-256
$slug.dump with .manifest and .rows: the same for PostgreSQL; scripts/migrate tenants restore $slug.dump brings the tenant back
TEXT
    set -- -cf "$to.part" --owner=0 --group=0 -C "$to.parts" "$name"
    kept=0
    files=$schema
    case $schema in *[!a-z0-9_-]*) files=x$(printf '%s' "$schema" | od -An -v -tx1 | tr -d ' \n') ;; esac # as src/domain/file_store names it
    if [ -n "${FILES_DIR-}" ] && [ -d "$FILES_DIR/$files" ]; then
        set -- "$@" --exclude=./uploads --transform "s,^\\./,$name/files/," -C "$FILES_DIR/$files" .
        kept=$(find "$FILES_DIR/$files" -type f ! -path "$FILES_DIR/$files/uploads/*" | wc -l)
    fi
    tar "$@" 2>"$work/tar.errors" || fail "$exit_failed" "no export was made: $(sed 's/^tar: //' "$work/tar.errors" | head -n 1)"
    sync "$to.part" || fail "$exit_failed" "no export was made: $to.part cannot be written"
    mv "$to.part" "$to"
    rm -rf "$to.parts"
    unfinished_export=
    say "$to: $(bytes "$(stat -c %s "$to")"), $(plural "$tables" table), $(plural "$kept" file)."
}

unfinished_export=
drop_export() { [ -z "$unfinished_export" ] || rm -rf "$unfinished_export" "${unfinished_export}s"; }

tenants_restore() {
    file=
    while [ $# -gt 0 ]; do
        case $1 in
            -*) usage "tenants restore: unknown option $1" ;;
            *) [ -z "$file" ] || usage "tenants restore takes one FILE"; file=$1 ;;
        esac
        shift
    done
    [ -n "$file" ] || usage "tenants restore needs the FILE that tenants drop has named"
    make_work
    open_backup "$file"
    slug=$(manifest tenant)
    [ -n "$slug" ] || fail "$exit_usage" "$backup holds a whole database, not a dropped tenant" "It goes into a database of its own: scripts/migrate restore $file"
    schema=$(awk -F '\t' '$1 == "object" { exit } $1 == "schema name" { print $2 }' "$manifest_file")
    tenant_id=0
    pg_restore --no-password --file="$work/restore.sql" "$backup" 2>"$work/restore.errors" || fail "$exit_failed" "pg_restore: $(head -n 1 "$work/restore.errors")"
    {
        tenant_variables
        printf '\\set m_slug %s\n\\set m_app %s\n' "$(psql_word "$slug")" "$(psql_word "$app_role")"
        cat <<'SQL'
select exists (select from pg_namespace where nspname = :'m_schema') or exists (select from public.tenants t where to_jsonb(t)->>'slug' = :'m_slug' or t.schema_name = :'m_schema') as m_there \gset
\if :m_there
\echo there
\quit
\endif
begin;
SQL
        # The role that the dump grants to is the tenant's own, which the programs may become.
        manifest_lines role | awk -F '\t' -v schema="$schema" 'function literal(s) { gsub(/\047/, "\047\047", s); return "\047" s "\047" }
            $1 == schema { printf "select format(\047create role %%I %s %s\047, %s) where not exists (select from pg_roles where rolname = %s) \\gexec\n", ($2 == "t" ? "login" : "nologin"), ($3 == "t" ? "inherit" : "noinherit"), literal($1), literal($1) }'
        printf '%s\n' "select format('grant %I to %I', :'m_schema', :'m_app') from pg_roles where rolname = :'m_app' and exists (select from pg_roles where rolname = :'m_schema') and not pg_has_role(:'m_app', :'m_schema', 'member') \\gexec"
        printf '\\o /dev/null\n\\i %s\n\\i %s\n' "$(psql_word "$work/restore.sql")" "$(psql_word "$backup.rows")"
        printf '\\o %s\n\\i :m_lib/record.psql\n\\i :m_lib/record-rows.psql\n\\i :m_lib/record-values.psql\n\\o\n' "$(psql_word "$work/record.now")"
        printf "\\\\set m_same \`sh %s\`\\n" "$(shell_word "$work/same.sh")"
        printf '%s\n' "select :'m_same' = 'same' as m_same \\gset" '\if :m_same' 'commit;' '\echo done' '\else' 'rollback;' '\echo differs' '\endif'
    } >"$work/restore.psql"
    printf 'LC_ALL=C awk -f %s %s %s >%s && echo same\n' "$(shell_word "$lib/compare.awk")" "$(shell_word "$manifest_file")" "$(shell_word "$work/record.now")" \
        "$(shell_word "$work/differences")" >"$work/same.sh"
    ask -f "$work/restore.psql" >"$work/restored" || fail "$exit_failed" "tenant $slug was not brought back; nothing was changed"
    case $(tail -n 1 "$work/restored") in
        done) ;;
        there) fail "$exit_refused" "there is a tenant or a schema $slug already: a backup is never put over it" "Drop that one first, or take the backup into a database of its own." ;;
        differs)
            head -n 20 "$work/differences" | sed 's/^/  /' >&2
            fail "$exit_problem" "what came back is not what the backup holds; nothing was changed"
            ;;
        *) fail "$exit_failed" "tenant $slug was not brought back; nothing was changed" ;;
    esac
    say "Tenant $slug is back: $(plural "$(manifest tables)" table), $(plural "$(manifest total)" row). Migrations since then: scripts/migrate deploy"
}
