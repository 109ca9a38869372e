-- Invitations: to work at an agency, or to follow one project; sent again, withdrawn, accepted once by who has the address.
-- migrate:up scope:public
alter table invitations
    add column project_id    integer,
    add column project_name  text,
    add column project_role  text check (project_role in ('view', 'work')),
    add column sent_at       timestamptz not null default now(),
    add column sent_count    integer not null default 1 check (sent_count > 0),
    add column accepted_by   text references users (id),
    add column withdrawn_at  timestamptz,
    add column withdrawn_by  text references users (id),
    add constraint invitations_project check (num_nonnulls(project_id, project_name, project_role) in (0, 3)),
    add constraint invitations_ended_once check (accepted_at is null or withdrawn_at is null);
comment on column invitations.project_id is 'Of the tenant''s projects: what a contact is invited to. Null: to the agency itself, as role_id says.';
comment on column invitations.project_name is 'As it was when the invitation was sent; its link is opened before anything of the tenant may be read.';

insert into legacy_values (table_name, row_id, column_name, old_value, reason)
select 'invitations', id::text, 'withdrawn_at', null, 'a later one to the same address is open' from (
    select id, row_number() over (partition by tenant_id, lower(email) order by id desc) as place from invitations where accepted_at is null) d where place > 1;
update invitations set withdrawn_at = now() where accepted_at is null and id in (
    select row_id::bigint from legacy_values where table_name = 'invitations' and column_name = 'withdrawn_at');
create unique index invitations_open on invitations (tenant_id, lower(email), coalesce(project_id, 0)) where accepted_at is null and withdrawn_at is null;
create index invitations_newest on invitations (tenant_id, created_at desc, id desc);
create index invitations_of_project on invitations (tenant_id, project_id, id desc) where project_id is not null;
create index invitations_accepted_by on invitations (accepted_by) where accepted_by is not null;
create index invitations_withdrawn_by on invitations (withdrawn_by) where withdrawn_by is not null;

-- Whether somebody may give this role there now: owners and administrators are an owner's to make. What was sent by who may no
-- longer do so opens nothing.
create function may_give(user_id text, tenant_id bigint, role_id integer) returns boolean language sql stable set search_path = public, pg_temp as $$
    select exists (select from users u where u.id = may_give.user_id and u.disabled_at is null)
       and not exists (select from user_tenant m where m.user_id = may_give.user_id and m.tenant_id = may_give.tenant_id and m.disabled_at is not null)
       and case when may_give.role_id = 5 then true
                else coalesce((select min(r.role_id) from user_roles r where r.user_id = may_give.user_id and r.tenant_id = may_give.tenant_id)
                              <= case when may_give.role_id <= 2 then 1 else 2 end, false) end $$;

create function invitation_state(one invitations) returns text language sql stable set search_path = public, pg_temp as $$
    select case when one.accepted_at is not null then 'accepted' when one.withdrawn_at is not null then 'withdrawn'
                when one.expires_at <= now() then 'expired' when not may_give(one.created_by, one.tenant_id, one.role_id) then 'withdrawn'
                else 'open' end $$;

-- The tenant that asks: a tenant's role can only name its own, the login role names any.
create function asking_tenant(tenant text) returns bigint language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
    caller text := nullif(current_setting('role'), 'none');
    place bigint;
begin
    if caller is null and not has_table_privilege(session_user, 'public.invitations', 'insert') or caller is not null and caller <> asking_tenant.tenant then
        raise insufficient_privilege using message = format('invitations: role %s may not ask for %s', coalesce(caller, session_user), asking_tenant.tenant);
    end if;
    select t.id into strict place from tenants t where t.schema_name = asking_tenant.tenant;
    return place;
end $$;

