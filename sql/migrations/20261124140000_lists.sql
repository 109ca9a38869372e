-- Lists: words that are searched for by index, and the orders in which lists are read page by page.
-- migrate:up scope:public
-- The words of a text, lower case, without what stands between them. Without pg_trgm on purpose: an extension is not everybody's to install.
create function search_words(value text) returns tsvector language sql immutable parallel safe
    return to_tsvector('pg_catalog.simple', regexp_replace(coalesce(value, ''), '[^[:alnum:]]+', ' ', 'g'));

-- What somebody typed: every word (of the first ten) has to be there, or be the beginning of one that is. Nothing where it has none.
create function search_for(typed text) returns tsquery language sql immutable parallel safe
    return (select to_tsquery('pg_catalog.simple', string_agg(word || ':*', ' & '))
              from (select word from regexp_split_to_table(typed, '[^[:alnum:]]+') word where word <> '' limit 10) words);

-- migrate:up scope:tenant
create index leads_search on leads using gin (public.search_words(coalesce(name, '') || ' ' || coalesce(email, '') || ' ' || coalesce(phone, '') || ' ' || coalesce(description, '')));
create index leads_changed on leads (updated_at desc, id desc);
drop index leads_updated;  -- the new one begins with the same column
create index projects_search on projects using gin (public.search_words(name || ' ' || client_name || ' ' || client_email || ' ' || service));
create index projects_changed on projects (updated_at desc, id desc);
create index projects_by_name on projects (lower(name) collate "C", id);
create index payments_by_amount on payments (amount desc, id desc);

-- migrate:down scope:tenant
drop index payments_by_amount;
drop index projects_by_name;
drop index projects_changed;
drop index projects_search;
create index leads_updated on leads (updated_at);
drop index leads_changed;
drop index leads_search;

-- migrate:down scope:public
drop function search_for(text);
drop function search_words(text);

-- migrate:verify scope:public
do $$ begin
    assert search_words('Ana_Cruz <ana@bakery.test>, Iloilo') @@ search_for('ILO bak.'), 'the beginning of a word does not find it';
    assert not search_words('cupcake') @@ search_for('cake') and search_for('% _ ''') is null, 'what was typed is not read as words';
end $$;

-- migrate:verify scope:tenant
do $$ begin
    assert to_regclass('leads_search') is not null and to_regclass('leads_changed') is not null and to_regclass('projects_search') is not null
       and to_regclass('projects_changed') is not null and to_regclass('projects_by_name') is not null and to_regclass('payments_by_amount') is not null,
           'a list would be read whole for one page of it';
end $$;
