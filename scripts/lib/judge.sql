-- Looks for each fact of m_fact in the schemas of its group (m_place), in a transaction that cannot write.
analyze m_fact;
begin transaction read only;
with judged as (
    select p.nth, p.place, x.f, case when l.instead is null then 'yes' when x.f ? 'doubt' then 'doubtful' when l.trace then 'partly' else 'no' end as answer, l.instead
      from m_place p join m_fact x using (grp) cross join lateral pg_temp.m_look(p.place, x.f) l
     where x.f->>'fact' not in ('unseen', 'unread', 'verify')),
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