-- How many mails may go out: a day's from one agency, to one address, and by one client. What is counted names nobody.
create function count_invitation(tenant_id bigint, email text, role_id integer) returns text
language plpgsql volatile set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    one record;
begin
    for one in
        select encode(sha256(convert_to(v.whose, 'UTF8')), 'hex') as account, v.kind, v.most, v.outcome from (values
            ('agency ' || count_invitation.tenant_id, 'invitation', 200, 'agency'), (lower(count_invitation.email), 'invitation-to', 5, 'address'),
            (case when my_role() = 'client' then me() end, 'invitation-by', 20, 'person')) v (whose, kind, most, outcome) where v.whose is not null
    loop
        if (select count(*) from auth_attempts a where a.account = one.account and a.kind = one.kind and a.at > now() - interval '1 day') >= one.most then
            return 'full-' || one.outcome;
        end if;
        insert into auth_attempts (account, kind) values (one.account, one.kind);
    end loop;
    return null;
end $$;

-- Outcomes: 'sent', or why not: 'open' (one to this address waits), 'here' (they work here), 'full', 'full-…' (count_invitation). Who
-- may invite is the caller's to have checked, but for who may give which role.
create function invite(tenant text, email text, role text, project integer, project_name text, project_role text, token_hash bytea, days integer,
                       out invitation bigint, out outcome text)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    place bigint := asking_tenant(invite.tenant);
    given integer;
    before invitations;
begin
    perform pg_advisory_xact_lock(hashtextextended('owners ' || place, 0));
    select r.id into strict given from roles r where r.name = invite.role;
    if me() is null or not may_give(me(), place, given) then
        perform deny(403, 'Only an owner makes owners and administrators.');
    end if;
    select i.* into before from invitations i where i.tenant_id = place and lower(i.email) = lower(invite.email) and coalesce(i.project_id, 0) = coalesce(invite.project, 0)
       and i.accepted_at is null and i.withdrawn_at is null for update;
    if invitation_state(before) = 'open' then
        invitation := before.id;
        outcome := 'open';
        return;
    end if;
    if invite.project is null and exists (select from users u join user_roles r on r.user_id = u.id where lower(u.email) = lower(invite.email)
                                             and r.tenant_id = place and r.role_id < 5) then
        outcome := 'here';
        return;
    end if;
    if (select count(*) from invitations i where i.tenant_id = place and i.accepted_at is null and i.withdrawn_at is null and i.expires_at > now()) >= 200
       or invite.project is not null and (select count(*) from invitations i where i.tenant_id = place and i.project_id = invite.project
                                             and i.accepted_at is null and i.withdrawn_at is null and i.expires_at > now()) >= 20 then
        outcome := 'full';
        return;
    end if;
    outcome := count_invitation(place, invite.email, given);
    if outcome is not null then
        return;
    end if;
    update invitations i set withdrawn_at = now(), withdrawn_by = me() where i.id = before.id;
    insert into invitations (tenant_id, email, role_id, token_hash, expires_at, created_by, project_id, project_name, project_role)
    values (place, invite.email, given, invite.token_hash, now() + make_interval(days => invite.days), me(), invite.project, invite.project_name, invite.project_role)
    returning id into invitation;
    outcome := 'sent';
end $$;

-- A new link for an invitation that was not accepted; the one before opens nothing. Nothing: there is no such one here. Who sends it
-- again answers for it from now on.
create function send_again(tenant text, invitation bigint, project integer, token_hash bytea, days integer,
                           out outcome text, out email text, out role text, out project_name text, out project_role text)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    place bigint := asking_tenant(send_again.tenant);
    one invitations;
