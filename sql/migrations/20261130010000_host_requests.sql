-- An agency asks for a domain of its own, and the owner of the installation confirms or declines it.
-- migrate:up scope:public
-- One request an agency: it waits, or was declined; one that is confirmed or taken back is gone, and the audit log tells of it.
create table host_requests (
    tenant_id    bigint primary key references tenants (id) on delete cascade,
    host         text not null check (is_host_name(host)),
    asked_by     text references users (id) on delete set null,
    asked_at     timestamptz not null default now(),
    declined_at  timestamptz,
    reason       text check (length(reason) between 1 and 500 and reason ~ '[^[:space:]]'),
    check ((declined_at is null) = (reason is null))
);
create unique index host_requests_waiting on host_requests (host) where declined_at is null;
create index host_requests_asked_by on host_requests (asked_by);

-- However an agency comes to a host, what it asked for is settled then.
create function host_request_settled() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    delete from host_requests r where r.tenant_id = new.id and r.host = any (new.hosts);
    return null;
end $$;
create trigger host_request_settled after update of hosts on tenants for each row execute function host_request_settled();

-- What follows runs as the owner of the database: first for an agency, which is known by its role, about itself alone.
create function asking_tenant() returns bigint language plpgsql stable set search_path = public, pg_temp as $$
declare
    found_id bigint := (select t.id from tenants t where t.schema_name = current_setting('role'));
begin
    if found_id is null then
        raise insufficient_privilege using message = format('host_requests: role %s is no tenant', current_setting('role'));
    end if;
    return found_id;
end $$;

create function host_request() returns json language sql stable security definer set search_path = public, pg_temp as $$
    select json_build_object('host', r.host, 'askedAt', r.asked_at, 'askedBy', u.name, 'declinedAt', r.declined_at, 'reason', r.reason)
      from host_requests r left join users u on u.id = r.asked_by where r.tenant_id = asking_tenant() $$;

-- Null where it is asked for now; else why not: it is its own already, or another's or another asks for it.
create function ask_for_host(host text) returns text
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    own bigint := asking_tenant();
begin
    perform pg_advisory_xact_lock(hashtext('public.tenants.hosts')); -- as tenant_hosts(): nobody else takes it meanwhile
    if exists (select from tenants t where t.id = own and ask_for_host.host = any (t.hosts)) then return 'own'; end if;
    if exists (select from tenants t where ask_for_host.host = any (t.hosts))
       or exists (select from host_requests r where r.host = ask_for_host.host and r.declined_at is null and r.tenant_id <> own) then
        return 'taken';
    end if;
    insert into host_requests as r (tenant_id, host, asked_by) values (own, ask_for_host.host, me())
        on conflict (tenant_id) do update set host = excluded.host, asked_by = excluded.asked_by, asked_at = now(), declined_at = null, reason = null
        where r.declined_at is not null;
    if not found then perform deny(409, 'You have asked for a domain already. Take that request back first.'); end if;
    return null;
end $$;

create function withdraw_host_request() returns text language sql volatile security definer set search_path = public, pg_temp as $$
    delete from host_requests r where r.tenant_id = asking_tenant() and r.declined_at is null returning r.host $$;

-- To the owners of the installation, whose addresses an agency does not learn: only what this very transaction asked for.
-- letters: by language, each {subject, text, html}.
create function tell_of_host_request(letters jsonb) returns bigint
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    mails bigint;
begin
    if not exists (select from host_requests r where r.tenant_id = asking_tenant() and r.declined_at is null and r.asked_at = now()) then
        raise insufficient_privilege using message = 'tell_of_host_request: nothing is asked for';
    end if;
    insert into outbox (tenant, to_addr, subject, body_text, body_html)
    select current_setting('role'), u.email, l->>'subject', l->>'text', l->>'html'
      from platform_owners o join users u on u.id = o.user_id and u.disabled_at is null, coalesce(letters->u.language, letters->'en') l
     order by o.created_at limit 20;
    get diagnostics mails = row_count;
    perform pg_notify('jobs', '');
    return mails;
