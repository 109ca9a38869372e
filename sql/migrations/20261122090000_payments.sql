-- Payments: their way through gateway or verification, the ledger that totals follow from, receipts, accounts, events from outside.
-- migrate:up scope:public
-- What PayMongo calls a payment → whose it is, so that an event finds its tenant.
create table payment_intents (
    external_id  text primary key check (external_id <> ''),
    tenant       text not null,
    payment_id   integer not null,
    created_at   timestamptz not null default now()
);

-- Signed events that fit no payment of anybody.
create table stray_payment_events (
    event_id     text primary key,
    event_type   text not null,
    intent_id    text,
    body         jsonb not null,
    received_at  timestamptz not null default now()
);
create index stray_payment_events_received on stray_payment_events (received_at);

create function refuse_rewriting() returns trigger language plpgsql as $$
begin
    raise restrict_violation using message = format('rows of %s stay as they are', tg_table_name);
end $$;

-- The project's word for what is paid, from its ledger alone.
create function follow_ledger() returns trigger language plpgsql as $$
begin
    execute format($update$
        update %1$I.projects p
           set payment_status = case when l.total >= p.price * 100::bigint then 'paid' when l.total > 0 then 'partially-paid' else 'pending' end,
               updated_at = now()
          from (select coalesce(sum(amount), 0) as total from %1$I.ledger where project_id = $1) l
         where p.id = $1$update$, tg_table_schema) using new.project_id;
    return null;
end $$;

-- The caller's payment is called so outside; false when that name is another payment's.
create function claim_intent(external_id text, payment integer) returns boolean
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    caller text := current_setting('role');
begin
    if not exists (select from tenants where schema_name = caller) then
        raise insufficient_privilege using message = format('claim_intent: role %s is no tenant', caller);
    end if;
    insert into payment_intents (external_id, tenant, payment_id) values (claim_intent.external_id, caller, claim_intent.payment)
        on conflict (external_id) do nothing;
    return exists (select from payment_intents i
                    where i.external_id = claim_intent.external_id and i.tenant = caller and i.payment_id = claim_intent.payment);
end $$;

-- Stores a signed event with the payment it is about and queues the work on it. Answers stored, again or stray.
-- The event's row locks its payment's (FOR KEY SHARE) before jobs are looked at, and the worker reads events behind a
-- FOR UPDATE of the payment: so an event either is seen by a job that has not begun, or has a job of its own.
create function take_payment_event(event_id text, event_type text, intent text, other text, named_tenant text, named_payment integer,
                                   resource text, status text, amount bigint, currency text, said text, at timestamptz, body jsonb) returns text
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    owner_tenant text;
    owner_payment integer;
    stored integer;
    live text;
    work text;
begin
    select i.tenant, i.payment_id into owner_tenant, owner_payment
      from payment_intents i where i.external_id in (take_payment_event.intent, take_payment_event.other) order by i.external_id limit 1;
    if not found and named_payment is not null and exists (select from tenants t where t.schema_name = named_tenant) then
        execute format('select id from %I.payments where id = $1 and provider = ''paymongo''', named_tenant) into owner_payment using named_payment;
        owner_tenant := case when owner_payment is not null then named_tenant end;
    end if;
    if owner_payment is null then
        insert into stray_payment_events (event_id, event_type, intent_id, body)
        values (take_payment_event.event_id, take_payment_event.event_type, take_payment_event.intent, take_payment_event.body)
            on conflict (event_id) do nothing;
        return 'stray';
    end if;
    execute format('insert into %I.payment_events (event_id, payment_id, event_type, intent_id, resource_id, status, amount, currency, said, at, body)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (event_id) do nothing', owner_tenant)
        using event_id, owner_payment, event_type, coalesce(intent, other), resource, status, amount, currency, said, at, body;
    get diagnostics stored = row_count;
    if stored = 0 then
        return 'again';
    end if;
    work := 'payment:' || owner_payment;
    select j.state into live from jobs j where j.tenant = owner_tenant and j.kind = 'payment' and j.key = work and j.state in ('queued', 'running');
    if live is distinct from 'queued' then
        insert into jobs (tenant, kind, key, payload)
        values (owner_tenant, 'payment', case when live = 'running' then work || ':' || event_id else work end, jsonb_build_object('payment', owner_payment))
            on conflict (tenant, kind, key) where state in ('queued', 'running') do nothing;
        get diagnostics stored = row_count;
        if stored = 0 then
            insert into jobs (tenant, kind, key, payload)
            values (owner_tenant, 'payment', work || ':' || event_id, jsonb_build_object('payment', owner_payment))
                on conflict (tenant, kind, key) where state in ('queued', 'running') do nothing;
        end if;
        perform pg_notify('jobs', '');
    end if;
    return 'stored';
