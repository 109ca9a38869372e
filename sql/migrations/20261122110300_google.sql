-- Signing in with Google: whose account a Google account is, and the sign-ins that are under way there.
-- migrate:up scope:public
create table identities (
    provider      text not null check (provider = 'google'),
    subject       text not null check (subject <> '' and length(subject) <= 255),
    user_id       text not null references users (id) on delete cascade,
    email         text not null,
    created_at    timestamptz not null default now(),
    last_used_at  timestamptz not null default now(),
    primary key (provider, subject)
);
comment on column identities.email is 'As Google said it when they were linked; what counts is the subject.';
create index identities_user on identities (user_id);

-- A row is used once and is deleted by that; what the browser holds is not here, only its hash.
create table sign_in_flows (
    state_hash    bytea primary key check (length(state_hash) = 32),
    browser_hash  bytea not null check (length(browser_hash) = 32),
    tenant_id     bigint not null references tenants (id) on delete cascade,
    nonce         text not null check (nonce <> ''),
    verifier      text not null check (length(verifier) between 43 and 128),
    redirect_uri  text not null,
    return_to     text not null check (return_to ~ '^/([^/\\]|$)'),
    lead_token    text,
    created_at    timestamptz not null default now(),
    expires_at    timestamptz not null default now() + interval '10 minutes'
);
create index sign_in_flows_expires on sign_in_flows (expires_at);
create index sign_in_flows_tenant on sign_in_flows (tenant_id);
do $$
declare
    app text := coalesce(nullif(current_setting('migrate.app_role', true), ''), 'lunaxcode_app');
begin
    execute format('grant select, insert, update, delete on identities, sign_in_flows to %I', app);
end $$;

-- migrate:down scope:public
drop table sign_in_flows;
drop table identities;

-- migrate:verify scope:public
select provider, subject, user_id, email, created_at, last_used_at from identities limit 0;
select state_hash, browser_hash, tenant_id, nonce, verifier, redirect_uri, return_to, lead_token, created_at, expires_at from sign_in_flows limit 0;
do $$
declare
    app text := coalesce(nullif(current_setting('migrate.app_role', true), ''), 'lunaxcode_app');
begin
    assert (select bool_and(has_table_privilege(app, t, p)) from unnest('{identities,sign_in_flows}'::text[]) t, unnest('{select,insert,delete}'::text[]) p),
           'the programs cannot keep what Google says';
end $$;
