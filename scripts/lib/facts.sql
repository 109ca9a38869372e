-- pg_temp.m_look: what is in a schema of what one fact of sql-scan wants. "instead" is null when the fact holds, else it is what is
-- there instead; trace: something of what the migration makes is there, though not as it should be.
create or replace function pg_temp.m_type(place text, wanted text) returns oid language sql stable as $$
    select (case when wanted ~ '^"([^"]|"")*"[.]' then to_regtype(wanted)
                 else coalesce(to_regtype('pg_catalog.' || wanted), to_regtype(quote_ident(place) || '.' || wanted)) end)::oid
$$;

create or replace function pg_temp.m_columns(relation oid, numbers smallint[]) returns text[] language sql stable as $$
    select coalesce(array_agg(coalesce(a.attname, '') order by n.place), '{}')
      from unnest(numbers) with ordinality n (number, place) left join pg_attribute a on a.attrelid = relation and a.attnum = n.number and a.attnum > 0
$$;

create or replace function pg_temp.m_texts(list jsonb) returns text[] language sql immutable as $$
    select coalesce(array_agg(value order by place), '{}') from jsonb_array_elements_text(list) with ordinality e (value, place)
$$;

create or replace function pg_temp.m_rows(place text, relation oid, title text, w jsonb, out trace boolean, out instead text) language plpgsql as $$
declare
    names text[] := pg_temp.m_texts(w->'columns');
    key text[] := pg_temp.m_texts(w->'key');
    total bigint := jsonb_array_length(w->'values');
    condition text;
    there bigint;
begin
    trace := false;
    -- #3 is the third column that the table has.
    select array_agg(case when n.name like '#%' then (select attname from (
                         select attname, row_number() over (order by attnum) as nth from pg_attribute
                          where attrelid = relation and attnum > 0 and not attisdropped) a where '#' || nth = n.name) else n.name end order by n.nth)
      into names from unnest(names) with ordinality n (name, nth);
    if cardinality(key) = 0 then
        select pg_temp.m_columns(relation, i.indkey::smallint[]) into key
          from pg_index i
         where i.indrelid = relation and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
           and pg_temp.m_columns(relation, i.indkey::smallint[]) <@ names
         order by i.indisprimary desc, i.indexrelid limit 1;
    end if;
    select string_agg(format('t.%I %s (r.value->>%s)::%s', a.attname, case when key is null then 'is not distinct from' else '=' end, n.nth - 1,
                             format_type(a.atttypid, -1)), ' and ')
      into condition
      from unnest(names) with ordinality n (name, nth) join pg_attribute a on a.attrelid = relation and a.attname = n.name and not a.attisdropped
      join pg_type y on y.oid = a.atttypid
     where n.name = any (key) or (key is null and y.typcategory not in ('G', 'P') and y.typname not in ('json', 'jsonb', 'xml'));
    if condition is null or names is null then
        instead := 'its columns are not there';
        return;
    end if;
    execute format('select count(*) from jsonb_array_elements($1) r where exists (select from %I.%I t where %s)', place, title, condition)
       into there using w->'values';
    if there < total then
        trace := there > 0;
        instead := case when there > 0 then format('only %s of %s are there', there, total) when total = 1 then 'it is not there' else 'none is there' end;
    end if;
exception when insufficient_privilege or data_exception or undefined_function then
    instead := 'cannot be told: ' || sqlerrm;
end $$;

create or replace function pg_temp.m_look(place text, f jsonb, out trace boolean, out instead text) language plpgsql as $$
declare
    w jsonb := f->'wants';
    title text := f->>'name';
    gone boolean := (f->>'absent')::boolean;
    home oid := (select oid from pg_namespace where nspname = place);
    relation oid;
    kind "char";
    there boolean;
    a pg_attribute;
    c pg_constraint;
    i pg_index;
    wanted text[] := pg_temp.m_texts(case when jsonb_typeof(w->'columns') = 'array' then w->'columns' else '[]' end);
    actual text;
