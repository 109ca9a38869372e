-- Phase 4: options get a date; those that are there take their question's.
-- migrate:up scope:tenant
alter table question_options add column created_at timestamp;
update question_options o set created_at = q.created_at from questions q where q.id = o.question_id;
alter table question_options alter column created_at set default now();

-- migrate:down scope:tenant
alter table question_options drop column created_at;

-- migrate:verify scope:tenant
select created_at from question_options limit 0;
