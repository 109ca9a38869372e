-- A file that is sent whole again under the same Idempotency-Key is the one that came first.
-- migrate:up scope:tenant
alter table files add column idempotency_key text check (idempotency_key <> '' and length(idempotency_key) <= 200);
create unique index files_key on files (coalesce(project_id, 0), coalesce(lead_id, 0), coalesce(user_id, ''), idempotency_key) where idempotency_key is not null;

-- migrate:down scope:tenant
drop index files_key;
alter table files drop column idempotency_key;

-- migrate:verify scope:tenant
select idempotency_key from files limit 0;
