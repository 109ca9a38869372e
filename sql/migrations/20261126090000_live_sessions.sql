-- When a session holds is said once: a view that both ways in, and the view of one statement, read.
-- migrate:up scope:public
-- Of every tenant, so for the owner's functions alone. Whether one is confined to setting up a second factor is for its readers to say.
create view live_sessions as
    select s.id, s.token_hash, s.tenant, s.user_id, s.role, s.confined, s.last_seen_at, u.name, u.email, u.email_verified is not null as email_verified
    from sessions s join users u on u.id = s.user_id and u.disabled_at is null
    where s.open and s.expires_at > now() and s.last_seen_at > now() - interval '7 days';

create or replace view open_sessions with (security_barrier) as
    select s.token_hash, s.user_id, s.role in ('admin', 'staff', 'viewer') as works_here, s.last_seen_at
    from live_sessions s where s.tenant = current_user::text and not s.confined;

create or replace function enter(token_hash bytea, tenant text)
returns table (user_id text, name text, email text, email_verified boolean, role text, session_id bigint)
language plpgsql volatile security definer as $$
#variable_conflict use_column
declare
    seen timestamptz;
    confined boolean;
    done text;
begin
    select s.user_id, s.name, s.email, s.email_verified, s.role, s.id, s.last_seen_at, s.confined
      into enter.user_id, enter.name, enter.email, enter.email_verified, enter.role, enter.session_id, seen, confined
      from public.live_sessions s
     where s.token_hash = enter.token_hash and s.tenant = enter.tenant;
    if not found then
        done := set_config('lx.user', '', true);
        done := set_config('lx.role', '', true);
        return;
    end if;
    if confined then
        raise exception using errcode = 'LX403', message = 'Set up a second factor on your account page first: the agency asks for it from everybody who works there.';
    end if;
    -- Two requests of one session at once: the second does not wait for the first to note the time.
    if seen < now() - interval '60 seconds' then
        update public.sessions set last_seen_at = now()
         where id = (select s.id from public.sessions s where s.id = enter.session_id for update skip locked);
    end if;
    done := set_config('lx.user', enter.user_id, true);
    if enter.role = 'viewer' then
        done := set_config('lx.role', 'staff', true);
        done := set_config('transaction_read_only', 'on', true);
    else
        done := set_config('lx.role', enter.role, true);
    end if;
    return next;
end $$;

create or replace function enter_own(token_hash bytea, tenant text)
returns table (user_id text, name text, email text, email_verified boolean, role text, session_id bigint, confined boolean)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    seen timestamptz;
begin
    select s.user_id, s.name, s.email, s.email_verified, s.role, s.id, s.last_seen_at, s.confined
      into enter_own.user_id, enter_own.name, enter_own.email, enter_own.email_verified, enter_own.role, enter_own.session_id, seen, enter_own.confined
      from live_sessions s
     where s.token_hash = enter_own.token_hash and s.tenant = enter_own.tenant;
    if not found then
        perform set_config('lx.user', '', true), set_config('lx.role', '', true);
        return;
    end if;
    if seen < now() - interval '60 seconds' then
        update sessions set last_seen_at = now()
         where id = (select s.id from sessions s where s.id = enter_own.session_id for update skip locked);
    end if;
    perform set_config('lx.user', enter_own.user_id, true), set_config('lx.role', case when enter_own.confined then 'confined' else enter_own.role end, true);
    return next;
end $$;

-- migrate:down scope:public
create or replace function enter(token_hash bytea, tenant text)
returns table (user_id text, name text, email text, email_verified boolean, role text, session_id bigint)
language plpgsql volatile security definer as $$
#variable_conflict use_column
declare
    seen timestamptz;
    confined boolean;
    done text;
begin
    select s.user_id, u.name, u.email, u.email_verified is not null, s.role, s.id, s.last_seen_at, s.confined
      into enter.user_id, enter.name, enter.email, enter.email_verified, enter.role, enter.session_id, seen, confined
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
    if confined then
        raise exception using errcode = 'LX403', message = 'Set up a second factor on your account page first: the agency asks for it from everybody who works there.';
    end if;
    -- Two requests of one session at once: the second does not wait for the first to note the time.
    if seen < now() - interval '60 seconds' then
        update public.sessions set last_seen_at = now()
         where id = (select s.id from public.sessions s where s.id = enter.session_id for update skip locked);
    end if;
    done := set_config('lx.user', enter.user_id, true);
    if enter.role = 'viewer' then
        done := set_config('lx.role', 'staff', true);
        done := set_config('transaction_read_only', 'on', true);
    else
        done := set_config('lx.role', enter.role, true);
    end if;
    return next;
end $$;

create or replace function enter_own(token_hash bytea, tenant text)
returns table (user_id text, name text, email text, email_verified boolean, role text, session_id bigint, confined boolean)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    seen timestamptz;
begin
    select s.user_id, u.name, u.email, u.email_verified is not null, s.role, s.id, s.last_seen_at, s.confined
      into enter_own.user_id, enter_own.name, enter_own.email, enter_own.email_verified, enter_own.role, enter_own.session_id, seen, enter_own.confined
      from sessions s
      join users u on u.id = s.user_id and u.disabled_at is null
     where s.token_hash = enter_own.token_hash and s.tenant = enter_own.tenant and s.open
       and s.expires_at > now() and s.last_seen_at > now() - interval '7 days';
    if not found then
        perform set_config('lx.user', '', true), set_config('lx.role', '', true);
        return;
    end if;
    if seen < now() - interval '60 seconds' then
        update sessions set last_seen_at = now()
         where id = (select s.id from sessions s where s.id = enter_own.session_id for update skip locked);
    end if;
    perform set_config('lx.user', enter_own.user_id, true), set_config('lx.role', case when enter_own.confined then 'confined' else enter_own.role end, true);
    return next;
end $$;

create or replace view open_sessions with (security_barrier) as
    select s.token_hash, s.user_id, s.role in ('admin', 'staff', 'viewer') as works_here, s.last_seen_at
    from sessions s join users u on u.id = s.user_id and u.disabled_at is null
    where s.tenant = current_user::text and s.open and not s.confined
      and s.expires_at > now() and s.last_seen_at > now() - interval '7 days';
drop view live_sessions;

-- migrate:verify scope:public
do $$
declare
    app text := coalesce(nullif(current_setting('migrate.app_role', true), ''), 'lunaxcode_app');
begin
    assert not has_table_privilege(app, 'live_sessions', 'select'), 'the programs could read every tenant''s sessions past their functions';
    assert (select reloptions = '{security_barrier=true}' from pg_class where oid = 'open_sessions'::regclass), 'open_sessions could be asked for what it hides';
    assert (select bool_and(prosrc like '%live_sessions%') from pg_proc where oid in ('enter(bytea, text)'::regprocedure, 'enter_own(bytea, text)'::regprocedure)),
           'a way in has its own idea of when a session holds';
end $$;