begin
    perform pg_advisory_xact_lock(hashtextextended('owners ' || place, 0));
    select i.* into one from invitations i where i.id = send_again.invitation and i.tenant_id = place
       and i.project_id is not distinct from send_again.project for update;
    if not found then
        return;
    end if;
    if me() is null or not may_give(me(), place, one.role_id) then
        perform deny(403, 'Only an owner makes owners and administrators.');
    end if;
    if one.accepted_at is not null or one.withdrawn_at is not null then
        outcome := case when one.accepted_at is not null then 'accepted' else 'withdrawn' end;
        return;
    end if;
    outcome := count_invitation(place, one.email, one.role_id);
    if outcome is not null then
        return;
    end if;
    update invitations i set token_hash = send_again.token_hash, expires_at = now() + make_interval(days => send_again.days), created_by = me(),
           sent_at = now(), sent_count = i.sent_count + 1
     where i.id = one.id;
    select 'sent', one.email, r.name, one.project_name, one.project_role into outcome, email, role, project_name, project_role
      from roles r where r.id = one.role_id;
end $$;

create function withdraw_invitation(tenant text, invitation bigint, project integer, out outcome text, out email text)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    place bigint := asking_tenant(withdraw_invitation.tenant);
    one invitations;
begin
    select i.* into one from invitations i where i.id = withdraw_invitation.invitation and i.tenant_id = place
       and i.project_id is not distinct from withdraw_invitation.project for update;
    if not found then
        return;
    end if;
    if one.role_id <= 2 and (me() is null or not may_give(me(), place, one.role_id)) then
        perform deny(403, 'Only an owner makes owners and administrators.');
    end if;
    email := one.email;
    outcome := case when one.accepted_at is not null then 'accepted' when one.withdrawn_at is not null then 'withdrawn-before' else 'withdrawn' end;
    if outcome = 'withdrawn' then
        update invitations set withdrawn_at = now(), withdrawn_by = me() where id = one.id;
    end if;
end $$;

-- Somebody takes up what the holder of a link was offered: exactly once, by the account that has the address. Outcomes: 'accepted',
-- 'again' (by the same person, before), or why not: 'unknown', 'used', 'expired', 'withdrawn', 'other-address', 'disabled'.
create function accept_invitation(token_hash bytea, tenant text, user_id text,
                                  out outcome text, out invitation bigint, out role text, out project integer, out project_role text, out verified_now boolean)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    place bigint := asking_tenant(accept_invitation.tenant);
    one invitations;
    who users;
    state text;
