-- Why a job of the platform failed, as a code that people read in their own language; `error` keeps what the tool said, for support.
-- migrate:up scope:public
alter table platform_jobs add column failure text
    constraint platform_jobs_failure_check check (failure in ('taken', 'owner-disabled', 'not-suspended', 'worn-out', 'no-place', 'schema-failed', 'demo-failed', 'owner-failed',
                                                              'archive-failed', 'files-failed', 'drop-failed', 'other')),
    add constraint platform_jobs_failed_check check (failure is null or state = 'failed');
update platform_jobs set failure = case when error like 'There is a tenant % already.' then 'taken' when error like '%address is disabled.' then 'owner-disabled'
                                        when error like '%is not suspended any more%' then 'not-suspended' when error like 'It was begun % times%' then 'worn-out'
                                        when error like '%no place for the archive.' then 'no-place'
                                        when stage in ('schema', 'demo', 'owner', 'archive', 'files', 'drop') then stage || '-failed' else 'other' end
 where state = 'failed';

create or replace function platform_job_json(j platform_jobs) returns json language sql stable set search_path = public, pg_temp as $$
    select json_build_object('id', j.id, 'kind', j.kind, 'slug', j.slug, 'name', j.request->>'name', 'state', j.state, 'stage', j.stage, 'error', j.error, 'failure', j.failure,
        'size', j.result->'size', 'sha256', j.result->>'sha256', 'available', j.result ? 'file', 'kept', j.result->>'kept',
        'createdAt', j.created_at, 'startedAt', j.started_at, 'finishedAt', j.finished_at,
        'waiting', j.state = 'queued' and j.created_at < now() - interval '30 seconds') $$;

-- migrate:down scope:public
create or replace function platform_job_json(j platform_jobs) returns json language sql stable set search_path = public, pg_temp as $$
    select json_build_object('id', j.id, 'kind', j.kind, 'slug', j.slug, 'name', j.request->>'name', 'state', j.state, 'stage', j.stage, 'error', j.error,
        'size', j.result->'size', 'sha256', j.result->>'sha256', 'available', j.result ? 'file', 'kept', j.result->>'kept',
        'createdAt', j.created_at, 'startedAt', j.started_at, 'finishedAt', j.finished_at,
        'waiting', j.state = 'queued' and j.created_at < now() - interval '30 seconds') $$;
alter table platform_jobs drop column failure;

-- migrate:verify scope:public
select failure from platform_jobs limit 0;
