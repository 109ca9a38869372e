-- Leads: an onboarding draft kept as it is typed, page views, and the key that makes creation happen once.
-- migrate:up scope:tenant
create table leads (
    id               bigint generated always as identity primary key,
    token_hash       bytea not null unique check (length(token_hash) = 32),
    service_type_id  integer references service_types (id) on delete set null,
    user_id          text,
    name             text,
    email            text,
    phone            text,
    description      text,
    step             integer not null default 1 check (step between 1 and 3),
    status           text not null default 'open' check (status in ('open', 'claimed')),
    project_id       integer references projects (id) on delete set null,
    claimed_at       timestamptz,
    ip_hash          bytea,
    created_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now(),
    check ((status = 'claimed') = (claimed_at is not null))
);
create index leads_service_type on leads (service_type_id);
create index leads_user on leads (user_id) where user_id is not null;
create index leads_project on leads (project_id);
create index leads_updated on leads (updated_at);

create table questionnaire_responses (
    id            bigint generated always as identity primary key,
    lead_id       bigint not null references leads (id) on delete cascade,
    question_key  text not null check (question_key <> ''),
    answer_value  text not null,
    updated_at    timestamptz not null default now(),
    unique (lead_id, question_key)
);

create table lead_page_views (
    id          bigint generated always as identity primary key,
    lead_id     bigint references leads (id) on delete cascade,
    path        text not null check (path <> ''),
    referrer    text,
    created_at  timestamptz not null default now()
);
create index lead_page_views_lead on lead_page_views (lead_id);
create index lead_page_views_created on lead_page_views (created_at);

alter table projects add column lead_id bigint unique references leads (id) on delete set null;

create table idempotency_keys (
    user_id       text not null,
    key           text not null check (key <> ''),
    request_hash  bytea not null,
    project_id    integer references projects (id) on delete cascade,
    created_at    timestamptz not null default now(),
    primary key (user_id, key)
);
create index idempotency_keys_project on idempotency_keys (project_id);

-- migrate:down scope:tenant
drop table idempotency_keys;
alter table projects drop column lead_id;
drop table lead_page_views;
drop table questionnaire_responses;
drop table leads;

-- migrate:verify scope:tenant
select id, token_hash, service_type_id, user_id, name, email, phone, description, step, status, project_id, claimed_at, ip_hash,
       created_at, updated_at from leads limit 0;
select id, lead_id, question_key, answer_value, updated_at from questionnaire_responses limit 0;
select id, lead_id, path, referrer, created_at from lead_page_views limit 0;
select user_id, key, request_hash, project_id, created_at from idempotency_keys limit 0;
do $$ begin
    assert exists (select from pg_constraint where conname = 'projects_lead_id_key' and conrelid = 'projects'::regclass), 'a lead could be claimed twice';
end $$;
