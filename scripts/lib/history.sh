# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# What the database says about the timeline: one look at all histories at once.

# Writes $work/state. Lines:
#   database NAME HOST USER OWNER | version NUMBER | schema NAME exists history applied last | row NAME(schema) MIGRATION STATE DETAIL…
#   campaign ID SELECTION HASH LIVE DONE ALL BY SINCE PARALLEL SOAK FAILURES WAVES HEALTH
# With state_sequences=true also: sequence SCHEMA MIGRATION… (what was applied, in that order)
# States: pending, late (pending, but older than what is applied), edited, phantom, failed, interrupted.
read_state() {
    {
        cat <<'SQL'
select 'database', current_database(), coalesce(host(inet_server_addr()) || ':' || inet_server_port(), 'local socket'), current_user,
       coalesce((select pg_get_userbyid(relowner) from pg_class where oid = to_regclass('public.schema_history')), current_user);
select 'version', current_setting('server_version_num');
select to_regclass('public.schema_campaign_results') is not null as m_campaigns \gset
\if :m_campaigns
select 'campaign', id, selection, manifest_hash,
       exists (select from pg_locks where locktype = 'advisory' and classid = 1835625339 and objid = c.id and objsubid = 2 and granted
                  and database = (select oid from pg_database where datname = current_database())),
       (select count(*) from public.schema_campaign_results r where r.campaign = c.id and r.state in ('done', 'dropped')),
       (select count(*) from public.schema_campaign_results r where r.campaign = c.id),
       started_by, coalesce(resumed_at, started_at)::timestamptz(0), coalesce(options->>'parallel', '1'), coalesce(options->>'soak', '0'),
       coalesce(options->>'maxFailures', '0'), coalesce(options->>'waves', '-'), coalesce(options->>'health', '-')
  from public.schema_campaigns c where state in ('running', 'stopped') order by id;
\endif
SQL
        printf '\\set m_sequences %s\n' "${state_sequences:-false}"
        printf '\\set m_tenants %s\n' "$(psql_word "$tenants_query")"
        cat <<'SQL'
select to_regclass('public.tenants') is not null or :'m_tenants' not like '%public.tenants%' as m_known \gset
\if :m_known
\else
\set m_tenants 'select null::name where false'
\endif
create temp table m_schema as
select row_number() over () as place, s.name::text, s.tenant, n.oid is not null as there,
       to_regclass(format('%I.schema_history', s.name)) is not null as history
  from (select 'public' as name, false as tenant union all select t.*, true from (:m_tenants) t) s
  left join pg_namespace n on n.nspname = s.name
 where s.name is not null;
do $$ begin
    if exists (select from pg_temp.m_schema where name ~ '[[:cntrl:]]') then
        raise exception 'the name of a tenant''s schema holds a control character';
    end if;
end $$;
-- A loop of small queries: a UNION ALL of a thousand is planned ten times as long.
create temp table m_run (schema text, id bigint, name text, checksum text, normalised text, finished_at timestamptz, rolled_back_at timestamptz,
    sqlstate text, failed_statement int, failed_line int, statements_applied int, started_at timestamptz, logs text);
do $$
declare
    s text;
begin
    for s in select name from pg_temp.m_schema where history loop
        execute format('insert into pg_temp.m_run select %L, id, name, checksum, normalised, finished_at, rolled_back_at, sqlstate, failed_statement, failed_line, statements_applied, started_at, logs from %I.schema_history', s, s);
    end loop;
end $$;
analyze m_schema, m_run;
SQL
        printf '\\set m_files '
        # A schema is compared with the files of its scope only.
        awk -F '\t' 'function literal(s) { gsub(/\\/, "&&", s); gsub(/\047/, "\047\047\047\047", s); return "\047\047" s "\047\047" }
            BEGIN { printf "\047" }
            { printf "%s(%s, %s, %s, %s)", (NR > 1 ? ", " : ""), literal($1), literal($3), ($4 == "t") ? "true" : "false", ($5 == "t") ? "true" : "false" }
            END { if (!NR) printf "(null::text, null::text, null::bool, null::bool)"; print "\047" }' "$work/timeline"
        cat "$lib/state.sql"
    } >"$work/state.psql"
    ask -f "$work/state.psql" >"$work/state" || fail "$exit_problem" "the histories cannot be read"
}

# Whoever makes a table owns it: all of it has to belong to one role.
require_owner() {
    awk -F '\t' '$1 == "database" && $4 != $5 { print $5 }' "$work/state" >"$work/owner"
    [ ! -s "$work/owner" ] || fail "$exit_problem" "the schema belongs to $(cat "$work/owner"), and you are another" \
        "Connect as that role, or become it: PGOPTIONS='-c role=$(cat "$work/owner")'."
}

# state_rows STATE… : schema, migration, state, details of the rows in one of these states
state_rows() {
    awk -F '\t' -v wanted=" $* " '$1 == "row" && index(wanted, " " $4 " ")' "$work/state" | cut -f 2-
}