end $$;
revoke execute on function take_payment_event(text, text, text, text, text, integer, text, text, bigint, text, text, timestamptz, jsonb) from public;

do $$
declare
    app text := coalesce(nullif(current_setting('migrate.app_role', true), ''), 'lunaxcode_app');
begin
    execute format('grant select on payment_intents to %I', app);
    execute format('grant select, delete on stray_payment_events to %I', app);
    execute format('grant execute on function take_payment_event(text, text, text, text, text, integer, text, text, bigint, text, text, timestamptz, jsonb) to %I', app);
end $$;

-- migrate:down scope:public
drop function take_payment_event(text, text, text, text, text, integer, text, text, bigint, text, text, timestamptz, jsonb);
drop function claim_intent(text, integer);
drop function follow_ledger();
drop function refuse_rewriting();
drop table stray_payment_events;
drop table payment_intents;

-- migrate:verify scope:public
select external_id, tenant, payment_id, created_at from payment_intents limit 0;
select event_id, event_type, intent_id, body, received_at from stray_payment_events limit 0;
do $$ begin
    assert not has_function_privilege('public',
        'take_payment_event(text, text, text, text, text, integer, text, text, bigint, text, text, timestamptz, jsonb)', 'execute'), 'anyone may report payments';
end $$;

-- migrate:up scope:tenant
-- Where clients pay without PayMongo. The picture of a QR code is small and belongs to no project, so it is not among the files.
create table payment_accounts (
    id              integer generated always as identity primary key,
    kind            text not null check (kind in ('gcash', 'paymaya', 'bank')),
    label           text not null check (label <> ''),
    account_name    text not null check (account_name <> ''),
    account_number  text not null check (account_number <> ''),
    note            text not null default '',
    qr              bytea check (length(qr) <= 262144),
    qr_type         text check (qr_type in ('image/png', 'image/jpeg', 'image/webp')),
    active          boolean not null default true,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    check ((qr is null) = (qr_type is null))
);

alter table projects
    add column balance_requested_at timestamptz,
    add column balance_requested_by text;

-- stage says more than status: starting (the worker speaks with PayMongo), open (waits for the client, or for PayMongo),
-- submitted (a proof is there), reviewed (step one of two), paid, failed, rejected, cancelled.
alter table payments
    alter column amount type bigint,
    drop constraint payments_amount_check,
    alter column payment_intent_id set default '',
    add column part text check (part in ('deposit', 'balance')),
    add column provider text not null default 'manual' check (provider in ('paymongo', 'manual')),
    add column channel text check (channel in ('gcash', 'paymaya', 'bank', 'cash')),
    add column stage text not null default 'open'
        check (stage in ('starting', 'open', 'submitted', 'reviewed', 'paid', 'failed', 'rejected', 'cancelled')),
    add column reference text,
    add column account_id integer references payment_accounts (id),
    add column checkout_id text not null default '',
    add column method_id text,
    add column next_url text,
    add column site text,
    add column failure text,
    add column attention text,
    add column asked_at timestamptz,
    add column lookups integer not null default 0,
    add column attempt_at timestamptz not null default now(),
    add column checked_at timestamptz,
    add column proof_file_id bigint references files (id),
    add column proof_sha256 bytea check (length(proof_sha256) = 32),
    add column proof_reference text,
    add column proof_at timestamptz,
    add column reviewed_by text,
    add column reviewed_at timestamptz,
    add column confirmed_by text,
    add column paid_at timestamptz,
    add column closed_at timestamptz;
update payments set provider = case when payment_method = 'manual' then 'manual' else 'paymongo' end, attempt_at = created_at,
       stage = case status when 'succeeded' then 'paid' when 'failed' then 'failed' else 'open' end,
       paid_at = case when status = 'succeeded' then updated_at end, closed_at = case when status <> 'processing' then updated_at end;
