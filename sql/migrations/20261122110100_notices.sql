-- What an agency is called and looks like, what its people want to be told by mail, and the telling itself.
-- migrate:up scope:public
-- Keys that the programs sign links with. The login role reads them, no tenant does.
create table signing_keys (
    purpose     text primary key,
    key         bytea not null check (length(key) = 32),
    created_at  timestamptz not null default now()
);
insert into signing_keys (purpose, key)
values ('unsubscribe', sha256((gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text)::bytea));
do $$ begin
    execute format('grant select on signing_keys to %I', coalesce(nullif(current_setting('migrate.app_role', true), ''), 'lunaxcode_app'));
end $$;

-- The agency as its mails and pages show it: of the role that asks, or, for the login role, of any tenant.
-- sender: whose name stands over MAIL_FROM's address; null for the installation's own agency, whose name MAIL_FROM has.
create function agency(tenant text default current_setting('role'))
returns table (name text, sender text, hosts text[], is_default boolean, accent text, mail_from text, reply_to text,
               hours_per_day numeric, working_days integer[], time_zone text, digest_hour integer)
language plpgsql stable security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    place tenants;
begin
    select * into place from tenants t where t.schema_name = agency.tenant;
    if not found or current_setting('role') not in ('none', agency.tenant)
       or current_setting('role') = 'none' and not has_table_privilege(session_user, 'public.tenants', 'select') then
        raise insufficient_privilege using message = format('agency: role %s may not ask for %s', current_setting('role'), agency.tenant);
    end if;
    return query execute format(
        'select coalesce(s.name, $1), case when not $3 or s.name is not null or s.mail_from is not null then coalesce(s.name, $1) end, $2, $3, s.accent, s.mail_from, s.reply_to, s.hours_per_day, s.working_days, s.time_zone, s.digest_hour
           from %I.settings s', place.schema_name) using place.name, place.hosts, place.is_default;
end $$;

-- Accounts of the tenant that asks: what is needed to name somebody, to write to somebody, and who works there.
create function people(ids text[]) returns table (id text, name text, role text)
language sql stable security definer set search_path = public, pg_temp as $$
    select u.id, u.name, case when min(r.role_id) <= 2 then 'admin' when min(r.role_id) = 3 then 'staff' else 'client' end
      from users u
      join user_roles r on r.user_id = u.id
      join tenants t on t.id = r.tenant_id and t.schema_name = current_setting('role')
     where u.id = any (ids)
     group by u.id
$$;

create function recipient(user_id text) returns table (name text, email text, verified boolean, role text)
language sql stable security definer set search_path = public, pg_temp as $$
    select u.name, u.email, u.email_verified is not null, p.role
      from people(array[recipient.user_id]) p join users u on u.id = p.id
     where u.disabled_at is null
$$;

create function staff_here() returns setof text
language sql stable security definer set search_path = public, pg_temp as $$
    select distinct u.id
      from tenants t
      join user_roles r on r.tenant_id = t.id and r.role_id <= 3
      join users u on u.id = r.user_id and u.disabled_at is null
     where t.schema_name = current_setting('role')
$$;

-- The kinds of notices, each with the topic that people switch.
create function notice_topic(kind text) returns text language sql immutable parallel safe
    return case
        when kind in ('plan-ready', 'plan-failed') then 'plan'
        when kind = 'message' then 'messages'
        when kind in ('payment-received', 'payment-due', 'payment-rejected', 'payment-refunded', 'proof-submitted') then 'payments'
        when kind in ('project-created', 'project-status', 'project-completed', 'file-uploaded') then 'project' end;

-- Tells one person by mail, as they prefer: at once, in the digest of the day, or not at all. It belongs to the caller's
-- transaction, which is a tenant's. The same key of a kind is told once. True when there is something to be told.
create function tell_user(user_id text, kind text, project integer, data jsonb default '{}', key text default null,
                          wait interval default null) returns boolean
language plpgsql volatile as $$
#variable_conflict use_column
declare
    sort text := notice_topic(tell_user.kind);
    how text;
    due timestamptz;
    made bigint;
begin
    if sort is null then
        raise invalid_parameter_value using message = format('tell_user: %s is no kind of notice', coalesce(tell_user.kind, 'null'));
    end if;
    select p.delivery into how from notification_preferences p where p.user_id = tell_user.user_id and p.topic = sort;
    if how = 'off' then
        return false;
    elsif how = 'daily' then
        select case when today > now() then today else (today at time zone s.time_zone + interval '1 day') at time zone s.time_zone end
          into due
          from settings s,
               lateral (select (date_trunc('day', now() at time zone s.time_zone) + make_interval(hours => s.digest_hour))
                               at time zone s.time_zone as today) d;
    else
        -- A moment, so that what is written or read in a conversation makes one mail, or none.
        due := now() + coalesce(wait, case sort when 'messages' then interval '2 minutes' else interval '0' end);
    end if;
    insert into notices (user_id, project_id, kind, data, key, actor_id, batch, due_at)
    values (tell_user.user_id, tell_user.project, tell_user.kind, coalesce(tell_user.data, '{}'), tell_user.key, me(),
            case when how = 'daily' then 'daily' when sort = 'messages' then 'messages ' || tell_user.project end, due)
        on conflict do nothing
    returning id into made;
    if made is null then
        return false;
    end if;
    perform enqueue('notice', 'notice:' || made, jsonb_build_object('notice', made, 'user', tell_user.user_id), due);
    return true;
end $$;

create function tell_client(kind text, project integer, data jsonb default '{}', key text default null, wait interval default null)
returns boolean language plpgsql volatile as $$
begin
    return coalesce((select tell_user(p.user_id, tell_client.kind, p.id, tell_client.data, tell_client.key, tell_client.wait)
                       from projects p where p.id = tell_client.project), false);
end $$;

-- All who work for the agency, but not whoever caused it. How many are told.
create function tell_staff(kind text, project integer, data jsonb default '{}', key text default null, wait interval default null)
returns bigint language plpgsql volatile as $$
begin
    return (select count(*) filter (where tell_user(s, tell_staff.kind, tell_staff.project, tell_staff.data, tell_staff.key, tell_staff.wait))
              from staff_here() s where s is distinct from me());
end $$;

-- What waits to be told is not told any more: the messages were read on the page. How many.
create function withdraw_notices(user_id text, kind text, project integer) returns bigint language plpgsql volatile as $$
#variable_conflict use_column
declare
    gone bigint;
begin
    update notices n set settled_at = now(), outcome = 'withdrawn'
     where n.user_id = withdraw_notices.user_id and n.kind = withdraw_notices.kind and n.project_id = withdraw_notices.project
       and n.settled_at is null;
    get diagnostics gone = row_count;
    return gone;
end $$;

-- migrate:up scope:tenant
create table settings (
    one            boolean primary key default true check (one),
    name           text check (name ~ '[^[:space:]]' and length(name) <= 100 and name !~ '[[:cntrl:]]'),
    accent         text not null default '#26346f' check (accent ~ '^#[0-9a-f]{6}$'),
    mail_from      text check (mail_from ~ '^[^[:space:][:cntrl:]<>,;:"]+@[^[:space:][:cntrl:]<>,;:"]+$'),
    reply_to       text check (reply_to ~ '^[^[:space:][:cntrl:]<>,;:"]+@[^[:space:][:cntrl:]<>,;:"]+$'),
    hours_per_day  numeric not null default 8 check (hours_per_day > 0 and hours_per_day <= 24),
    working_days   integer[] not null default '{1,2,3,4,5}'
                   check (working_days <@ '{1,2,3,4,5,6,7}' and cardinality(working_days) between 1 and 7),
    time_zone      text not null default 'Asia/Manila' check (timezone(time_zone, timestamptz '2026-01-01 00:00+00') is not null),
    digest_hour    integer not null default 8 check (digest_hour between 0 and 23),
    updated_at     timestamptz not null default now()
);
comment on table settings is 'One row: the agency as clients see it, and its working hours. Days are those of ISO 8601, 1 is Monday.';
comment on column settings.name is 'Null: the name in public.tenants.';
comment on column settings.mail_from is 'Null: the address of MAIL_FROM, with this agency''s name.';
insert into settings default values;

create table notification_preferences (
    user_id     text not null,
    topic       text not null check (topic in ('plan', 'messages', 'payments', 'project')),
    delivery    text not null check (delivery in ('now', 'daily', 'off')),
    updated_at  timestamptz not null default now(),
    primary key (user_id, topic)
);
comment on table notification_preferences is 'No row: now.';

create table notices (
    id          bigint generated always as identity primary key,
    user_id     text not null,
    project_id  integer references projects (id) on delete cascade,
    kind        text not null check (public.notice_topic(kind) is not null),
    data        jsonb not null default '{}' check (jsonb_typeof(data) = 'object'),
    key         text check (key <> ''),
    actor_id    text,
    batch       text,
    due_at      timestamptz not null,
    created_at  timestamptz not null default now(),
    settled_at  timestamptz,
    outcome     text check (outcome in ('mailed', 'off', 'withdrawn', 'nobody')),
    mail_id     bigint,
    check ((settled_at is null) = (outcome is null)),
    check ((outcome = 'mailed') = (mail_id is not null))
);
comment on column notices.batch is 'Those of one batch that wait go out as one mail; null: this one by itself.';
create unique index notices_key on notices (user_id, kind, key) where key is not null;
create index notices_waiting on notices (user_id, batch, id) where settled_at is null;
create index notices_settled on notices (settled_at) where settled_at is not null;
create index notices_project on notices (project_id);

do $$ begin
    execute format('revoke insert, delete on settings from %I', current_schema);
end $$;

-- migrate:down scope:tenant
drop table notices;
drop table notification_preferences;
drop table settings;

-- migrate:down scope:public
drop function withdraw_notices(text, text, integer);
drop function tell_staff(text, integer, jsonb, text, interval);
drop function tell_client(text, integer, jsonb, text, interval);
drop function tell_user(text, text, integer, jsonb, text, interval);
drop function notice_topic(text);
drop function staff_here();
drop function recipient(text);
drop function people(text[]);
drop function agency(text);
drop table signing_keys;

-- migrate:verify scope:public
do $$ begin
    assert (select count(*) = 1 from signing_keys where purpose = 'unsubscribe'), 'links that end mails cannot be signed';
    assert not has_table_privilege('public', 'signing_keys', 'select'), 'anyone may read the keys';
    assert (select count(*) = 4 from pg_proc
             where oid in ('agency(text)'::regprocedure, 'people(text[])'::regprocedure, 'recipient(text)'::regprocedure, 'staff_here()'::regprocedure)
               and prosecdef and proconfig = array['search_path=public, pg_temp']), 'a function of the owner lacks its search_path';
    assert notice_topic('plan-ready') = 'plan' and notice_topic('x') is null, 'topics are not known';
    perform 'tell_user(text, text, integer, jsonb, text, interval)'::regprocedure, 'tell_client(text, integer, jsonb, text, interval)'::regprocedure,
            'tell_staff(text, integer, jsonb, text, interval)'::regprocedure, 'withdraw_notices(text, text, integer)'::regprocedure;
end $$;

-- migrate:verify scope:tenant
select name, accent, mail_from, reply_to, hours_per_day, working_days, time_zone, digest_hour, updated_at from settings limit 0;
select user_id, topic, delivery, updated_at from notification_preferences limit 0;
select id, user_id, project_id, kind, data, key, actor_id, batch, due_at, created_at, settled_at, outcome, mail_id from notices limit 0;
do $$ begin
    assert (select count(*) = 1 from settings), 'the agency has no settings';
    assert not has_table_privilege(current_schema, 'settings', 'delete'), 'the tenant may lose its settings';
end $$;
