-- Counts what the rows of m_loss (schema, kind, table, column) say would be lost: rows of a table, values of a column; -1 where policies
-- hide rows from who asks.
create function pg_temp.m_count(place text, what text, title text, part text) returns bigint language plpgsql as $$
declare
    n bigint;
    t record;
    total bigint := 0;
begin
    if what = 'schema' then
        for t in select relname from pg_class where relnamespace = (select oid from pg_namespace where nspname = title) and relkind in ('r', 'p') and not relispartition loop
            if row_security_active(format('%I.%I', title, t.relname)) then
                return -1;
            end if;
            execute format('select count(*) from %I.%I', title, t.relname) into n;
            total := total + n;
        end loop;
        return total;
    end if;
    if not exists (select from pg_class where relnamespace = (select oid from pg_namespace where nspname = place) and relname = title) then
        return 0;
    end if;
    if row_security_active(format('%I.%I', place, title)) then
        return -1;
    end if;
    if what = 'column' then
        if not exists (select from pg_attribute where attrelid = to_regclass(format('%I.%I', place, title)) and attname = part and not attisdropped) then
            return 0;
        end if;
        execute format('select count(%I) from %I.%I', part, place, title) into n;
    else
        execute format('select count(*) from %I.%I', place, title) into n;
    end if;
    return n;
end $$;
begin transaction read only;
select place, what, title, part, pg_temp.m_count(place, what, title, part) from m_loss order by nth;
rollback;