begin
    perform pg_advisory_xact_lock(hashtextextended('owners ' || place, 0));
    select i.* into one from invitations i where i.token_hash = accept_invitation.token_hash and i.tenant_id = place for update;
    if not found then
        outcome := 'unknown';
        return;
    end if;
    select u.* into strict who from users u where u.id = accept_invitation.user_id for update;
    state := invitation_state(one);
    select r.name into strict role from roles r where r.id = one.role_id;
    invitation := one.id;
    project := one.project_id;
    project_role := one.project_role;
    verified_now := false;
    outcome := case when state = 'accepted' and one.accepted_by = who.id then 'again' when state = 'accepted' then 'used' when state <> 'open' then state
                    when lower(who.email) <> lower(one.email) then 'other-address'
                    when who.disabled_at is not null
                      or exists (select from user_tenant m where m.user_id = who.id and m.tenant_id = place and m.disabled_at is not null) then 'disabled'
                    else 'accepted' end;
    if outcome <> 'accepted' then
        return;
    end if;
    insert into user_tenant (user_id, tenant_id) values (who.id, place) on conflict do nothing;
    -- Who has more than this already keeps it.
    if not exists (select from user_roles r where r.user_id = who.id and r.tenant_id = place and r.role_id <= one.role_id) then
        insert into user_roles (user_id, tenant_id, role_id) values (who.id, place, one.role_id);
        delete from user_roles r where r.user_id = who.id and r.tenant_id = place and r.role_id > one.role_id;
    end if;
    if one.project_id is not null then
        execute format('insert into %I.project_contacts (project_id, user_id, role, added_by)
                        select p.id, $2, $3, $4 from %1$I.projects p where p.id = $1 and p.user_id <> $2
                        on conflict (project_id, user_id) do update set role = excluded.role', accept_invitation.tenant)
          using one.project_id, who.id, one.project_role, one.created_by;
    end if;
    update users u set email_verified = now(), updated_at = now() where u.id = who.id and u.email_verified is null;
    verified_now := found;
    update invitations i set accepted_at = now(), accepted_by = who.id where i.id = one.id;
end $$;

-- What waits to be answered for a project, for its owner and for staff: the route's own statement says who may ask.
create function project_invitations(project integer) returns table (id bigint, email text, project_role text, expires_at timestamptz, sent_at timestamptz, expired boolean)
language sql stable security definer set search_path = public, pg_temp as $$
    select i.id, i.email, i.project_role, i.expires_at, i.sent_at, i.expires_at <= now()
      from invitations i
     where i.tenant_id = asking_tenant(current_setting('role')) and i.project_id = project_invitations.project
       and i.accepted_at is null and i.withdrawn_at is null order by i.id desc limit 100 $$;

-- Addresses of people of the tenant that asks.
create function addresses(ids text[]) returns table (id text, email text, disabled boolean)
language sql stable security definer set search_path = public, pg_temp as $$
    select u.id, u.email, u.disabled_at is not null or m.disabled_at is not null
      from users u join user_tenant m on m.user_id = u.id
     where u.id = any (ids) and m.tenant_id = asking_tenant(current_setting('role')) $$;

-- Whom an agency has disabled is told nothing more by it, whether they worked there or not.
create or replace function recipient(user_id text) returns table (name text, email text, verified boolean, role text)
language sql stable security definer set search_path = public, pg_temp as $$
    select u.name, u.email, u.email_verified is not null, p.role
      from people(array[recipient.user_id]) p join users u on u.id = p.id
     where u.disabled_at is null
       and not exists (select from user_tenant m join tenants t on t.id = m.tenant_id and t.schema_name = current_setting('role')
                        where m.user_id = u.id and m.disabled_at is not null)
$$;
create or replace function staff_here() returns setof text
language sql stable security definer set search_path = public, pg_temp as $$
    select distinct u.id
      from tenants t
      join user_roles r on r.tenant_id = t.id and r.role_id <= 3
      join users u on u.id = r.user_id and u.disabled_at is null
     where t.schema_name = current_setting('role')
       and not exists (select from user_tenant m where m.user_id = u.id and m.tenant_id = t.id and m.disabled_at is not null)
$$;

-- The client's side of a project: its owner and its contacts. What one of them wrote or sent is no news to them. A tenant that a
-- deploy has yet to come to has no contacts.
create or replace function tell_client(kind text, project integer, data jsonb default '{}', key text default null, wait interval default null)
returns boolean language plpgsql volatile as $$
begin
    if to_regclass('project_contacts') is null then
        return coalesce((select tell_user(p.user_id, tell_client.kind, p.id, tell_client.data, tell_client.key, tell_client.wait)
                           from projects p where p.id = tell_client.project), false);
    end if;
    return coalesce((select bool_or(tell_user(one.user_id, tell_client.kind, tell_client.project, tell_client.data, tell_client.key, tell_client.wait))
                       from (select p.user_id from projects p where p.id = tell_client.project
                             union select c.user_id from project_contacts c where c.project_id = tell_client.project) one
                      where tell_client.kind not in ('message', 'file-uploaded') or one.user_id is distinct from me()), false);
end $$;

do $$
declare
    app text := coalesce(nullif(current_setting('migrate.app_role', true), ''), 'lunaxcode_app');
begin
    revoke execute on function accept_invitation(bytea, text, text) from public;
    execute format('grant execute on function accept_invitation(bytea, text, text) to %I', app);
end $$;

-- migrate:up scope:tenant
create table project_contacts (
    project_id  integer not null references projects (id) on delete cascade,
    user_id     text not null,
    role        text not null check (role in ('view', 'work')),
    added_by    text,
    created_at  timestamptz not null default now(),
    primary key (project_id, user_id)
);
comment on table project_contacts is 'Who else than its owner follows a project on the client''s side: view looks, work also writes, sends files and pays.';
create index project_contacts_user on project_contacts (user_id, project_id desc);

-- Whether somebody is a contact of a project, and what they may do there. Asked last: its owner and staff need it not.
create function contact_role(project integer, who text default public.me()) returns text language sql stable as $$
    select c.role from project_contacts c where c.project_id = contact_role.project and c.user_id = contact_role.who $$;

-- migrate:down scope:tenant
drop function contact_role(integer, text);
drop table project_contacts;

-- migrate:down scope:public
create or replace function tell_client(kind text, project integer, data jsonb default '{}', key text default null, wait interval default null)
returns boolean language plpgsql volatile as $$
begin
    return coalesce((select tell_user(p.user_id, tell_client.kind, p.id, tell_client.data, tell_client.key, tell_client.wait)
                       from projects p where p.id = tell_client.project), false);
end $$;
create or replace function recipient(user_id text) returns table (name text, email text, verified boolean, role text)
language sql stable security definer set search_path = public, pg_temp as $$
    select u.name, u.email, u.email_verified is not null, p.role
      from people(array[recipient.user_id]) p join users u on u.id = p.id
     where u.disabled_at is null
$$;
create or replace function staff_here() returns setof text
language sql stable security definer set search_path = public, pg_temp as $$
    select distinct u.id
      from tenants t
      join user_roles r on r.tenant_id = t.id and r.role_id <= 3
      join users u on u.id = r.user_id and u.disabled_at is null
     where t.schema_name = current_setting('role')
$$;
drop function addresses(text[]);
drop function project_invitations(integer);
drop function accept_invitation(bytea, text, text);
drop function withdraw_invitation(text, bigint, integer);
drop function send_again(text, bigint, integer, bytea, integer);
drop function invite(text, text, text, integer, text, text, bytea, integer);
drop function count_invitation(bigint, text, integer);
drop function asking_tenant(text);
drop function invitation_state(invitations);
drop function may_give(text, bigint, integer);
drop index invitations_withdrawn_by;
drop index invitations_accepted_by;
drop index invitations_of_project;
drop index invitations_newest;
drop index invitations_open;
delete from legacy_values where table_name = 'invitations';
alter table invitations
    drop constraint invitations_ended_once, drop constraint invitations_project,
    drop column withdrawn_by, drop column withdrawn_at, drop column accepted_by, drop column sent_count, drop column sent_at,
    drop column project_role, drop column project_name, drop column project_id;

-- migrate:verify scope:public
select project_id, project_name, project_role, sent_at, sent_count, accepted_by, withdrawn_at, withdrawn_by from invitations limit 0;
do $$ begin
    assert (select indisunique and indisvalid from pg_index where indexrelid = 'invitations_open'::regclass), 'one address could have two open invitations';
    assert not has_function_privilege('public', 'accept_invitation(bytea, text, text)', 'execute'), 'anyone may call accept_invitation()';
    assert (select bool_and(prosecdef and proconfig = array['search_path=public, pg_temp']) from pg_proc
             where oid in ('invite(text, text, text, integer, text, text, bytea, integer)'::regprocedure, 'send_again(text, bigint, integer, bytea, integer)'::regprocedure,
                           'withdraw_invitation(text, bigint, integer)'::regprocedure, 'asking_tenant(text)'::regprocedure)), 'invitations are made with their caller''s rights';
    assert (select count(*) = 2 from pg_proc where oid in ('recipient(text)'::regprocedure, 'staff_here()'::regprocedure) and prosrc like '%m.disabled_at is not null%'),
           'who is disabled is still told by mail';
end $$;

-- migrate:verify scope:tenant
select project_id, user_id, role, added_by, created_at from project_contacts limit 0;
do $$ begin
    assert to_regprocedure('contact_role(integer, text)') is not null, 'contact_role() is missing';
end $$;
