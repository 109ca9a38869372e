-- Looks for each fact of m_fact in the schemas of its group (m_place), in a transaction that cannot write. Of schemas whose
-- catalogues are the same one is looked at; what does not hold there, and rows, are looked for in each.
-- Compiled for so many schemas, these queries would take longer to compile than to run.
set jit = off;
analyze m_fact, m_place;
begin transaction read only;
-- All that m_look reads of a schema's catalogue, in numbers: two sums of hashes, whatever the order. Oids of the schema's own are named.
with home as (
    select n.oid, p.place from pg_namespace n join (select distinct place from m_place) p on p.place = n.nspname),
rel as (
    select c.* from pg_class c join home h on h.oid = c.relnamespace),
said (home, line) as (
    select relnamespace, row('r', relname, relkind, relrowsecurity)::text from rel where relkind in ('r', 'p', 'f', 'v', 'm', 'S')
    union all
    select r.relnamespace, row('c', relname, attnum, attname, case when t.typnamespace = r.relnamespace then typname else atttypid::text end,
                               atttypmod, attnotnull, atthasdef, attidentity)::text
      from rel r join pg_attribute a on a.attrelid = r.oid join pg_type t on t.oid = a.atttypid
     where r.relkind in ('r', 'p', 'f', 'v', 'm') and attnum > 0 and not attisdropped
    union all
    select r.relnamespace, row('k', r.relname, conname, contype, conkey, (select relname from pg_class f where f.oid = confrelid), convalidated)::text
      from rel r join pg_constraint k on k.conrelid = r.oid
    union all
    select r.relnamespace, row('i', r.relname, (select relname from pg_class t where t.oid = indrelid), indisunique, indisvalid, indkey::text, indnkeyatts)::text
      from rel r join pg_index i on i.indexrelid = r.oid
    union all
    select r.relnamespace, row('t', r.relname, tgname, tgenabled)::text from rel r join pg_trigger t on t.tgrelid = r.oid where not tgisinternal
    union all
    select r.relnamespace, row('p', r.relname, polname)::text from rel r join pg_policy p on p.polrelid = r.oid
    union all
    select y.typnamespace, row('y', typname, typtype, (select array_agg(enumlabel::text order by enumlabel) from pg_enum e where e.enumtypid = y.oid))::text
      from pg_type y join home h on h.oid = y.typnamespace where typtype <> 'c' or typrelid <> 0
    union all
    select f.pronamespace, row('f', proname)::text from pg_proc f join home h on h.oid = f.pronamespace),
hash as (
    select home, row(sum(hashtextextended(line, 1)), sum(hashtextextended(line, 2)))::text as hash from said group by home),
-- One schema for each catalogue among those that have the same migrations.
alike as materialized (
    select p.place, p.grp, p.nth, first_value(p.place) over (partition by p.grp, h.hash order by p.nth) as model
      from m_place p left join home m using (place) left join hash h on h.home = m.oid),
wanted as materialized (
    select grp, x.f, x.ctid as fact from m_fact x where x.f->>'fact' not in ('unseen', 'unread', 'verify')),
modelled as materialized (
    select a.place as model, w.fact, l.instead is null as holds
      from alike a join wanted w using (grp) cross join lateral pg_temp.m_look(a.place, w.f) l
     where a.place = a.model and w.f->>'fact' <> 'rows'),
judged as (
    select a.nth, a.place, w.f, 'yes' as answer, null as instead
      from alike a join wanted w using (grp) join modelled m on m.model = a.model and m.fact = w.fact and m.holds
    union all
    select a.nth, a.place, w.f, case when l.instead is null then 'yes' when w.f ? 'doubt' then 'doubtful' when l.trace then 'partly' else 'no' end, l.instead
      from alike a join wanted w using (grp) left join modelled m on m.model = a.model and m.fact = w.fact cross join lateral pg_temp.m_look(a.place, w.f) l
     where m.holds is not true),
bare as (
    select p.nth, p.place, x.f from m_place p join m_fact x using (grp) where x.f->>'fact' in ('unseen', 'unread')),
line as (
    select nth, f->>'migration' as migration, 0 as at, concat_ws(E'\t', 'sum', place, f->>'migration', count(*) filter (where answer = 'yes'),
           count(*) filter (where answer = 'no'), count(*) filter (where answer = 'partly'), count(*) filter (where answer = 'doubtful')) as text
      from judged group by nth, place, f->>'migration'
    union all
    select nth, f->>'migration', (f->>'line')::int, concat_ws(E'\t', 'fact', place, f->>'migration', f->>'line', answer,
           translate(f->>'says', E'\t\r\n', '   '), coalesce(nullif(translate(instead, E'\t\r\n', '   '), ''), '-'), coalesce(f->>'doubt', '-'))
      from judged where :m_all or answer <> 'yes'
    union all
    select nth, f->>'migration', (f->>'line')::int, concat_ws(E'\t', f->>'fact', place, f->>'migration', f->>'line', translate(coalesce(f->>'kind', f->>'why'), E'\t\r\n', '   '))
      from bare)
select text from line order by nth, migration, at, text;
rollback;
