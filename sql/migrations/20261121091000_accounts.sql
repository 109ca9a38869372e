-- Accounts: one a lower-cased address, sessions, mailed tokens, attempts to sign in.
-- migrate:up scope:public
insert into legacy_values (table_name, row_id, column_name, old_value, reason)
select 'users', id, 'role', role, 'is neither admin nor client' from users where role is null or role not in ('admin', 'client');
update users set role = case when lower(role) = 'admin' then 'admin' else 'client' end where role is null or role not in ('admin', 'client');

alter table users
    alter column role set not null,
    alter column email_verified type timestamptz using email_verified at time zone 'UTC',
    alter column created_at type timestamptz using coalesce(created_at at time zone 'UTC', now()),
    alter column created_at set default now(),
    alter column created_at set not null,
    alter column updated_at type timestamptz using coalesce(updated_at at time zone 'UTC', now()),
    alter column updated_at set default now(),
    alter column updated_at set not null,
    add column disabled_at timestamptz,
    add constraint users_role_check check (role in ('admin', 'client'));

-- Addresses that differ only in case: the oldest account keeps its address, the others keep all but the sign-in.
create temp table doubled on commit drop as
select id, email, row_number() over (partition by lower(email) order by created_at, id) as place from users;
insert into legacy_values (table_name, row_id, column_name, old_value, reason)
select 'users', id, 'email', email, 'an older account has this address in other letter case; disabled' from doubled where place > 1;
update users u set email = 'duplicate-' || u.id || '-of-' || u.email, disabled_at = now()
  from doubled d where d.id = u.id and d.place > 1;

alter table users drop constraint users_email_key;
create unique index users_email on users (lower(email));

create table sessions (
    id            bigint generated always as identity primary key,
    token_hash    bytea not null unique check (length(token_hash) = 32),
    user_id       text not null references users (id) on delete cascade,
    tenant_id     bigint not null references tenants (id) on delete cascade,
    created_at    timestamptz not null default now(),
    last_seen_at  timestamptz not null default now(),
    expires_at    timestamptz not null default now() + interval '30 days',
    ip            inet,
    user_agent    text
);
create index sessions_user on sessions (user_id);
create index sessions_tenant on sessions (tenant_id);
create index sessions_expires on sessions (expires_at);

create table email_tokens (
    id          bigint generated always as identity primary key,
    user_id     text not null references users (id) on delete cascade,
    tenant_id   bigint not null references tenants (id) on delete cascade,
    purpose     text not null check (purpose in ('verify', 'reset')),
    token_hash  bytea not null unique check (length(token_hash) = 32),
    lead_token  text,
    expires_at  timestamptz not null,
    used_at     timestamptz,
    created_at  timestamptz not null default now()
);
create index email_tokens_user on email_tokens (user_id, purpose);
create index email_tokens_tenant on email_tokens (tenant_id);

create table auth_attempts (
    id         bigint generated always as identity primary key,
    account    text,
    ip         inet,
    kind       text not null,
    succeeded  boolean not null default false,
    at         timestamptz not null default now()
);
comment on column auth_attempts.account is 'SHA-256 in hex of the lower-cased address: the table names nobody.';
create index auth_attempts_account on auth_attempts (account, kind, at);
create index auth_attempts_ip on auth_attempts (ip, kind, at);
create index auth_attempts_at on auth_attempts (at);

-- migrate:down scope:public
drop table auth_attempts;
drop table email_tokens;
drop table sessions;
drop index users_email;
update users u set email = v.old_value
  from legacy_values v where v.table_name = 'users' and v.column_name = 'email' and v.row_id = u.id;
alter table users
    add constraint users_email_key unique (email),
    drop constraint users_role_check,
    drop column disabled_at,
    alter column updated_at drop not null,
    alter column updated_at type timestamp using updated_at at time zone 'UTC',
    alter column created_at drop not null,
    alter column created_at type timestamp using created_at at time zone 'UTC',
    alter column email_verified type timestamp using email_verified at time zone 'UTC',
    alter column role drop not null;
update users u set role = v.old_value
  from legacy_values v where v.table_name = 'users' and v.column_name = 'role' and v.row_id = u.id;
delete from legacy_values where table_name = 'users';

-- migrate:verify scope:public
select disabled_at from users limit 0;
select id, token_hash, user_id, tenant_id, created_at, last_seen_at, expires_at, ip, user_agent from sessions limit 0;
select id, user_id, tenant_id, purpose, token_hash, lead_token, expires_at, used_at, created_at from email_tokens limit 0;
select id, account, ip, kind, succeeded, at from auth_attempts limit 0;
do $$ begin
    assert (select indisunique and indisvalid from pg_index where indexrelid = 'users_email'::regclass), 'addresses are not unique by lower case';
    assert (select format_type(atttypid, null) = 'timestamp with time zone' from pg_attribute
             where attrelid = 'users'::regclass and attname = 'created_at'), 'users.created_at has no time zone';
end $$;
