-- The audit log: what was done to accounts, rights, money and settings, as a chain of hashes that only grows.
-- migrate:up scope:public
create table audit_log (
    tenant_id  bigint not null,
    number     bigint not null check (number > 0),
    at         timestamptz not null,
    actor_id   text,
    action     text not null check (action ~ '^[a-z][a-z0-9-]{1,39}$'),
    subject    text,
    ip         inet,
    data       jsonb not null check (jsonb_typeof(data) = 'object' and octet_length(data::text) <= 8000),
    previous   bytea not null check (length(previous) = 32),
    hash       bytea not null check (length(hash) = 32),
    primary key (tenant_id, number)
);
comment on table audit_log is 'One chain a tenant; scripts/audit verify looks it through. No foreign key: the log outlives what it tells of.';
create index audit_log_action on audit_log (tenant_id, action, number desc);
create index audit_log_actor on audit_log (tenant_id, actor_id, number desc);
create trigger append_only before update or delete on audit_log for each row execute function refuse_change();
create trigger append_only_whole before truncate on audit_log for each statement execute function refuse_change();

-- The SHA-256 of the row before, and of all that this row says. jsonb has one way to be written.
create function audit_hash(previous bytea, tenant_id bigint, number bigint, at timestamptz, actor_id text, action text, subject text, ip inet, data jsonb)
returns bytea language sql stable set search_path = pg_catalog, pg_temp as $$
    select sha256(previous || convert_to(jsonb_build_array(tenant_id, number, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), actor_id, action, subject,
                                                           ip::text, data)::text, 'UTF8')) $$;

-- Adds a row to the chain of the caller's tenant. The lock is held until the end of the transaction, so that the chain is one
-- line: call it last. The login role names the tenant; a tenant's role can only name its own.
create function audit(action text, subject text, data jsonb, ip inet, tenant text, actor text default me()) returns bigint
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    place bigint;
    caller text := nullif(current_setting('role'), 'none');
    head audit_log;
    row_ audit_log;
begin
    if caller is null and not has_table_privilege(session_user, 'public.outbox', 'insert') or caller is not null and caller <> audit.tenant then
        raise insufficient_privilege using message = format('audit: role %s may not write the log of %s', coalesce(caller, session_user), audit.tenant);
    end if;
    select t.id into place from tenants t where t.schema_name = audit.tenant;
    if place is null then
        raise insufficient_privilege using message = format('audit: %s is no tenant', audit.tenant);
    end if;
    perform pg_advisory_xact_lock(hashtextextended('audit ' || place, 0));
    select * into head from audit_log l where l.tenant_id = place order by l.number desc limit 1;
    row_ := (place, coalesce(head.number, 0) + 1, clock_timestamp(), audit.actor, audit.action, audit.subject, audit.ip, coalesce(audit.data, '{}'),
             coalesce(head.hash, sha256(convert_to('tenant ' || place, 'UTF8'))), null);
    row_.hash := audit_hash(row_.previous, row_.tenant_id, row_.number, row_.at, row_.actor_id, row_.action, row_.subject, row_.ip, row_.data);
    insert into audit_log select row_.*;
    return row_.number;
end $$;

do $$
declare
    app text := coalesce(nullif(current_setting('migrate.app_role', true), ''), 'lunaxcode_app');
begin
    execute format('grant select on audit_log to %I', app);
end $$;

-- migrate:down scope:public
drop function audit(text, text, jsonb, inet, text, text);
drop function audit_hash(bytea, bigint, bigint, timestamptz, text, text, text, inet, jsonb);
drop table audit_log;

-- migrate:verify scope:public
select tenant_id, number, at, actor_id, action, subject, ip, data, previous, hash from audit_log limit 0;
do $$
declare
    app text := coalesce(nullif(current_setting('migrate.app_role', true), ''), 'lunaxcode_app');
begin
    assert not (select bool_or(has_table_privilege(app, 'audit_log', p)) from unnest('{insert,update,delete,truncate}'::text[]) p), 'the login role could write the log itself';
    assert (select prosecdef from pg_proc where oid = 'audit(text, text, jsonb, inet, text, text)'::regprocedure), 'audit() writes with its caller''s rights';
end $$;