-- As before, a legacy row without an amount is kept as it is.
alter table payments
    add constraint payments_amount_check check (amount > 0) not valid,
    add constraint payments_status_stage_check check ((status = 'succeeded') = (stage = 'paid')
        and (status = 'failed') = (stage in ('failed', 'rejected', 'cancelled')));
create unique index payments_reference on payments (reference);
-- One way of a kind at a time for a part: a second click finds the first one's payment.
create unique index payments_live on payments (project_id, part, provider) where status = 'processing';
create index payments_account on payments (account_id);
create index payments_proof_file on payments (proof_file_id);
create index payments_proof_sha256 on payments (proof_sha256) where proof_sha256 is not null;
create index payments_proof_reference on payments (regexp_replace(upper(proof_reference), '[^A-Z0-9]', '', 'g')) where proof_reference is not null;
create index payments_to_do on payments (id desc) where stage in ('submitted', 'reviewed') or attention is not null;

-- Every change of money, in centavos. Nothing here is ever changed: a mistake is mended by another row.
create table ledger (
    id           bigint generated always as identity primary key,
    project_id   integer not null references projects (id),
    payment_id   integer references payments (id),
    part         text not null check (part in ('deposit', 'balance')),
    kind         text not null check (kind in ('opening', 'payment', 'refund')),
    amount       bigint not null check (case kind when 'payment' then amount > 0 when 'refund' then amount < 0 else amount <> 0 end),
    external_id  text,
    note         text,
    actor        text not null,
    created_at   timestamptz not null default now(),
    check (kind = 'opening' or payment_id is not null)
);
create index ledger_project on ledger (project_id, id);
create index ledger_payment on ledger (payment_id);
create unique index ledger_credit on ledger (payment_id) where kind = 'payment';
create unique index ledger_external on ledger (external_id) where kind = 'payment';

-- What was paid before there was a ledger: the word at the project is what people went by, and stays true.
insert into ledger (project_id, payment_id, part, kind, amount, note, actor)
select p.project_id, p.id, 'deposit', 'payment', p.amount, 'before the ledger', 'legacy'
  from payments p where p.status = 'succeeded' and p.amount > 0;
insert into ledger (project_id, part, kind, amount, note, actor)
select o.project_id, o.part, 'opening', o.owed - coalesce(l.amount, 0), 'before the ledger', 'legacy'
  from (select id as project_id, 'deposit' as part, case when payment_status = 'pending' then 0 else deposit_amount * 100 end::bigint as owed from projects
        union all select id, 'balance', case when payment_status = 'paid' then (price - deposit_amount) * 100 else 0 end::bigint from projects) o
  left join (select project_id, part, sum(amount) as amount from ledger group by 1, 2) l on l.project_id = o.project_id and l.part = o.part
 where o.owed <> coalesce(l.amount, 0);
create trigger ledger_follow after insert on ledger for each row execute function public.follow_ledger();
create trigger ledger_stays before update or delete on ledger for each row execute function public.refuse_rewriting();
create trigger ledger_stays_whole before truncate on ledger for each statement execute function public.refuse_rewriting();

-- Numbered without gaps: the number is taken in the transaction that credits the payment, and comes back when that is undone.
create table receipt_counter (
    only_row  boolean primary key default true check (only_row),
    last      integer not null default 0
);
insert into receipt_counter default values;
create table receipts (
    number      integer primary key check (number > 0),
    payment_id  integer not null unique references payments (id),
    project_id  integer not null references projects (id),
    amount      bigint not null check (amount > 0),
    words       jsonb not null,
    issued_at   timestamptz not null default now()
);
create index receipts_project on receipts (project_id);
create trigger receipts_stay before update or delete on receipts for each row execute function public.refuse_rewriting();
create trigger receipts_stay_whole before truncate on receipts for each statement execute function public.refuse_rewriting();

-- What PayMongo reported, once each. outcome is null until the worker has looked at it.
create table payment_events (
    event_id      text primary key check (event_id <> ''),
    payment_id    integer not null references payments (id),
    event_type    text not null,
    intent_id     text,
    resource_id   text,
    status        text,
    amount        bigint,
    currency      text,
    said          text,
    at            timestamptz,
    body          jsonb not null,
    outcome       text check (outcome in ('credited', 'repeated', 'failed', 'held', 'ignored')),
    received_at   timestamptz not null default now(),
    processed_at  timestamptz
);
create index payment_events_payment on payment_events (payment_id, received_at);
create index payment_events_waiting on payment_events (payment_id) where outcome is null;

