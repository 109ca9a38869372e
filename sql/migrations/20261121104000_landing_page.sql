-- The sections of the landing page.
-- migrate:up scope:tenant
create table landing_page_content (
    id          bigint generated always as identity primary key,
    key         text not null unique check (key <> ''),
    title       text not null,
    content     jsonb not null default '{}' check (jsonb_typeof(content) = 'object'),
    sort_order  integer not null default 0,
    is_active   boolean not null default true,
    updated_at  timestamptz not null default now()
);

-- migrate:down scope:tenant
drop table landing_page_content;

-- migrate:verify scope:tenant
select id, key, title, content, sort_order, is_active, updated_at from landing_page_content limit 0;
