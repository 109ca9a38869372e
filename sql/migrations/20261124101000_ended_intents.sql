-- What nobody is to pay any more is ended at PayMongo too: a payment that is given up queues it, whoever gives it up.
-- migrate:up scope:public
-- An intent that is named after its payment was given up (the worker was at it) is ended as well.
create function end_intent() returns trigger
language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
    insert into jobs (tenant, kind, key, payload)
    values (tg_table_schema, 'payment-end', 'payment:' || new.id, jsonb_build_object('payment', new.id))
        on conflict (tenant, kind, key) where state in ('queued', 'running') do nothing;
    perform pg_notify('jobs', '');
    return null;
end $$;
revoke execute on function end_intent() from public;

-- migrate:down scope:public
drop function end_intent();

-- migrate:verify scope:public
do $$ begin
    perform 'end_intent()'::regprocedure;
    assert not has_function_privilege('public', 'end_intent()', 'execute'), 'anyone may end intents';
end $$;

-- migrate:up scope:tenant
alter table payments
    add column ended_at timestamptz,
    add column not_ended text;
comment on column payments.ended_at is 'PayMongo has said that this cannot be paid any more.';
comment on column payments.not_ended is 'Why PayMongo keeps it open, for the agency; it is asked about for a day.';
create trigger payments_end_intent after update on payments for each row
    when (new.stage = 'cancelled' and new.provider = 'paymongo' and (new.payment_intent_id <> '' or new.checkout_id <> '')
          and (old.stage, old.payment_intent_id, old.checkout_id) is distinct from (new.stage, new.payment_intent_id, new.checkout_id))
    execute function public.end_intent();

-- migrate:down scope:tenant
drop trigger payments_end_intent on payments;
alter table payments drop column ended_at, drop column not_ended;

-- migrate:verify scope:tenant
select ended_at, not_ended from payments limit 0;
do $$ begin
    assert exists (select from pg_trigger where tgrelid = 'payments'::regclass and tgname = 'payments_end_intent' and tgenabled <> 'D'),
           'given up payments are not ended at PayMongo';
end $$;
