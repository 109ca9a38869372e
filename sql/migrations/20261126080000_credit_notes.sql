-- Credit notes: what is given back has a number of its own, without gaps, as receipts have theirs.
-- migrate:up scope:tenant
create table credit_note_counter (
    only_row  boolean primary key default true check (only_row),
    last      integer not null default 0
);
create table credit_notes (
    number      integer primary key check (number > 0),
    ledger_id   bigint not null unique references ledger (id),
    payment_id  integer references payments (id),
    issued_at   timestamptz not null default now()
);
comment on table credit_notes is 'One for each entry of the ledger that gives money back; the amount and the reason are there.';
create index credit_notes_payment on credit_notes (payment_id);
-- Those of before, in the order in which they were given.
insert into credit_notes (number, ledger_id, payment_id, issued_at)
select row_number() over (order by id), id, payment_id, created_at from ledger where kind = 'refund';
insert into credit_note_counter (last) select count(*) from credit_notes;
create trigger credit_notes_stay before update or delete on credit_notes for each row execute function public.refuse_rewriting();
create trigger credit_notes_stay_whole before truncate on credit_notes for each statement execute function public.refuse_rewriting();
do $$ begin
    execute format('revoke update, delete, truncate on credit_notes from %I', current_schema);
end $$;

-- migrate:down scope:tenant
drop table credit_notes;
drop table credit_note_counter;

-- migrate:verify scope:tenant
select number, ledger_id, payment_id, issued_at from credit_notes limit 0;
do $$ begin
    assert (select count(*) = 1 from credit_note_counter), 'credit notes cannot be numbered';
    assert not has_table_privilege(current_schema, 'credit_notes', 'update'), 'the tenant could rewrite its credit notes';
    assert not exists (select from ledger l where l.kind = 'refund' and not exists (select from credit_notes n where n.ledger_id = l.id)), 'something was given back without a number';
end $$;
