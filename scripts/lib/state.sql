-- What is not as the files say, a row each; :m_files are the files, m_run has the rows of every history.
with file (name, checksum, in_public, in_tenant) as (values :m_files),
latest as materialized (
    select distinct on (schema, name) *,
           case when finished_at is not null and rolled_back_at is null then 'applied'
                when rolled_back_at is not null then 'rolled back'
                when sqlstate is not null then 'failed'
                else 'interrupted' end as state
      from m_run
     order by schema, name, (finished_at is not null and rolled_back_at is null) desc, id desc),
summary as (
    select s.*, count(l.*) filter (where l.state = 'applied') as applied, max(l.name) filter (where l.state = 'applied') as last
      from m_schema s left join latest l on l.schema = s.name
     group by s.place, s.name, s.tenant, s.there, s.history),
wanted as (
    select s.place, s.name as schema, s.last, f.name, f.checksum
      from summary s join file f on case when s.tenant then f.in_tenant else f.in_public end),
finding as (
    select w.place, w.schema, w.name, case when w.name < w.last then 'late' else 'pending' end as state, '' as detail, l.normalised
      from wanted w left join latest l on l.schema = w.schema and l.name = w.name
     where l.name is null or l.state = 'rolled back'
    union all
    select w.place, w.schema, w.name, l.state,
           case l.state when 'failed' then format('%s at statement %s, line %s: %s', l.sqlstate, l.failed_statement, l.failed_line,
                                                  regexp_replace(l.logs, '\n.*', ''))
                        else format('after %s statements, begun %s', l.statements_applied, l.started_at::timestamptz(0)) end, l.normalised
      from wanted w join latest l on l.schema = w.schema and l.name = w.name
     where l.state in ('failed', 'interrupted')
    union all
    select w.place, w.schema, w.name, 'reverting', substring(l.logs from 'reverting: (\d+ of \d+ statements) done, [0-9a-f]{32}$') || ' of its down section done', l.normalised
      from wanted w join latest l on l.schema = w.schema and l.name = w.name and l.state = 'applied'
     where l.logs ~ '(^|\n)reverting: \d+ of \d+ statements done, [0-9a-f]{32}$'
    union all
    select w.place, w.schema, w.name, 'edited', '', l.normalised
      from wanted w join latest l on l.schema = w.schema and l.name = w.name and l.state = 'applied'
     where l.checksum <> w.checksum
    union all
    select s.place, s.name, l.name, 'phantom', case l.state when 'applied' then 'applied ' || l.finished_at::timestamptz(0) else l.state end, l.normalised
      from latest l join summary s on s.name = l.schema
     where l.state <> 'rolled back' and not exists (select from wanted w where w.schema = l.schema and w.name = l.name))
select line from (
    select place, 0 as part, '' as name, concat_ws(E'\t', 'schema', summary.name, there, history, applied, coalesce(last, '-')) as line from summary
    union all
    -- What was applied, in the order in which it was.
    select l.place, 1, '', concat_ws(E'\t', 'sequence', l.schema, string_agg(translate(l.name, E'\t\r\n', '   '), E'\t' order by l.id))
      from (select s.place, l.* from latest l join summary s on s.name = l.schema where l.state = 'applied') l where :m_sequences group by l.place, l.schema
    union all
    -- What a REINDEX CONCURRENTLY that broke off has left: kept up with every write, and of use to nobody.
    select s.place, 3, c.relname, concat_ws(E'\t', 'leftover', s.name, c.relname)
      from m_schema s join pg_namespace n on n.nspname = s.name join pg_class c on c.relnamespace = n.oid join pg_index i on i.indexrelid = c.oid
     where not i.indisvalid and c.relname ~ '_cc(new|old)\d*$' and not exists (select from pg_stat_progress_create_index p where p.index_relid = c.oid)
    union all
    select place, 2, finding.name, concat_ws(E'\t', 'row', schema, finding.name, state, coalesce(normalised, '-'), nullif(translate(detail, E'\t\r\n', '   '), '')) from finding) l
 order by place, part, name;
