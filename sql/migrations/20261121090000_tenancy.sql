-- Tenants by host, roles a tenant, invitations; dates with a time zone.
-- migrate:up scope:public
create table legacy_values (
    id           bigint generated always as identity primary key,
    table_name   text not null,
    row_id       text not null,
    column_name  text,
    old_value    text,
    reason       text not null,
    noted_at     timestamptz not null default now()
);
comment on table legacy_values is 'What a migration had to change in legacy rows: nothing is lost silently. No column_name: old_value is the whole row as JSON.';

alter table tenants
    alter column id type bigint,
    alter column created_at type timestamptz using coalesce(created_at at time zone 'UTC', now()),
    alter column created_at set default now(),
    alter column created_at set not null,
    add column hosts text[] not null default '{}',
    add column is_default boolean not null default false,
    add column status text not null default 'active' check (status in ('active', 'suspended')),
    add column settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
    add check (slug <> '' and schema_name <> ''),
    add check (schema_name not in ('public', 'information_schema') and schema_name not like 'pg\_%');
create unique index tenants_default on tenants (is_default) where is_default;

-- Hosts are kept in lower case, and no two tenants share one; the lock makes the check hold between two sessions.
create function tenant_hosts() returns trigger language plpgsql set search_path = public, pg_temp as $$
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
create trigger tenant_hosts before insert or update of hosts on tenants for each row execute function tenant_hosts();

-- The smaller the id, the more a role may: enter() takes the least of a person's.
create table roles (
    id    integer primary key,
    name  text not null unique
);
insert into roles (id, name) values (1, 'owner'), (2, 'admin'), (3, 'member'), (4, 'viewer'), (5, 'client');

alter table user_tenant
    alter column tenant_id type bigint,
    add column created_at timestamptz not null default now();
create index user_tenant_tenant on user_tenant (tenant_id);

create table user_roles (
    user_id     text not null references users (id) on delete cascade,
    tenant_id   bigint not null references tenants (id) on delete cascade,
    role_id     integer not null references roles (id),
    created_at  timestamptz not null default now(),
    primary key (user_id, tenant_id, role_id)
);
create index user_roles_tenant on user_roles (tenant_id);
create index user_roles_role on user_roles (role_id);

-- users.role gave access until now; from here on a role is held in a tenant.
insert into user_roles (user_id, tenant_id, role_id)
select ut.user_id, ut.tenant_id, r.id
  from user_tenant ut join users u on u.id = ut.user_id
  join roles r on r.name = case when lower(u.role) = 'admin' then 'admin' else 'client' end;

create table invitations (
    id           bigint generated always as identity primary key,
    tenant_id    bigint not null references tenants (id) on delete cascade,
    email        text not null check (email <> ''),
    role_id      integer not null references roles (id),
    token_hash   bytea not null unique check (length(token_hash) = 32),
    expires_at   timestamptz not null,
    accepted_at  timestamptz,
    created_by   text references users (id),
    created_at   timestamptz not null default now()
);
create index invitations_tenant_email on invitations (tenant_id, lower(email));
create index invitations_role on invitations (role_id);
create index invitations_created_by on invitations (created_by);

-- migrate:down scope:public
drop table invitations;
drop table user_roles;
drop index user_tenant_tenant;
alter table user_tenant drop column created_at, alter column tenant_id type integer;
drop table roles;
drop trigger tenant_hosts on tenants;
drop function tenant_hosts();
drop index tenants_default;
alter table tenants
    drop constraint tenants_check,
    drop constraint tenants_schema_name_check,
    drop column settings,
    drop column status,
    drop column is_default,
    drop column hosts,
    alter column created_at drop not null,
    alter column created_at type timestamp using created_at at time zone 'UTC',
    alter column id type integer;
drop table legacy_values;

-- migrate:verify scope:public
select id, slug, schema_name, name, hosts, is_default, status, settings, created_at from tenants limit 0;
select user_id, tenant_id, role_id from user_roles limit 0;
select id, tenant_id, email, role_id, token_hash, expires_at, accepted_at, created_by, created_at from invitations limit 0;
do $$ begin
    assert (select count(*) = 5 from roles where name in ('owner', 'admin', 'member', 'viewer', 'client')), 'a role is missing';
    assert to_regclass('tenants_default') is not null, 'two tenants could be the default';
    assert exists (select from pg_trigger where tgrelid = 'tenants'::regclass and tgname = 'tenant_hosts'), 'two tenants could share a host';
end $$;
