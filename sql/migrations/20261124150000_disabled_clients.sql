-- Whom an agency has disabled gets no project of a draft either: client_account() says disabled, as of an account that is shut.
-- migrate:up scope:public
create or replace function client_account(email text, name text, link_hash bytea, valid interval, out user_id text, out outcome text)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    caller text := current_setting('role');
    tenant bigint;
    account users;
begin
    select t.id into tenant from tenants t where t.schema_name = caller;
    if tenant is null then
        raise insufficient_privilege using message = format('client_account: role %s is no tenant', caller);
    end if;
    if coalesce(my_role(), '') not in ('admin', 'staff') then
        perform deny(403, 'This is for the agency''s staff.');
    end if;
    insert into users (name, email) values (client_account.name, client_account.email) on conflict (lower(email)) do nothing;
    select u.* into strict account from users u where lower(u.email) = lower(client_account.email) for update;
    if account.disabled_at is not null
       or exists (select from user_tenant m where m.user_id = account.id and m.tenant_id = tenant and m.disabled_at is not null) then
        outcome := 'disabled';
        return;
    end if;
    if account.email_verified is not null then
        outcome := case when exists (select from user_roles r where r.user_id = account.id and r.tenant_id = tenant) then 'member' else 'joined' end;
    elsif account.password is null and not exists (select from identities i where i.user_id = account.id) then
        outcome := 'invited';
        insert into email_tokens (user_id, tenant_id, purpose, token_hash, expires_at)
        values (account.id, tenant, 'reset', client_account.link_hash, now() + client_account.valid);
    else
        outcome := 'unverified';
        return;
    end if;
    user_id := account.id;
    insert into user_tenant (user_id, tenant_id) values (account.id, tenant) on conflict do nothing;
    insert into user_roles (user_id, tenant_id, role_id)
    select account.id, tenant, r.id from roles r
     where r.name = 'client' and not exists (select from user_roles x where x.user_id = account.id and x.tenant_id = tenant)
        on conflict do nothing;
end $$;

-- migrate:down scope:public
create or replace function client_account(email text, name text, link_hash bytea, valid interval, out user_id text, out outcome text)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    caller text := current_setting('role');
    tenant bigint;
    account users;
begin
    select t.id into tenant from tenants t where t.schema_name = caller;
    if tenant is null then
        raise insufficient_privilege using message = format('client_account: role %s is no tenant', caller);
    end if;
    if coalesce(my_role(), '') not in ('admin', 'staff') then
        perform deny(403, 'This is for the agency''s staff.');
    end if;
    insert into users (name, email) values (client_account.name, client_account.email) on conflict (lower(email)) do nothing;
    select u.* into strict account from users u where lower(u.email) = lower(client_account.email) for update;
    if account.disabled_at is not null then
        outcome := 'disabled';
        return;
    end if;
    if account.email_verified is not null then
        outcome := case when exists (select from user_roles r where r.user_id = account.id and r.tenant_id = tenant) then 'member' else 'joined' end;
    elsif account.password is null and not exists (select from identities i where i.user_id = account.id) then
        outcome := 'invited';
        insert into email_tokens (user_id, tenant_id, purpose, token_hash, expires_at)
        values (account.id, tenant, 'reset', client_account.link_hash, now() + client_account.valid);
    else
        outcome := 'unverified';
        return;
    end if;
    user_id := account.id;
    insert into user_tenant (user_id, tenant_id) values (account.id, tenant) on conflict do nothing;
    insert into user_roles (user_id, tenant_id, role_id)
    select account.id, tenant, r.id from roles r
     where r.name = 'client' and not exists (select from user_roles x where x.user_id = account.id and x.tenant_id = tenant)
        on conflict do nothing;
end $$;

-- migrate:verify scope:public
do $$ begin
    assert (select prosecdef and proconfig = array['search_path=public, pg_temp'] and prosrc like '%m.disabled_at is not null%' from pg_proc
             where oid = 'client_account(text, text, bytea, interval)'::regprocedure), 'client_account() lets in whom the agency has disabled';
end $$;
