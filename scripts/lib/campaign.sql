-- What deploys have done, and which of them is not at its end: a row a deploy, and one for each schema it has to do with.
create table if not exists public.schema_campaigns (
    id             bigint generated always as identity primary key,
    state          text not null default 'running' check (state in ('running', 'stopped', 'done', 'superseded')),
    selection      text not null,
    manifest       jsonb not null,
    manifest_hash  text not null,
    options        jsonb not null,
    gate           integer not null default -1,
    runs           integer not null default 1,
    started_by     text not null,
    started_at     timestamptz not null default clock_timestamp(),
    resumed_at     timestamptz,
    finished_at    timestamptz,
    note           text
);
create table if not exists public.schema_campaign_results (
    campaign     bigint not null references public.schema_campaigns on delete cascade,
    schema       text not null,
    place        integer not null,
    wave         integer not null,
    state        text not null default 'pending' check (state in ('pending', 'running', 'done', 'failed', 'dropped')),
    applied      integer not null default 0,
    started_at   timestamptz,
    finished_at  timestamptz,
    migration    text,
    sqlstate     text,
    statement    integer,
    line         integer,
    message      text,
    primary key (campaign, schema)
) with (fillfactor = 50);
comment on table public.schema_campaigns is 'scripts/migrate: one deploy over many schemas; manifest holds the SHA-256 of every file, gate the last wave whose health was found good';
comment on table public.schema_campaign_results is 'scripts/migrate: what a campaign did in each schema';
