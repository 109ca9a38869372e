-- The writing of a project's requirements document and plan: stage, progress, what was fixed, what it cost.
-- migrate:up scope:tenant
create table generations (
    id              bigint generated always as identity primary key,
    project_id      integer not null references projects (id) on delete cascade,
    requested_by    text,
    state           text not null default 'queued' check (state in ('queued', 'running', 'ready', 'failed')),
    stage           text not null default 'queued' check (stage in ('queued', 'prd', 'tasks', 'done')),
    progress        integer not null default 0 check (progress between 0 and 100),
    attempts        integer not null default 0 check (attempts >= 0),
    error           text,
    draft           boolean not null default false,
    model           text,
    prd             text,
    notes           jsonb not null default '[]' check (jsonb_typeof(notes) = 'array'),
    prompt_tokens   integer not null default 0 check (prompt_tokens >= 0),
    output_tokens   integer not null default 0 check (output_tokens >= 0),
    thought_tokens  integer not null default 0 check (thought_tokens >= 0),
    cost_micros     bigint not null default 0 check (cost_micros >= 0),
    duration_ms     bigint not null default 0 check (duration_ms >= 0),
    fence           bigint not null default 0,
    created_at      timestamptz not null default now(),
    started_at      timestamptz,
    finished_at     timestamptz,
    updated_at      timestamptz not null default now(),
    check (state not in ('ready', 'failed') or finished_at is not null)
);
comment on column generations.draft is 'Written by the built-in planner, not by the model.';
comment on column generations.notes is 'Every removal, merge and fill of the importer: {"kind", "detail"}.';
create unique index generations_live on generations (project_id) where state in ('queued', 'running');
create index generations_project on generations (project_id, id desc);

-- migrate:down scope:tenant
drop table generations;

-- migrate:verify scope:tenant
select id, project_id, requested_by, state, stage, progress, attempts, error, draft, model, prd, notes, prompt_tokens, output_tokens,
       thought_tokens, cost_micros, duration_ms, fence, created_at, started_at, finished_at, updated_at from generations limit 0;
do $$ begin
    assert (select indisunique and indisvalid from pg_index where indexrelid = 'generations_live'::regclass), 'a project could be written twice at once';
end $$;
