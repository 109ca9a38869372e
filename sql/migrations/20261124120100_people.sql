-- People of an agency: viewers, who change nothing; members who are disabled here; second factors, and sessions that wait for one.
-- migrate:up scope:public
alter table user_tenant add column disabled_at timestamptz;
create index user_tenant_newest on user_tenant (tenant_id, created_at desc, user_id desc);
alter table tenants add column require_second_factor boolean not null default false;
comment on column tenants.require_second_factor is 'Whoever works there needs a second factor; until it is set up, a session reaches its own account only.';

create table second_factors (
    user_id       text primary key references users (id) on delete cascade,
    secret        bytea not null,
    confirmed_at  timestamptz,
    last_step     bigint not null default 0,
    created_at    timestamptz not null default now()
);
comment on column second_factors.secret is 'Sealed under SECRET_KEY. Before confirmed_at it is only offered.';
comment on column second_factors.last_step is 'The time step of the last code that was taken: neither it nor an earlier one is taken again.';

create table recovery_codes (
    user_id    text not null references second_factors (user_id) on delete cascade,
    code_hash  bytea not null check (length(code_hash) = 32),
    used_at    timestamptz,
    primary key (user_id, code_hash)
);

-- A sign-in whose first factor was right. Its token is in a cookie; the session begins with the second factor.
create table second_steps (
    token_hash    bytea primary key check (length(token_hash) = 32),
    user_id       text not null references users (id) on delete cascade,
    tenant_id     bigint not null references tenants (id) on delete cascade,
    password_sum  bytea check (length(password_sum) = 32),
    lead_token    text,
    expires_at    timestamptz not null default now() + interval '10 minutes'
);
comment on column second_steps.password_sum is 'SHA-256 of users.password as it was checked; null: no password was asked for.';
create index second_steps_user on second_steps (user_id);
create index second_steps_tenant on second_steps (tenant_id);
create index second_steps_expires on second_steps (expires_at);

create or replace function role_in(user_id text, tenant_id bigint) returns text language sql stable set search_path = public, pg_temp as $$
    select case min(r.role_id) when 1 then 'admin' when 2 then 'admin'  -- owner, admin
                               when 3 then 'staff'                      -- member
                               when 4 then 'viewer'
                               else 'client' end
    from user_roles r where r.user_id = role_in.user_id and r.tenant_id = role_in.tenant_id $$;

create function open_in(user_id text, tenant_id bigint) returns boolean language sql stable set search_path = public, pg_temp as $$
    select exists (select from tenants t where t.id = open_in.tenant_id and t.status = 'active')
       and not exists (select from user_tenant m where m.user_id = open_in.user_id and m.tenant_id = open_in.tenant_id and m.disabled_at is not null) $$;

create function confined_in(user_id text, tenant_id bigint) returns boolean language sql stable set search_path = public, pg_temp as $$
    select role_in(confined_in.user_id, confined_in.tenant_id) <> 'client'
       and exists (select from tenants t where t.id = confined_in.tenant_id and t.require_second_factor)
       and not exists (select from second_factors f where f.user_id = confined_in.user_id and f.confirmed_at is not null) $$;

alter table sessions add column confined boolean not null default false;
comment on column sessions.confined is 'True while somebody who needs a second factor has none.';
update sessions s set role = role_in(s.user_id, s.tenant_id) where s.role <> role_in(s.user_id, s.tenant_id);

create or replace function session_facts() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    perform from users where id = new.user_id for key share;  -- against a change that is under way: see session_roles()
    select t.schema_name, role_in(new.user_id, new.tenant_id), open_in(new.user_id, new.tenant_id), confined_in(new.user_id, new.tenant_id)
      into new.tenant, new.role, new.open, new.confined from tenants t where t.id = new.tenant_id;
    return new;
end $$;

create or replace function session_roles() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    perform from users where id in (old.user_id, new.user_id) order by id for update;
    if tg_op <> 'INSERT' then
        update sessions s set role = role_in(s.user_id, s.tenant_id), confined = confined_in(s.user_id, s.tenant_id)
         where s.user_id = old.user_id and s.tenant_id = old.tenant_id;
    end if;
    if tg_op <> 'DELETE' then
        update sessions s set role = role_in(s.user_id, s.tenant_id), confined = confined_in(s.user_id, s.tenant_id)
         where s.user_id = new.user_id and s.tenant_id = new.tenant_id;
    end if;
    return null;
end $$;

create or replace function session_tenants() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    update sessions s set tenant = new.schema_name, open = open_in(s.user_id, s.tenant_id), confined = confined_in(s.user_id, s.tenant_id)
     where s.tenant_id = new.id;
    return null;
end $$;
drop trigger session_tenants on tenants;
create trigger session_tenants after update of schema_name, status, require_second_factor on tenants for each row
    when (old.schema_name <> new.schema_name or old.status <> new.status or old.require_second_factor <> new.require_second_factor)
    execute function session_tenants();

-- Who is disabled is signed out at once; nothing else of theirs changes.
create function session_members() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    perform from users where id = new.user_id for update;
    delete from sessions where user_id = new.user_id and tenant_id = new.tenant_id;
    return null;
end $$;
create trigger session_members after update of disabled_at on user_tenant for each row
    when (old.disabled_at is null and new.disabled_at is not null) execute function session_members();

create function session_factors() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    perform from users where id in (old.user_id, new.user_id) order by id for update;
    update sessions s set confined = confined_in(s.user_id, s.tenant_id) where s.user_id in (old.user_id, new.user_id);
    return null;
end $$;
create trigger session_factors after insert or update of confirmed_at or delete on second_factors for each row execute function session_factors();

