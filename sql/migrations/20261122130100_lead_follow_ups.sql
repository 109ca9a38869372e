-- What staff write to people whose onboarding stopped, and lists that a spreadsheet opens without harm.
-- migrate:up scope:public
-- One cell of a CSV file (RFC 4180). What a spreadsheet would take for a formula begins with an apostrophe.
create function csv_cell(value text) returns text language sql immutable parallel safe
    return '"' || replace(case when value ~ '^[[:space:]]*[=+@|-]' or value ~ '^[[:cntrl:]]' then '''' || value else coalesce(value, '') end, '"', '""') || '"';

-- migrate:up scope:tenant
create table lead_follow_ups (
    id          bigint generated always as identity primary key,
    lead_id     bigint not null references leads (id) on delete cascade,
    to_addr     text not null check (to_addr <> ''),
    subject     text not null check (subject <> ''),
    message     text not null check (message <> ''),
    actor_id    text not null,
    created_at  timestamptz not null default now()
);
create index lead_follow_ups_lead on lead_follow_ups (lead_id, id);

-- migrate:down scope:tenant
drop table lead_follow_ups;

-- migrate:down scope:public
drop function csv_cell(text);

-- migrate:verify scope:public
do $$ begin
    assert csv_cell('=1+1') = '"''=1+1"' and csv_cell('a "b"') = '"a ""b"""' and csv_cell(null) = '""', 'a cell could be a formula';
end $$;

-- migrate:verify scope:tenant
select id, lead_id, to_addr, subject, message, actor_id, created_at from lead_follow_ups limit 0;
