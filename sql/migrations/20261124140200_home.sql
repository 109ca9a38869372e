-- Home of the back office: money by month, and what is late, without reading all of the past.
-- migrate:up scope:tenant
create index ledger_created on ledger (created_at);
create index projects_promised on projects (end_date) where status in ('pending', 'in-progress');

-- migrate:down scope:tenant
drop index projects_promised;
drop index ledger_created;

-- migrate:verify scope:tenant
do $$ begin
    assert to_regclass('ledger_created') is not null and to_regclass('projects_promised') is not null, 'the back office''s home reads whole tables';
end $$;
