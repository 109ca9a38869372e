-- enter() is in the path of every request with a session: an assignment costs a tenth of what PERFORM, a query, does.
-- migrate:up scope:public
create or replace function enter(token_hash bytea, tenant text)
returns table (user_id text, name text, email text, email_verified boolean, role text, session_id bigint)
language plpgsql volatile security definer as $$
#variable_conflict use_column
declare
    seen timestamptz;
    done text;
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

-- migrate:verify scope:public
do $$ begin
    assert (select prosecdef from pg_proc where oid = 'enter(bytea, text)'::regprocedure), 'enter() sees what its caller sees';
    assert not has_function_privilege('public', 'enter(bytea, text)', 'execute'), 'anyone may call enter()';
end $$;
