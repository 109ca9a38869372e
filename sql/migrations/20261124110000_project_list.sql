-- The list of projects that staff work with: its filters by index, and views that a person saves.
-- migrate:up scope:tenant
create index projects_due on projects (end_date, id) where end_date is not null;
create index projects_status on projects (status, id desc);
create index projects_payment_status on projects (payment_status, id desc);

create table saved_views (
    id          bigint generated always as identity primary key,
    user_id     text not null,
    page        text not null check (page in ('projects')),
    name        text not null check (name ~ '[^[:space:]]' and length(name) <= 60),
    query       text not null check (length(query) <= 1000 and query !~ '[[:cntrl:]]'),
    created_at  timestamptz not null default now()
);
create unique index saved_views_name on saved_views (user_id, page, lower(name));
comment on column saved_views.query is 'What stands after the ? in the address of the page.';

-- migrate:down scope:tenant
drop table saved_views;
drop index projects_payment_status;
drop index projects_status;
drop index projects_due;

-- migrate:verify scope:tenant
select id, user_id, page, name, query, created_at from saved_views limit 0;
do $$ begin
    assert (select count(*) = 3 from pg_index where indisvalid and indrelid = 'projects'::regclass and indexrelid::regclass::text in ('projects_due', 'projects_status', 'projects_payment_status')),
           'projects are filtered without an index';
end $$;
