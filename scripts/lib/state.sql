-- What is not as the files say, a row each: found for one schema of each kind, told for all; from what look.psql has made.
with m_schema as materialized (
    select * from json_to_recordset(current_setting('migrate.schemas')::json) as s (place int, name text, tenant boolean, there boolean, history boolean, alike text)
     where (case when current_setting('migrate.look') = :'m_look' and current_setting('migrate.looked') = :'m_look' then 'true' else 'the backend was another' end)::boolean),
latest as materialized (
    select distinct on (schema, name) *,
           case when finished_at is not null and rolled_back_at is null then 'applied'
                when rolled_back_at is not null then 'rolled back'
                when sqlstate is not null then 'failed'
                else 'interrupted' end as state
      from json_to_recordset(current_setting('migrate.runs')::json) as r (schema text, id bigint, name text, checksum text, normalised text,
           finished_at timestamptz, rolled_back_at timestamptz, sqlstate text, failed_statement int, failed_line int, statements_applied int,
           started_at timestamptz, logs text)
     order by schema, name, (finished_at is not null and rolled_back_at is null) desc, id desc),
kind as (
    select k.alike, k.tenant, count(l.*) filter (where l.state = 'applied') as applied, max(l.name) filter (where l.state = 'applied') as last
      from (select distinct alike, tenant from m_schema) k left join latest l on l.schema = k.alike
     group by k.alike, k.tenant),
wanted as (
    select k.alike, k.tenant, k.last, f.name, f.checksum
      from kind k join (values :m_files) as f (name, checksum, in_public, in_tenant) on case when k.tenant then f.in_tenant else f.in_public end),
finding as (
    select w.alike, w.tenant, w.name, case when w.name < w.last then 'late' else 'pending' end as state, '' as detail, l.normalised
      from wanted w left join latest l on l.schema = w.alike and l.name = w.name
     where l.name is null or l.state = 'rolled back'
    union all
    select w.alike, w.tenant, w.name, l.state,
           case l.state when 'failed' then format('%s at statement %s, line %s: %s', l.sqlstate, l.failed_statement, l.failed_line,
                                                  regexp_replace(l.logs, '\n.*', ''))
                        else format('after %s statements, begun %s', l.statements_applied, l.started_at::timestamptz(0)) end, l.normalised
      from wanted w join latest l on l.schema = w.alike and l.name = w.name
     where l.state in ('failed', 'interrupted')
    union all
    select w.alike, w.tenant, w.name, 'reverting', substring(l.logs from 'reverting: (\d+ of \d+ statements) done, [0-9a-f]{32}$') || ' of its down section done', l.normalised
      from wanted w join latest l on l.schema = w.alike and l.name = w.name and l.state = 'applied'
     where l.logs ~ '(^|\n)reverting: \d+ of \d+ statements done, [0-9a-f]{32}$'
    union all
    select w.alike, w.tenant, w.name, 'edited', '', l.normalised
      from wanted w join latest l on l.schema = w.alike and l.name = w.name and l.state = 'applied'
     where l.checksum <> w.checksum
    union all
    select k.alike, k.tenant, l.name, 'phantom', case l.state when 'applied' then 'applied ' || l.finished_at::timestamptz(0) else l.state end, l.normalised
      from latest l join kind k on k.alike = l.schema
     where l.state <> 'rolled back' and not exists (select from wanted w where w.alike = k.alike and w.tenant = k.tenant and w.name = l.name))
select line from (
    select place, 0 as part, '' as name, concat_ws(E'\t', 'schema', s.name, there, history, applied, coalesce(last, '-')) as line from m_schema s join kind using (alike, tenant)
\if :m_sequences
    union all
    -- What was applied, in the order in which it was.
    select s.place, 1, '', concat_ws(E'\t', 'sequence', s.name, l.names)
      from m_schema s join (select schema, string_agg(translate(name, E'\t\r\n', '   '), E'\t' order by id) as names
                              from latest where state = 'applied' group by schema) l on l.schema = s.alike
\endif
\if :m_leftovers
    union all
    -- What a REINDEX CONCURRENTLY that broke off has left: kept up with every write, and of use to nobody.
    select s.place, 3, c.relname, concat_ws(E'\t', 'leftover', s.name, c.relname)
      from m_schema s join pg_namespace n on n.nspname = s.name join pg_class c on c.relnamespace = n.oid join pg_index i on i.indexrelid = c.oid
     where not i.indisvalid and c.relname ~ '_cc(new|old)\d*$' and not exists (select from pg_stat_progress_create_index p where p.index_relid = c.oid)
\endif
    union all
    select place, 2, finding.name, concat_ws(E'\t', 'row', s.name, finding.name, state, coalesce(normalised, '-'), nullif(translate(detail, E'\t\r\n', '   '), ''))
      from m_schema s join finding using (alike, tenant)) l
 order by place, part, name;