end $$;

-- Then for the owner of the installation. A request that waits and is for one of these hosts, held until the transaction ends; in
-- which agency, and the address of who asked.
create function waiting_host_request(tenant bigint, hosts text[]) returns table (host text, schema_name text, email text)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
    perform need_platform_owner();
    perform pg_advisory_xact_lock(hashtext('public.tenants.hosts')); -- before the row, as ask_for_host()
    return query select r.host, t.schema_name, u.email
      from host_requests r join tenants t on t.id = r.tenant_id left join users u on u.id = r.asked_by and u.disabled_at is null
     where r.tenant_id = waiting_host_request.tenant and r.declined_at is null and r.host = any (waiting_host_request.hosts) for update of r;
end $$;

create function decline_host_request(tenant bigint, reason text) returns boolean
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
    perform need_platform_owner();
    update host_requests r set declined_at = now(), reason = decline_host_request.reason where r.tenant_id = decline_host_request.tenant and r.declined_at is null;
    return found;
end $$;

create or replace function platform_tenants(words text, status text, before bigint, amount integer) returns json
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
                where (platform_tenants.before is null or t.id < platform_tenants.before) and (platform_tenants.status in ('', 'asking') or t.status = platform_tenants.status)
                  and not t.settings ? 'platformJob'
                  and (platform_tenants.status <> 'asking' or exists (select from host_requests r where r.tenant_id = t.id and r.declined_at is null))
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
            'hostRequest', (select json_build_object('host', r.host, 'askedAt', r.asked_at, 'askedBy', u.name) from host_requests r left join users u on u.id = r.asked_by
                              where r.tenant_id = one.id and r.declined_at is null),
            'export', (select platform_job_json(j) from platform_jobs j where j.slug = one.slug and j.kind = 'export' and j.state = 'done' and j.result ? 'file'
                          and j.created_at >= one.created_at order by j.id desc limit 1));
    end loop;
    return json_build_object('tenants', array_to_json(found_rows), 'next', next);
end $$;

do $$
declare
    app text := coalesce(nullif(current_setting('migrate.app_role', true), ''), 'lunaxcode_app');
begin
    revoke execute on function waiting_host_request(bigint, text[]), decline_host_request(bigint, text), asking_tenant() from public;
    execute format('grant execute on function waiting_host_request(bigint, text[]), decline_host_request(bigint, text) to %I', app);
end $$;

-- migrate:down scope:public
create or replace function platform_tenants(words text, status text, before bigint, amount integer) returns json
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
drop function decline_host_request(bigint, text);
drop function waiting_host_request(bigint, text[]);
drop function tell_of_host_request(jsonb);
drop function withdraw_host_request();
drop function ask_for_host(text);
drop function host_request();
drop function asking_tenant();
drop trigger host_request_settled on tenants;
drop function host_request_settled();
drop table host_requests;

-- migrate:verify scope:public
select tenant_id, host, asked_by, asked_at, declined_at, reason from host_requests limit 0;
do $$
declare
    app text := coalesce(nullif(current_setting('migrate.app_role', true), ''), 'lunaxcode_app');
begin
    assert not has_table_privilege(app, 'host_requests', 'select, insert, update, delete'), 'a program could change what agencies ask for';
    assert has_function_privilege(app, 'decline_host_request(bigint, text)', 'execute'), 'the programs cannot call decline_host_request()';
    assert not has_function_privilege('public', 'waiting_host_request(bigint, text[])', 'execute'), 'a tenant could see what others ask for';
    assert exists (select from pg_trigger where tgrelid = 'tenants'::regclass and tgname = 'host_request_settled'), 'a request outlives its host';
    assert (select count(*) = 6 and bool_and(prosecdef and proconfig = array['search_path=public, pg_temp']) from pg_proc
             where proname in ('host_request', 'ask_for_host', 'withdraw_host_request', 'tell_of_host_request', 'waiting_host_request', 'decline_host_request')
               and pronamespace = 'public'::regnamespace), 'a function of the owner lacks its search_path';
end $$;
