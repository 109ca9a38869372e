-- What a request calls in public: who it is, refusing, queueing work and mail. They run as the owner and see only what they must.
-- migrate:up scope:public
-- In the path of every request with a session: the full names of tables stand for a search_path of its own, which would
-- cost a third of the call. Functions and operators are pg_catalog's, as nobody else may create any.
create function enter(token_hash bytea, tenant text)
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

create function me() returns text language sql stable parallel safe
    return nullif(current_setting('lx.user', true), '');

create function my_role() returns text language sql stable parallel safe
    return nullif(current_setting('lx.role', true), '');

-- An access check in the middle of a pipeline: the error ends the transaction, its code is the HTTP status.
create function deny(status integer, detail text) returns boolean language plpgsql volatile as $$
begin
    raise exception using errcode = 'LX' || status, message = detail;
end $$;

create function enqueue(kind text, key text, payload jsonb, run_after timestamptz default now()) returns bigint
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    caller text := current_setting('role');
    job bigint;
begin
    if not exists (select from tenants where schema_name = caller) then
        raise insufficient_privilege using message = format('enqueue: role %s is no tenant', caller);
    end if;
    loop
        insert into jobs (tenant, kind, key, payload, run_after)
        values (caller, enqueue.kind, enqueue.key, coalesce(enqueue.payload, '{}'), coalesce(enqueue.run_after, now()))
            on conflict (tenant, kind, key) where state in ('queued', 'running') do nothing
        returning id into job;
        if job is null then
            select id into job from jobs
             where tenant = caller and kind = enqueue.kind and key = enqueue.key and state in ('queued', 'running');
        end if;
        exit when job is not null;  -- null: the live one has just finished, so queue again
    end loop;
    perform pg_notify('jobs', '');
    return job;
end $$;

create function post_mail(to_addr text, subject text, body_text text, body_html text default null) returns bigint
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    caller text := nullif(current_setting('role'), 'none');
    mail bigint;
begin
    if caller is null and has_table_privilege(session_user, 'public.outbox', 'insert') then
        null;  -- mail of the installation itself
    elsif caller is null or not exists (select from tenants where schema_name = caller) then
        raise insufficient_privilege using message = format('post_mail: role %s is no tenant', coalesce(caller, session_user));
    end if;
    insert into outbox (tenant, to_addr, subject, body_text, body_html)
    values (caller, post_mail.to_addr, post_mail.subject, post_mail.body_text, post_mail.body_html)
    returning id into mail;
    perform pg_notify('jobs', '');
    return mail;
end $$;

-- Tenant roles come and go and would each be a grant on these rows of the catalogue: so PUBLIC may call them, and they ask who calls.
revoke execute on function enter(bytea, text) from public;

-- migrate:down scope:public
drop function post_mail(text, text, text, text);
drop function enqueue(text, text, jsonb, timestamptz);
drop function deny(integer, text);
drop function my_role();
drop function me();
drop function enter(bytea, text);

-- migrate:verify scope:public
do $$ begin
    assert (select prosecdef from pg_proc where oid = 'enter(bytea, text)'::regprocedure), 'enter() sees what its caller sees';
    assert (select count(*) = 2 from pg_proc
             where oid in ('enqueue(text, text, jsonb, timestamptz)'::regprocedure, 'post_mail(text, text, text, text)'::regprocedure)
               and prosecdef and proconfig = array['search_path=public, pg_temp']), 'a function of the owner lacks its search_path';
    assert not has_function_privilege('public', 'enter(bytea, text)', 'execute'), 'anyone may call enter()';
    assert me() is null, 'me() knows somebody outside of a request';
    begin
        perform deny(404, 'x');
        assert false, 'deny() came back';
    exception when sqlstate 'LX404' then null;
    end;
end $$;
