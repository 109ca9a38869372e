-- The database numbers what is given back, whoever writes it: also a program of before, still at work while its schema is ahead of it.
-- migrate:up scope:public
-- In the transaction of the refund, whose number comes back when that is undone. A statement that has numbered its refund itself is left alone.
create function number_refund() returns trigger language plpgsql as $$
begin
    execute format($number$
        with counted as (
            update %1$I.credit_note_counter set last = last + 1
             where only_row and not exists (select from %1$I.credit_notes where ledger_id = $1) returning last)
        insert into %1$I.credit_notes (number, ledger_id, payment_id) select last, $1, $2 from counted$number$, tg_table_schema) using new.id, new.payment_id;
    return null;
end $$;

-- migrate:down scope:public
drop function number_refund();

-- migrate:verify scope:public
do $$ begin
    perform 'number_refund()'::regprocedure;
end $$;

-- migrate:up scope:tenant
create trigger ledger_numbers after insert on ledger for each row when (new.kind = 'refund') execute function public.number_refund();
-- Nobody writes to the ledger from here on until this is done, so none is missed: those without a number get the next ones, in their order.
with missing as (
    select id, payment_id, row_number() over (order by id) as place from ledger l
     where kind = 'refund' and not exists (select from credit_notes n where n.ledger_id = l.id)),
counted as (
    update credit_note_counter set last = last + m.amount from (select count(*) as amount from missing) m where only_row returning last - m.amount as before)
insert into credit_notes (number, ledger_id, payment_id) select c.before + m.place, m.id, m.payment_id from missing m, counted c;

-- migrate:down scope:tenant
drop trigger ledger_numbers on ledger;

-- migrate:verify scope:tenant
do $$ begin
    assert exists (select from pg_trigger where tgrelid = 'ledger'::regclass and tgname = 'ledger_numbers' and tgenabled <> 'D'), 'what is given back has no number';
    assert not exists (select from ledger l where l.kind = 'refund' and not exists (select from credit_notes n where n.ledger_id = l.id)), 'something was given back without a number';
end $$;