begin
    trace := false;
    select r.oid, r.relkind into relation, kind from pg_class r
     where r.relnamespace = home and r.relname = case when f->>'fact' = 'relation' then title else f->>'table' end
       and r.relkind in ('r', 'p', 'f', 'v', 'm', 'S');
    if f->>'table' <> '' and f->>'fact' not in ('enum', 'relation') and relation is null then
        if not gone then instead := 'there is no table ' || (f->>'table'); end if;
        return;
    end if;
    case f->>'fact'
    when 'relation' then
        there := relation is not null;
        if there and not gone and not (case w->>'kind' when 'table' then kind in ('r', 'p') when 'view' then kind = 'v' when 'sequence' then kind = 'S'
                                                      when 'materialized view' then kind = 'm' else kind = 'f' end) then
            trace := true;
            instead := 'it is ' || case kind when 'v' then 'a view' when 'm' then 'a materialized view' when 'S' then 'a sequence' when 'f' then 'a foreign table' else 'a table' end;
            return;
        end if;
    when 'column' then
        select * into a from pg_attribute where attrelid = relation and attname = title and attnum > 0 and not attisdropped;
        there := a.attrelid is not null;
        if there and not gone then
            actual := format_type(a.atttypid, a.atttypmod);
            if (w ? 'type' and (a.atttypid <> coalesce(pg_temp.m_type(place, w->>'type'), a.atttypid)
                                or (w->>'mods' <> '?' and a.atttypid not in ('interval'::regtype, 'interval[]'::regtype)
                                    and coalesce(substring(actual from '\(([^)]*)\)'), '') <> w->>'mods')))
               or (w ? 'notNull' and a.attnotnull <> (w->>'notNull')::boolean)
               or ((w->>'default')::boolean and not a.atthasdef)
               or (not (w->>'default')::boolean and a.atthasdef)
               or (w ? 'identity' and (a.attidentity <> '') <> (w->>'identity')::boolean) then
                trace := w ? 'made';
                instead := concat_ws(', ', format('it is %s', actual), case when a.attnotnull then 'not null' else 'null allowed' end,
                                   case when a.attidentity <> '' then 'identity' when a.atthasdef then 'with a default'
                                        when (w->>'default')::boolean then 'without a default' end);
            end if;
            return;
        end if;
    when 'constraint' then
        if gone or not (w->>'guessed')::boolean then
            select * into c from pg_constraint where conrelid = relation and conname = title;
        else
            -- The server chose the name: any of this kind on these columns is meant.
            select * into c from pg_constraint
             where conrelid = relation and contype::text = w->>'type'
               and (contype = 'x' or cardinality(wanted) = 0 or case when contype = 'c' then pg_temp.m_columns(relation, conkey) @> wanted and pg_temp.m_columns(relation, conkey) <@ wanted
                                                                     else pg_temp.m_columns(relation, conkey) = wanted end)
               and (contype <> 'f' or w->>'refSchema' <> '' or (select relname from pg_class where oid = confrelid) = w->>'ref')
             order by convalidated desc limit 1;
        end if;
        there := c.oid is not null;
        if there and not gone then
            if c.contype::text <> w->>'type'
               or (c.contype in ('p', 'u', 'f') and pg_temp.m_columns(relation, c.conkey) <> wanted)
               -- What is in another schema may be renamed there.
               or (c.contype = 'f' and w->>'refSchema' = '' and (select relname from pg_class where oid = c.confrelid) <> w->>'ref') then
                trace := true;
                instead := 'it is ' || pg_get_constraintdef(c.oid);
            elsif (w->>'valid')::boolean and not c.convalidated then
                trace := w ? 'made';
                instead := 'it is NOT VALID';
            end if;
            return;
        end if;
    when 'index' then
        if gone or not (w->>'guessed')::boolean then
            select x.* into i from pg_index x join pg_class r on r.oid = x.indexrelid where r.relnamespace = home and r.relname = title;
        else
            select x.* into i from pg_index x
             where x.indrelid = relation and x.indisunique = (w->>'unique')::boolean
               and pg_temp.m_columns(relation, (x.indkey::smallint[])[0:x.indnkeyatts - 1]) = wanted
             order by x.indisvalid desc limit 1;
        end if;
        there := i.indexrelid is not null;
        if there and not gone then
            if i.indrelid <> relation or i.indisunique <> (w->>'unique')::boolean
               or pg_temp.m_columns(i.indrelid, (i.indkey::smallint[])[0:i.indnkeyatts - 1]) <> wanted then
                trace := true;
                instead := 'it is ' || pg_get_indexdef(i.indexrelid);
            elsif not i.indisvalid then
                trace := true;
                instead := 'it is INVALID';
            end if;
            return;
        end if;
    when 'type' then
        there := exists (select from pg_type where typnamespace = home and typname = title);
    when 'enum' then
        there := exists (select from pg_enum e join pg_type y on y.oid = e.enumtypid where y.typnamespace = home and y.typname = f->>'table' and e.enumlabel = title);
    when 'function' then
        there := exists (select from pg_proc where pronamespace = home and proname = title);
    when 'trigger' then
        there := exists (select from pg_trigger where tgrelid = relation and tgname = title and not tgisinternal);
        if not gone and exists (select from pg_trigger where tgrelid = relation and tgname = title and tgenabled = 'D') then
            trace := true;
            instead := 'it is disabled';
            return;
        end if;
    when 'policy' then
        there := exists (select from pg_policy where polrelid = relation and polname = title);
    when 'row security' then
        if (select relrowsecurity from pg_class where oid = relation) <> (w->>'on')::boolean then
            instead := case when (w->>'on')::boolean then 'it is off' else 'it is on' end;
        end if;
        return;
    when 'extension' then
        there := exists (select from pg_extension where extname = title);
    when 'schema' then
        there := exists (select from pg_namespace where nspname = title);
    when 'rows' then
        select l.trace, l.instead into trace, instead from pg_temp.m_rows(place, relation, f->>'table', w) l;
        return;
    end case;
    instead := case when gone and there then 'it is there' when not gone and not there then 'it is not there' end;
end $$;

-- Ends the transaction where something that IF NOT EXISTS passed over is not what the statement would have made.
create or replace function pg_temp.m_insist(place text, f jsonb) returns void language plpgsql as $$
declare
    there text := (select l.instead from pg_temp.m_look(place, f) l);
begin
    if there is not null then
        raise exception using errcode = 'MG002', message = format('IF NOT EXISTS passed over what was there: %s is wanted, and %s', f->>'says', there),
            hint = 'Alter what is there in a migration of its own that comes before, or remove it; then deploy again.';
    end if;
end $$;
