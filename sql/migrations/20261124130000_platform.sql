-- Who owns the installation, and what they order to be done with tenants: jobs that a runner with the owner's rights carries out.
-- migrate:up scope:public
create table platform_owners (
    user_id     text primary key references users (id) on delete cascade,
    created_at  timestamptz not null default now()
);
comment on table platform_owners is 'Made by scripts/migrate tenants owner only: no program may write here.';

-- The column is slug and not tenant: tenants drop takes rows by a column tenant with it, and this one tells of the drop.
create table platform_jobs (
    id            bigint generated always as identity primary key,
    kind          text not null check (kind in ('create', 'export', 'delete')),
    slug          text not null check (slug ~ '^[a-z][a-z0-9_]{0,62}$' and slug not in ('public', 'information_schema') and slug not like 'pg\_%'),
    request       jsonb not null default '{}' check (jsonb_typeof(request) = 'object'),
    state         text not null default 'queued' check (state in ('queued', 'running', 'done', 'failed')),
    stage         text,
    error         text,
    result        jsonb not null default '{}' check (jsonb_typeof(result) = 'object'),
    claims        integer not null default 0 check (claims >= 0),
    lease_until   timestamptz,
    requested_by  text references users (id) on delete set null,
    created_at    timestamptz not null default now(),
    started_at    timestamptz,
    finished_at   timestamptz,
    check (state <> 'running' or lease_until is not null),
    check ((state in ('done', 'failed')) = (finished_at is not null)),
    check ((state = 'failed') = (error is not null))
);
create unique index platform_jobs_open on platform_jobs (slug) where state in ('queued', 'running');
create index platform_jobs_slug on platform_jobs (slug, id);
create index platform_jobs_requested_by on platform_jobs (requested_by);

