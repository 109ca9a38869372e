-- From one agency to another without a password: a token that is carried across hosts once, within a minute.
-- migrate:up scope:public
create table session_handovers (
    token_hash    bytea primary key check (length(token_hash) = 32),
    user_id       text not null references users (id) on delete cascade,
    tenant_id     bigint not null references tenants (id) on delete cascade,
    from_session  bigint not null references sessions (id) on delete cascade,
    network       text not null,
    user_agent    text not null,
    expires_at    timestamptz not null default now() + interval '60 seconds'
);
comment on table session_handovers is 'Used by being deleted. It is of the session that asked, which must still be there, and of the network and browser that it asked from.';
create index session_handovers_user on session_handovers (user_id);
create index session_handovers_tenant on session_handovers (tenant_id);
create index session_handovers_session on session_handovers (from_session);
create index session_handovers_expires on session_handovers (expires_at);
do $$
begin
    execute format('grant select, insert, update, delete on session_handovers to %I', coalesce(nullif(current_setting('migrate.app_role', true), ''), 'lunaxcode_app'));
end $$;

-- migrate:down scope:public
drop table session_handovers;

-- migrate:verify scope:public
select token_hash, user_id, tenant_id, from_session, network, user_agent, expires_at from session_handovers limit 0;
do $$ begin
    assert has_table_privilege(coalesce(nullif(current_setting('migrate.app_role', true), ''), 'lunaxcode_app'), 'session_handovers', 'delete'), 'the programs cannot use a handover';
end $$;
