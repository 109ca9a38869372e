-- Lists: PostgreSQL is told what taking a text to words costs, so that it looks rare words up instead of reading everything.
-- migrate:up scope:public
create or replace function search_words(value text) returns tsvector language plpgsql immutable parallel safe cost 5000 as $$
begin
    return to_tsvector('pg_catalog.simple', regexp_replace(coalesce(value, ''), '[^[:alnum:]]+', ' ', 'g'));
end $$;

-- migrate:down scope:public
create or replace function search_words(value text) returns tsvector language sql immutable parallel safe cost 100
    return to_tsvector('pg_catalog.simple', regexp_replace(coalesce(value, ''), '[^[:alnum:]]+', ' ', 'g'));

-- migrate:verify scope:public
do $$ begin
    assert (select procost = 5000 from pg_proc where oid = 'search_words(text)'::regprocedure), 'PostgreSQL takes the words of a text for cheap';
end $$;
