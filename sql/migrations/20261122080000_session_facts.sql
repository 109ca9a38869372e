-- A session knows what each of its requests asks: its tenant's schema, its person's role there, whether it may enter at all.
-- Triggers keep that true, so that enter(), the dearest statement of a request, reads two tables instead of four.
-- migrate:up scope:public
create function role_in(user_id text, tenant_id bigint) returns text language sql stable set search_path = public, pg_temp as $$
    select case min(r.role_id) when 1 then 'admin' when 2 then 'admin'  -- owner, admin
                               when 3 then 'staff'                      -- member
                               else 'client' end
    from user_roles r where r.user_id = role_in.user_id and r.tenant_id = role_in.tenant_id $$;

alter table sessions
    add column tenant text,
    add column role text,
    add column open boolean not null default true;  -- false while the tenant is suspended
update sessions s set tenant = t.schema_name, role = role_in(s.user_id, s.tenant_id), open = t.status = 'active'
  from tenants t where t.id = s.tenant_id;
alter table sessions alter column tenant set not null, alter column role set not null;

create function session_facts() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    perform from users where id = new.user_id for key share;  -- against a change of roles that is under way: see session_roles()
    select t.schema_name, role_in(new.user_id, new.tenant_id), t.status = 'active' into new.tenant, new.role, new.open
      from tenants t where t.id = new.tenant_id;
    return new;
end $$;
create trigger session_facts before insert or update of user_id, tenant_id on sessions for each row execute function session_facts();

create function session_roles() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    perform from users where id in (old.user_id, new.user_id) for update;
    if tg_op <> 'INSERT' then
        update sessions s set role = role_in(s.user_id, s.tenant_id) where s.user_id = old.user_id and s.tenant_id = old.tenant_id;
    end if;
    if tg_op <> 'DELETE' then
        update sessions s set role = role_in(s.user_id, s.tenant_id) where s.user_id = new.user_id and s.tenant_id = new.tenant_id;
    end if;
    return null;
end $$;
create trigger session_roles after insert or update or delete on user_roles for each row execute function session_roles();

create function session_tenants() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    update sessions s set tenant = new.schema_name, open = new.status = 'active' where s.tenant_id = new.id;
    return null;
end $$;
create trigger session_tenants after update of schema_name, status on tenants for each row
    when (old.schema_name <> new.schema_name or old.status <> new.status) execute function session_tenants();

-- Assignments instead of PERFORM, which is a query.
create or replace function enter(token_hash bytea, tenant text)
returns table (user_id text, name text, email text, email_verified boolean, role text, session_id bigint)
language plpgsql volatile security definer as $$
#variable_conflict use_column
declare
    seen timestamptz;
    done text;
begin
    select s.user_id, u.name, u.email, u.email_verified is not null, s.role, s.id, s.last_seen_at
      into enter.user_id, enter.name, enter.email, enter.email_verified, enter.role, enter.session_id, seen
      from public.sessions s
      join public.users u on u.id = s.user_id and u.disabled_at is null
     where s.token_hash = enter.token_hash
       and s.tenant = enter.tenant
       and s.open
       and s.expires_at > now()
       and s.last_seen_at > now() - interval '7 days';
    if not found then
        done := set_config('lx.user', '', true);
        done := set_config('lx.role', '', true);
        return;
    end if;
    -- Two requests of one session at once: the second does not wait for the first to note the time.
    if seen < now() - interval '60 seconds' then
        update public.sessions set last_seen_at = now()
         where id = (select s.id from public.sessions s where s.id = enter.session_id for update skip locked);
    end if;
    done := set_config('lx.user', enter.user_id, true);
    done := set_config('lx.role', enter.role, true);
    return next;
end $$;

-- migrate:down scope:public
create or replace function enter(token_hash bytea, tenant text)
returns table (user_id text, name text, email text, email_verified boolean, role text, session_id bigint)
language plpgsql volatile security definer as $$
#variable_conflict use_column
declare
    seen timestamptz;
begin
    select s.user_id, u.name, u.email, u.email_verified is not null,
           case (select min(ur.role_id) from public.user_roles ur where ur.user_id = s.user_id and ur.tenant_id = s.tenant_id)
                when 1 then 'admin' when 2 then 'admin'  -- owner, admin
                when 3 then 'staff'                      -- member
                else 'client' end,
           s.id, s.last_seen_at
      into enter.user_id, enter.name, enter.email, enter.email_verified, enter.role, enter.session_id, seen
      from public.sessions s
      join public.users u on u.id = s.user_id and u.disabled_at is null
      join public.tenants t on t.id = s.tenant_id and t.status = 'active'
     where s.token_hash = enter.token_hash
       and t.schema_name = enter.tenant
       and s.expires_at > now()
       and s.last_seen_at > now() - interval '7 days';
    if not found then
        perform set_config('lx.user', '', true), set_config('lx.role', '', true);
        return;
    end if;
    -- Two requests of one session at once: the second does not wait for the first to note the time.
    if seen < now() - interval '60 seconds' then
        update public.sessions set last_seen_at = now()
         where id = (select s.id from public.sessions s where s.id = enter.session_id for update skip locked);
    end if;
    perform set_config('lx.user', enter.user_id, true), set_config('lx.role', enter.role, true);
    return next;
end $$;
drop trigger session_tenants on tenants;
drop function session_tenants();
drop trigger session_roles on user_roles;
drop function session_roles();
drop trigger session_facts on sessions;
drop function session_facts();
alter table sessions drop column open, drop column role, drop column tenant;
drop function role_in(text, bigint);

-- migrate:verify scope:public
select tenant, role, open from sessions limit 0;
do $$ begin
    assert (select prosecdef from pg_proc where oid = 'enter(bytea, text)'::regprocedure), 'enter() sees what its caller sees';
    assert not has_function_privilege('public', 'enter(bytea, text)', 'execute'), 'anyone may call enter()';
    assert (select count(*) = 3 from pg_trigger where tgname in ('session_facts', 'session_roles', 'session_tenants') and tgenabled = 'O'),
           'a trigger that keeps sessions true is missing';
    assert not exists (select from sessions s join tenants t on t.id = s.tenant_id
                       where s.tenant <> t.schema_name or s.role <> role_in(s.user_id, s.tenant_id) or s.open <> (t.status = 'active')),
           'a session tells of another role or tenant than its own';
end $$;
