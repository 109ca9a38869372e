-- The work that outlives a request: jobs under a lease, and mail to send.
-- migrate:up scope:public
create table jobs (
    id            bigint generated always as identity primary key,
    tenant        text not null,
    kind          text not null check (kind <> ''),
    key           text not null,
    payload       jsonb not null default '{}',
    state         text not null default 'queued' check (state in ('queued', 'running', 'done', 'failed')),
    run_after     timestamptz not null default now(),
    attempts      integer not null default 0 check (attempts >= 0),
    max_attempts  integer not null default 5 check (max_attempts > 0),
    lease_until   timestamptz,
    fence         bigint not null default 0,
    worker        text,
    last_error    text,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    finished_at   timestamptz,
    check (state <> 'running' or lease_until is not null)
);
create unique index jobs_live on jobs (tenant, kind, key) where state in ('queued', 'running');
create index jobs_queued on jobs (run_after, id) where state = 'queued';
create index jobs_leased on jobs (lease_until) where state = 'running';
create index jobs_finished on jobs (finished_at) where finished_at is not null;

create table outbox (
    id           bigint generated always as identity primary key,
    tenant       text,
    to_addr      text not null check (to_addr <> '' and to_addr !~ '[[:cntrl:]]'),
    subject      text not null check (subject !~ '[[:cntrl:]]'),
    body_text    text not null,
    body_html    text,
    message_id   text not null unique default gen_random_uuid()::text || '@lunaxcode' check (message_id !~ '[[:cntrl:][:space:]<>]'),
    state        text not null default 'queued' check (state in ('queued', 'sending', 'sent', 'failed')),
    attempts     integer not null default 0 check (attempts >= 0),
    run_after    timestamptz not null default now(),
    lease_until  timestamptz,
    fence        bigint not null default 0,
    last_error   text,
    created_at   timestamptz not null default now(),
    sent_at      timestamptz,
    check (state <> 'sending' or lease_until is not null),
    check ((state = 'sent') = (sent_at is not null))
);
create index outbox_queued on outbox (run_after, id) where state = 'queued';
create index outbox_leased on outbox (lease_until) where state = 'sending';

-- migrate:down scope:public
drop table outbox;
drop table jobs;

-- migrate:verify scope:public
select id, tenant, kind, key, payload, state, run_after, attempts, max_attempts, lease_until, fence, worker, last_error,
       created_at, updated_at, finished_at from jobs limit 0;
select id, tenant, to_addr, subject, body_text, body_html, message_id, state, attempts, run_after, lease_until, fence, last_error,
       created_at, sent_at from outbox limit 0;
do $$ begin
    assert (select indisunique and indisvalid from pg_index where indexrelid = 'jobs_live'::regclass), 'a job could be queued twice';
end $$;