-- A name as DNS has them, an IPv4 address, or an IPv6 one in brackets; no port.
create function is_host_name(host text) returns boolean language sql immutable parallel safe
    return length(host) <= 253 and (host ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$' or host ~ '^\[[0-9a-f:.]{2,45}\]$');

create or replace function tenant_hosts() returns trigger language plpgsql set search_path = public, pg_temp as $$
declare
    shared text;
begin
    new.hosts := array(select distinct lower(h) from unnest(new.hosts) h where h <> '' order by 1);
    perform pg_advisory_xact_lock(hashtext('public.tenants.hosts'));
    select h into shared from unnest(new.hosts) h where not is_host_name(h) and (tg_op = 'INSERT' or h <> all (old.hosts)) limit 1;
    if found then
        raise check_violation using message = format('%s is no host name', shared), constraint = 'tenants_host_names', table = 'tenants';
    end if;
    select h into shared from tenants t, unnest(t.hosts) h where t.id <> new.id and h = any (new.hosts) limit 1;
    if found then
        raise unique_violation using message = format('host %s belongs to another tenant', shared), constraint = 'tenants_hosts', table = 'tenants';
    end if;
    return new;
end $$;

-- What follows runs as the owner of the database, and asks for itself who calls: a program has no right of its own to change a tenant.
create function is_platform_owner() returns boolean language sql stable security definer set search_path = public, pg_temp as $$
    select exists (select from platform_owners o join users u on u.id = o.user_id and u.disabled_at is null where o.user_id = me()) $$;

create function need_platform_owner() returns void language plpgsql set search_path = public, pg_temp as $$
begin
    if me() is null then perform deny(401, 'Sign in first.'); end if;
    if not is_platform_owner() then perform deny(403, 'This is for the owner of this installation.'); end if;
end $$;

create function platform_job_json(j platform_jobs) returns json language sql stable set search_path = public, pg_temp as $$
    select json_build_object('id', j.id, 'kind', j.kind, 'slug', j.slug, 'name', j.request->>'name', 'state', j.state, 'stage', j.stage, 'error', j.error,
        'size', j.result->'size', 'sha256', j.result->>'sha256', 'available', j.result ? 'file', 'kept', j.result->>'kept',
        'createdAt', j.created_at, 'startedAt', j.started_at, 'finishedAt', j.finished_at,
        'waiting', j.state = 'queued' and j.created_at < now() - interval '30 seconds') $$;

-- Newest first; `next` is what `before` has to be for the page that follows.
create function platform_tenants(words text, status text, before bigint, amount integer) returns json
language plpgsql stable security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    one tenants;
    projects bigint;
    bytes bigint;
    found_rows json[] := '{}';
    next bigint;
begin
    perform need_platform_owner();
    for one in select t.* from tenants t
                where (platform_tenants.before is null or t.id < platform_tenants.before) and (platform_tenants.status = '' or t.status = platform_tenants.status)
                  and not t.settings ? 'platformJob'
                  and (words = '' or strpos(lower(concat_ws(' ', t.slug, t.name, array_to_string(t.hosts, ' '))), lower(words)) > 0)
                order by t.id desc limit amount + 1 loop
        if cardinality(found_rows) = amount then
            next := (found_rows[amount]->>'id')::bigint;
            exit;
        end if;
        projects := null;
        if to_regclass(format('%I.projects', one.schema_name)) is not null then
            execute format('select count(*) from %I.projects', one.schema_name) into projects;
        end if;
        select coalesce(sum(pg_total_relation_size(c.oid)), 0) into bytes
          from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = one.schema_name and c.relkind in ('r', 'm');
        found_rows := found_rows || json_build_object('id', one.id, 'slug', one.slug, 'name', one.name, 'hosts', to_json(one.hosts), 'isDefault', one.is_default,
            'status', one.status, 'createdAt', one.created_at, 'projects', projects, 'bytes', bytes,
            'people', (select count(distinct user_id) from user_roles r where r.tenant_id = one.id),
            'job', (select platform_job_json(j) from platform_jobs j where j.slug = one.slug order by j.id desc limit 1),
            'export', (select platform_job_json(j) from platform_jobs j where j.slug = one.slug and j.kind = 'export' and j.state = 'done' and j.result ? 'file'
                          and j.created_at >= one.created_at order by j.id desc limit 1));
    end loop;
    return json_build_object('tenants', array_to_json(found_rows), 'next', next);
end $$;

-- A tenant's name, hosts and status; null leaves one as it is; here: the schema of the tenant at whose address the caller is. Suspending ends its sessions by the trigger session_tenants.
create function change_tenant(tenant bigint, name text, hosts text[], status text, here text) returns boolean
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
    perform need_platform_owner();
    if change_tenant.status = 'suspended' and exists (select from tenants t where t.id = change_tenant.tenant and t.schema_name = here) then
        perform deny(409, 'You are signed in at this tenant and would shut yourself out. Sign in at another one and suspend it from there.');
    end if;
    update tenants t set name = coalesce(change_tenant.name, t.name), hosts = coalesce(change_tenant.hosts, t.hosts), status = coalesce(change_tenant.status, t.status)
     where t.id = change_tenant.tenant and not t.settings ? 'platformJob';
    return found;
end $$;

create function order_platform_job(kind text, slug text, request jsonb) returns bigint
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    there tenants;
    job bigint;
begin
    perform need_platform_owner();
    select * into there from tenants t where t.slug = order_platform_job.slug;
    if kind = 'create' then
        if there.id is not null or exists (select from pg_namespace n where n.nspname = order_platform_job.slug)
           or exists (select from pg_roles r where r.rolname = order_platform_job.slug and (r.rolcanlogin or r.rolsuper or r.rolcreaterole or r.rolcreatedb)) then
            perform deny(409, 'There is something of this short name already. Choose another.');
        end if;
    elsif there.id is null then
        perform deny(404, 'There is no such tenant.');
    elsif kind = 'delete' then
        if there.is_default then perform deny(409, 'This is the default tenant, to which every host leads that no other has. Make another the default first.'); end if;
        if there.status <> 'suspended' then perform deny(409, 'Suspend the tenant first, so that nobody works in it while it is taken away.'); end if;
        if not exists (select from platform_jobs j where j.slug = there.slug and j.kind = 'export' and j.state = 'done' and j.result ? 'file' and j.created_at >= there.created_at) then
            perform deny(409, 'Export the tenant first: there is no export of it that can be downloaded.');
        end if;
    end if;
    insert into platform_jobs (kind, slug, request, requested_by) values (order_platform_job.kind, order_platform_job.slug, order_platform_job.request, me())
        on conflict (slug) where state in ('queued', 'running') do nothing returning id into job;
    if job is null then perform deny(409, 'Something is being done with this tenant already. Wait until it is over.'); end if;
    return job;
end $$;

create function platform_jobs_page(job bigint, before bigint, amount integer) returns json
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
    answer json;
begin
    perform need_platform_owner();
    with found as (
        select j, row_number() over (order by j.id desc) as place from platform_jobs j
         where (platform_jobs_page.job is null or j.id = platform_jobs_page.job) and (platform_jobs_page.before is null or j.id < platform_jobs_page.before)
         order by j.id desc limit amount + 1)
    select json_build_object('jobs', coalesce(json_agg(platform_job_json(j) order by (j).id desc) filter (where place <= amount), '[]'),
                             'next', min((j).id) filter (where place = amount and (select count(*) from found) > amount)) into answer from found;
    return answer;
end $$;

create function platform_export(job bigint) returns table (file text, slug text)
language plpgsql stable security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
    perform need_platform_owner();
    return query select j.result->>'file', j.slug from platform_jobs j where j.id = platform_export.job and j.kind = 'export' and j.state = 'done' and j.result ? 'file';
end $$;

-- The worker removes the files of tenants that are gone (their bytes are kept beside the backup).
create function tenants_gone() returns table (slug text) language sql stable security definer set search_path = public, pg_temp as $$
    select distinct j.slug from platform_jobs j
     where j.kind = 'delete' and j.state = 'done' and not j.result ? 'filesRemoved' and not exists (select from tenants t where t.slug = j.slug or t.schema_name = j.slug)
       and not exists (select from platform_jobs o where o.slug = j.slug and o.state in ('queued', 'running')) order by 1 limit 100 $$;
create function note_files_removed(slug text) returns void language sql volatile security definer set search_path = public, pg_temp as $$
    update platform_jobs j set result = j.result || '{"filesRemoved": true}' where j.slug = note_files_removed.slug and j.kind = 'delete' and j.state = 'done' $$;

do $$
declare
    app text := coalesce(nullif(current_setting('migrate.app_role', true), ''), 'lunaxcode_app');
begin
    revoke execute on function is_platform_owner(), platform_tenants(text, text, bigint, integer), change_tenant(bigint, text, text[], text, text),
        order_platform_job(text, text, jsonb), platform_jobs_page(bigint, bigint, integer), platform_export(bigint), tenants_gone(), note_files_removed(text) from public;
    execute format('grant execute on function is_platform_owner(), platform_tenants(text, text, bigint, integer), change_tenant(bigint, text, text[], text, text),
        order_platform_job(text, text, jsonb), platform_jobs_page(bigint, bigint, integer), platform_export(bigint), tenants_gone(), note_files_removed(text) to %I', app);
end $$;

-- migrate:down scope:public
drop function note_files_removed(text);
drop function tenants_gone();
drop function platform_export(bigint);
drop function platform_jobs_page(bigint, bigint, integer);
drop function order_platform_job(text, text, jsonb);
drop function change_tenant(bigint, text, text[], text, text);
drop function platform_tenants(text, text, bigint, integer);
drop function platform_job_json(platform_jobs);
drop function need_platform_owner();
drop function is_platform_owner();
create or replace function tenant_hosts() returns trigger language plpgsql set search_path = public, pg_temp as $$
declare
    shared text;
begin
    new.hosts := array(select distinct lower(h) from unnest(new.hosts) h where h <> '' order by 1);
    perform pg_advisory_xact_lock(hashtext('public.tenants.hosts'));
    select h into shared from tenants t, unnest(t.hosts) h where t.id <> new.id and h = any (new.hosts) limit 1;
    if found then
        raise unique_violation using message = format('host %s belongs to another tenant', shared), constraint = 'tenants_hosts', table = 'tenants';
    end if;
    return new;
end $$;
drop function is_host_name(text);
drop table platform_jobs;
drop table platform_owners;

-- migrate:verify scope:public
select user_id, created_at from platform_owners limit 0;
select id, kind, slug, request, state, stage, error, result, claims, lease_until, requested_by, created_at, started_at, finished_at from platform_jobs limit 0;
do $$
declare
    app text := coalesce(nullif(current_setting('migrate.app_role', true), ''), 'lunaxcode_app');
begin
    assert is_host_name('agency.example') and is_host_name('127.0.0.1') and is_host_name('[::1]') and not is_host_name('a b') and not is_host_name('a.example:80'), 'host names are judged wrongly';
    assert not has_table_privilege(app, 'platform_owners', 'insert') and not has_table_privilege(app, 'platform_jobs', 'insert, update'), 'a program could make itself an owner';
    assert has_function_privilege(app, 'change_tenant(bigint, text, text[], text, text)', 'execute'), 'the programs cannot call change_tenant()';
    assert not has_function_privilege('public', 'order_platform_job(text, text, jsonb)', 'execute'), 'a tenant could order jobs';
    assert (select bool_and(prosecdef and proconfig = array['search_path=public, pg_temp']) from pg_proc
             where proname in ('is_platform_owner', 'platform_tenants', 'change_tenant', 'order_platform_job', 'platform_jobs_page', 'platform_export')
               and pronamespace = 'public'::regnamespace), 'a function of the owner lacks its search_path';
end $$;
