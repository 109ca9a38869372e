-- In which language somebody reads: what they asked for where the agency offers it, else as they are written to.
-- migrate:up scope:public
-- Guarded like wording(), which it asks first.
create function reading_language(wished text, tenant text default current_setting('role'), reader text default null) returns text
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
    own text := (select w.language from wording(reading_language.tenant, reading_language.reader) w);
    offered boolean;
begin
    execute format('select $1 = any (s.languages) from %I.settings s', reading_language.tenant) into offered using reading_language.wished;
    return case when offered then reading_language.wished else own end;
end $$;

-- migrate:down scope:public
drop function reading_language(text, text, text);

-- migrate:verify scope:public
do $$ begin
    perform 'reading_language(text, text, text)'::regprocedure;
end $$;
