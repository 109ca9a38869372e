-- An account to transfer to, so that paying can be tried without PayMongo. It is nobody's, and says so.
insert into payment_accounts (kind, label, account_name, account_number, note)
select 'gcash', 'GCash (example)', 'Nobody: an example', '0900 000 0000', 'Do not send money here. The agency''s own accounts are set in the office, under Payments.'
where not exists (select from payment_accounts);
