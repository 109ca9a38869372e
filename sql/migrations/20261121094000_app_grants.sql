-- What the login role of the programs may do in public. Its name is the setting migrate.app_role, which scripts/migrate sets.
-- migrate:up scope:public
do $$
declare
    app text := coalesce(nullif(current_setting('migrate.app_role', true), ''), 'lunaxcode_app');
begin
    if not exists (select from pg_roles where rolname = app) then
        raise undefined_object using message = format('role %s does not exist', app), hint = 'Run scripts/migrate init first.';
    end if;
    execute format('grant usage on schema public to %I', app);
    execute format('grant select on tenants, roles, schema_history to %I', app);
    -- Accounts are disabled, never deleted: rows of every tenant name them.
    execute format('grant select, insert, update on users to %I', app);
    execute format('grant select, insert, update, delete on
        user_roles, user_tenant, invitations, sessions, email_tokens, auth_attempts, jobs, outbox to %I', app);
    execute format('grant execute on function enter(bytea, text) to %I', app);
end $$;

-- migrate:down scope:public
do $$
declare
    app text := coalesce(nullif(current_setting('migrate.app_role', true), ''), 'lunaxcode_app');
begin
    execute format('revoke execute on function enter(bytea, text) from %I', app);
    execute format('revoke all on tenants, roles, schema_history, users, user_roles, user_tenant, invitations,
        sessions, email_tokens, auth_attempts, jobs, outbox from %I', app);
    execute format('revoke usage on schema public from %I', app);
end $$;

-- migrate:verify scope:public
do $$
declare
    app text := coalesce(nullif(current_setting('migrate.app_role', true), ''), 'lunaxcode_app');
begin
    assert has_function_privilege(app, 'enter(bytea, text)', 'execute'), 'the login role cannot call enter()';
    assert (select bool_and(has_table_privilege(app, 'jobs', p)) from unnest('{select,insert,update,delete}'::text[]) p),
           'the login role cannot work on jobs';
    assert not has_table_privilege(app, 'users', 'delete'), 'the login role may delete accounts';
end $$;
