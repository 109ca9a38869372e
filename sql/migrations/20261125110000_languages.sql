-- In which languages an agency speaks, which of them somebody chose, and how mails write money.
-- migrate:up scope:public
alter table users add column language text check (language ~ '^[a-z]{2,3}$');
comment on column users.language is 'Chosen by this person, or that of the browser at the first sign-in. Null: the agency''s.';

-- migrate:down scope:public
alter table users drop column language;

-- migrate:verify scope:public
select language from users limit 0;

-- migrate:up scope:tenant
-- No list of languages here: which there are is settled by the catalogues (src/web/assets/words, src/domain/wording.h).
alter table settings
    add column language text not null default 'en',
    add column languages text[] not null default '{en,fil}',
    add constraint settings_languages check (language = any (languages) and cardinality(languages) between 1 and 20
        and array_ndims(languages) = 1 and array_position(languages, null) is null and array_to_string(languages, ',') ~ '^[a-z]{2,3}(,[a-z]{2,3})*$');
comment on column settings.language is 'Of who has chosen none that is offered.';
comment on column settings.languages is 'Those that are offered, in the order in which they are shown.';

-- migrate:down scope:tenant
alter table settings drop column language, drop column languages;

-- migrate:verify scope:tenant
select language, languages from settings limit 0;
