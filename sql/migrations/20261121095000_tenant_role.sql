-- The role of a tenant: it bears the schema's name, cannot sign in, and reaches this schema only.
-- migrate:up scope:tenant
do $$
declare
    app text := coalesce(nullif(current_setting('migrate.app_role', true), ''), 'lunaxcode_app');
    tenant text := current_schema;
    known pg_roles;
begin
    select * into known from pg_roles where rolname = tenant;
    if not found then
        execute format('create role %I nologin', tenant);
    elsif known.rolcanlogin or known.rolsuper or known.rolcreaterole or known.rolcreatedb or known.rolbypassrls or known.rolreplication
          or exists (select from pg_auth_members where member = known.oid) then
        -- Another database of this server may have the same tenant; a role with powers of its own is somebody else.
        raise object_not_in_prerequisite_state using
            message = format('role %s exists and has powers of its own', tenant), hint = 'Give the tenant another schema name.';
    end if;
    if not pg_has_role(app, tenant, 'member') then
        execute format('grant %I to %I', tenant, app);
    end if;
    execute format('grant usage on schema %I to %I', tenant, tenant);
    execute format('grant select, insert, update, delete on all tables in schema %I to %I', tenant, tenant);
    execute format('grant usage on all sequences in schema %I to %I', tenant, tenant);
    execute format('revoke insert, update, delete on schema_history, legacy_values from %I', tenant);
    execute format('alter default privileges in schema %I grant select, insert, update, delete on tables to %I', tenant, tenant);
    execute format('alter default privileges in schema %I grant usage on sequences to %I', tenant, tenant);
end $$;

-- migrate:down scope:tenant
do $$
declare
    app text := coalesce(nullif(current_setting('migrate.app_role', true), ''), 'lunaxcode_app');
    tenant text := current_schema;
begin
    execute format('alter default privileges in schema %I revoke all on sequences from %I', tenant, tenant);
    execute format('alter default privileges in schema %I revoke all on tables from %I', tenant, tenant);
    execute format('revoke all on all sequences in schema %I from %I', tenant, tenant);
    execute format('revoke all on all tables in schema %I from %I', tenant, tenant);
    execute format('revoke all on schema %I from %I', tenant, tenant);
    -- The role stays, and so does the membership: another database of this server may have the same tenant.
end $$;

-- migrate:verify scope:tenant
do $$
declare
    app text := coalesce(nullif(current_setting('migrate.app_role', true), ''), 'lunaxcode_app');
begin
    assert pg_has_role(app, current_schema, 'member'), 'the login role cannot become the tenant';
    assert (select bool_and(has_table_privilege(current_schema, 'projects', p)) from unnest('{select,insert,update,delete}'::text[]) p),
           'the tenant cannot work on its projects';
    assert not has_table_privilege(current_schema, 'schema_history', 'insert'), 'the tenant could rewrite its history';
    assert not has_table_privilege(current_schema, 'public.users', 'select'), 'the tenant could read public.users';
end $$;