-- What is owed for each part of the price, what of it is there, and whether it can be paid now.
create view project_parts as
select p.id as project_id, x.part, x.amount, l.net,
       case when x.amount = 0 or l.net > 0 then 'paid'
            when x.part = 'deposit' or (d.net > 0 and (p.status = 'completed' or p.balance_requested_at is not null)) then 'due'
            else 'later' end as state
  from projects p
  cross join lateral (values ('deposit', (p.deposit_amount * 100)::bigint), ('balance', p.price * 100::bigint - (p.deposit_amount * 100)::bigint)) x (part, amount)
  cross join lateral (select coalesce(sum(e.amount), 0)::bigint as net from ledger e where e.project_id = p.id and e.part = x.part) l
  cross join lateral (select coalesce(sum(e.amount), 0)::bigint as net from ledger e where e.project_id = p.id and e.part = 'deposit') d;

-- A payment as its project's members see it; the agency's staff see more (admin-payments).
create function payment_json(p payments) returns json language sql stable
return json_build_object(
    'id', p.id, 'projectId', p.project_id, 'part', p.part, 'amount', p.amount, 'status', p.status, 'stage', p.stage,
    'paymentMethod', p.payment_method, 'channel', p.channel, 'provider', p.provider, 'reference', p.reference, 'accountId', p.account_id,
    'nextUrl', case when p.status = 'processing' then p.next_url end, 'failure', p.failure,
    'proof', case when p.proof_at is not null then json_build_object('fileId', p.proof_file_id, 'reference', p.proof_reference, 'at', p.proof_at) end,
    'receipt', (select r.number from receipts r where r.payment_id = p.id),
    'refunded', (select -coalesce(sum(l.amount), 0) from ledger l where l.payment_id = p.id and l.kind = 'refund'),
    'createdAt', p.created_at, 'paidAt', p.paid_at);
do $$ begin
    execute format('revoke update, delete, truncate on ledger, receipts from %I', current_schema);
    execute format('revoke delete, truncate on payment_events from %I', current_schema);
end $$;

-- migrate:down scope:tenant
drop function payment_json(payments);
drop view project_parts;
drop table payment_events;
drop table receipts;
drop table receipt_counter;
drop table ledger;
drop index payments_to_do;
drop index payments_live;
drop index payments_reference;
alter table payments
    drop constraint payments_status_stage_check,
    drop column closed_at, drop column paid_at, drop column confirmed_by, drop column reviewed_at, drop column reviewed_by,
    drop column proof_at, drop column proof_reference, drop column proof_sha256, drop column proof_file_id, drop column checked_at,
    drop column attempt_at, drop column lookups, drop column asked_at, drop column attention, drop column failure, drop column site,
    drop column next_url, drop column method_id, drop column checkout_id, drop column account_id, drop column reference, drop column stage,
    drop column channel, drop column provider, drop column part,
    alter column payment_intent_id drop default,
    alter column amount type integer;
alter table projects drop column balance_requested_by, drop column balance_requested_at;
drop table payment_accounts;

-- migrate:verify scope:tenant
select part, provider, channel, stage, reference, account_id, checkout_id, method_id, next_url, site, failure, attention, asked_at, lookups,
       attempt_at, checked_at, proof_file_id, proof_sha256, proof_reference, proof_at, reviewed_by, reviewed_at, confirmed_by, paid_at, closed_at
  from payments limit 0;
select balance_requested_at, balance_requested_by from projects limit 0;
select number, payment_id, project_id, amount, words, issued_at from receipts limit 0;
select event_id, payment_id, event_type, intent_id, resource_id, status, amount, currency, said, at, body, outcome, received_at, processed_at
  from payment_events limit 0;
select project_id, part, amount, net, state from project_parts limit 0;
do $$ begin
    perform 'payment_json(payments)'::regprocedure;
    assert (select count(*) = 1 from receipt_counter), 'receipts cannot be numbered';
    assert not has_table_privilege(current_schema, 'ledger', 'update'), 'the tenant could rewrite its ledger';
    assert not exists (select from projects p where payment_status <> (
        select case when coalesce(sum(amount), 0) >= p.price * 100::bigint then 'paid' when sum(amount) > 0 then 'partially-paid' else 'pending' end
          from ledger l where l.project_id = p.id)), 'a project says another thing than its ledger';
end $$;
