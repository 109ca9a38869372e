-- Makes or updates a person and gives them one role in a tenant. psql variables: email, name, hash (argon2id line, from
-- hash-password), role (owner admin member viewer client), tenant (slug). Prints the person's id.
--   psql -X -v ON_ERROR_STOP=1 -v email=… -v name=… -v role=member -v tenant=lunaxcode -f sql/accounts/upsert.sql
-- with hash set by a \set line on stdin before \i of this file, so that it is on no command line.
begin;
with person as (
    insert into public.users (name, email, password, role, email_verified)
    values (:'name', :'email', :'hash', case when :'role' in ('owner', 'admin') then 'admin' else 'client' end, now())
        on conflict (lower(email)) do update set
           name = excluded.name, password = excluded.password, role = excluded.role,
           email_verified = coalesce(users.email_verified, now()), disabled_at = null, updated_at = now()
    returning id),
place as (
    -- An unknown tenant or role divides by zero rather than making nobody.
    select t.id as tenant_id, r.id as role_id from public.tenants t, public.roles r where t.slug = :'tenant' and r.name = :'role'),
member as (
    insert into public.user_tenant (user_id, tenant_id) select p.id, l.tenant_id from person p, place l
        on conflict do nothing),
other_roles as (
    delete from public.user_roles u using person p, place l
     where u.user_id = p.id and u.tenant_id = l.tenant_id and u.role_id <> l.role_id),
held as (
    insert into public.user_roles (user_id, tenant_id, role_id) select p.id, l.tenant_id, l.role_id from person p, place l
        on conflict do nothing)
select p.id from person p where 1 / (select count(*) from place) = 1;
commit;