-- An agency that had an owner keeps one who may sign in. At the end of a transaction: one owner may make way for another in it.
create function last_owner() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('owners ' || old.tenant_id, 0));
    if exists (select from tenants where id = old.tenant_id)
       and not exists (select from user_roles r join users u on u.id = r.user_id and u.disabled_at is null
                       where r.tenant_id = old.tenant_id and r.role_id = 1
                         and not exists (select from user_tenant m where m.user_id = r.user_id and m.tenant_id = r.tenant_id and m.disabled_at is not null)) then
        raise check_violation using message = 'the last owner stays', constraint = 'user_roles_last_owner', table = 'user_roles';
    end if;
    return null;
end $$;
create constraint trigger last_owner after delete or update on user_roles deferrable initially deferred for each row
    when (old.role_id = 1) execute function last_owner();
create function last_owner_enabled() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    if exists (select from user_roles r where r.user_id = new.user_id and r.tenant_id = new.tenant_id and r.role_id = 1)
       and not exists (select from user_roles r join users u on u.id = r.user_id and u.disabled_at is null
                       join user_tenant m on m.user_id = r.user_id and m.tenant_id = r.tenant_id and m.disabled_at is null
                       where r.tenant_id = new.tenant_id and r.role_id = 1) then
        raise check_violation using message = 'the last owner stays', constraint = 'user_roles_last_owner', table = 'user_roles';
    end if;
    return null;
end $$;
create constraint trigger last_owner_enabled after update of disabled_at on user_tenant deferrable initially deferred for each row
    when (old.disabled_at is null and new.disabled_at is not null) execute function last_owner_enabled();

-- A viewer sees what staff see, in a transaction that PostgreSQL lets write nothing: my_role() is staff, and every change fails.
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

-- enter() for what is in public and somebody's own: their account, also while it waits for a second factor, and also a viewer's.
create function enter_own(token_hash bytea, tenant text)
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
revoke execute on function enter_own(bytea, text) from public;

do $$
declare
    app text := coalesce(nullif(current_setting('migrate.app_role', true), ''), 'lunaxcode_app');
begin
    execute format('grant execute on function enter_own(bytea, text) to %I', app);
    execute format('grant select, insert, update, delete on second_factors, recovery_codes, second_steps to %I', app);
    execute format('grant update (require_second_factor) on tenants to %I', app);
end $$;

-- migrate:down scope:public
do $$
declare
    app text := coalesce(nullif(current_setting('migrate.app_role', true), ''), 'lunaxcode_app');
begin
    execute format('revoke update (require_second_factor) on tenants from %I', app);
end $$;
drop function enter_own(bytea, text);
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
drop trigger last_owner_enabled on user_tenant;
drop function last_owner_enabled();
drop trigger last_owner on user_roles;
drop function last_owner();
drop trigger session_factors on second_factors;
drop function session_factors();
drop trigger session_members on user_tenant;
drop function session_members();
drop trigger session_tenants on tenants;
create or replace function role_in(user_id text, tenant_id bigint) returns text language sql stable set search_path = public, pg_temp as $$
    select case min(r.role_id) when 1 then 'admin' when 2 then 'admin'  -- owner, admin
                               when 3 then 'staff'                      -- member
                               else 'client' end
    from user_roles r where r.user_id = role_in.user_id and r.tenant_id = role_in.tenant_id $$;
create or replace function session_facts() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    perform from users where id = new.user_id for key share;  -- against a change of roles that is under way: see session_roles()
    select t.schema_name, role_in(new.user_id, new.tenant_id), t.status = 'active' into new.tenant, new.role, new.open
      from tenants t where t.id = new.tenant_id;
    return new;
end $$;
create or replace function session_roles() returns trigger language plpgsql set search_path = public, pg_temp as $$
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
create or replace function session_tenants() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    update sessions s set tenant = new.schema_name, open = new.status = 'active' where s.tenant_id = new.id;
    return null;
end $$;
create trigger session_tenants after update of schema_name, status on tenants for each row
    when (old.schema_name <> new.schema_name or old.status <> new.status) execute function session_tenants();
update sessions s set role = role_in(s.user_id, s.tenant_id), open = exists (select from tenants t where t.id = s.tenant_id and t.status = 'active');
alter table sessions drop column confined;
drop function confined_in(text, bigint);
drop function open_in(text, bigint);
drop table second_steps;
drop table recovery_codes;
drop table second_factors;
alter table tenants drop column require_second_factor;
drop index user_tenant_newest;
alter table user_tenant drop column disabled_at;

-- migrate:verify scope:public
select confined from sessions limit 0;
select disabled_at from user_tenant limit 0;
select require_second_factor from tenants limit 0;
select user_id, secret, confirmed_at, last_step, created_at from second_factors limit 0;
select user_id, code_hash, used_at from recovery_codes limit 0;
select token_hash, user_id, tenant_id, password_sum, lead_token, expires_at from second_steps limit 0;
do $$ begin
    assert (select prosecdef from pg_proc where oid = 'enter_own(bytea, text)'::regprocedure), 'enter_own() sees what its caller sees';
    assert not has_function_privilege('public', 'enter_own(bytea, text)', 'execute'), 'anyone may call enter_own()';
    assert (select count(*) = 4 from pg_trigger where tgname in ('session_members', 'session_factors', 'last_owner', 'last_owner_enabled') and tgenabled = 'O'),
           'a trigger that keeps sessions and owners true is missing';
    assert not exists (select from sessions s where s.role <> role_in(s.user_id, s.tenant_id) or s.open <> open_in(s.user_id, s.tenant_id)
                                                 or s.confined <> confined_in(s.user_id, s.tenant_id)), 'a session tells of another right than its own';
end $$;
