-- Projects, answers, tasks and payments: status words, money, keys and indexes; messages and files.
-- migrate:up scope:tenant
create or replace function pg_temp.json_or_text(value text) returns jsonb language plpgsql as $$
begin
    return value::jsonb;
exception when others then
    return to_jsonb(value);
end $$;

-- Words written another way ("In Progress", in_progress) are the same word; any other is the column's first word.
create or replace function pg_temp.word(value text, known text[]) returns text language sql immutable as $$
    select case when w = any (known) then w else known[1] end
      from translate(lower(trim(coalesce(value, ''))), ' _', '--') w
$$;

insert into legacy_values (table_name, row_id, column_name, old_value, reason)
select t, id, c, v, 'is no word of this column'
  from (select 'projects' as t, id, 'status' as c, status as v, '{pending,in-progress,completed,on-hold}'::text[] as words from projects
        union all select 'projects', id, 'payment_status', payment_status, '{pending,partially-paid,paid}' from projects
        union all select 'tasks', id, 'status', status, '{pending,in-progress,completed}' from tasks
        union all select 'tasks', id, 'priority', priority, '{medium,low,high}' from tasks
        union all select 'payments', id, 'status', status, '{processing,succeeded,failed}' from payments
        union all select 'payments', id, 'payment_method', payment_method, '{manual,card,gcash,paymaya}' from payments) w
 where v is null or v <> all (words)
 order by t, id, c;
update projects set status = pg_temp.word(status, '{pending,in-progress,completed,on-hold}'),
                    payment_status = pg_temp.word(payment_status, '{pending,partially-paid,paid}');
update tasks set status = pg_temp.word(status, '{pending,in-progress,completed}'),
                 priority = pg_temp.word(priority, '{medium,low,high}');
update payments set status = pg_temp.word(status, '{processing,succeeded,failed}'),
                    payment_method = pg_temp.word(payment_method, '{manual,card,gcash,paymaya}');

-- A project without a price owes nothing: it counts as paid. The deposit is half the price unless another was agreed.
insert into legacy_values (table_name, row_id, column_name, old_value, reason)
select 'projects', id, 'payment_status', payment_status, 'has no price, so nothing is owed' from projects where price <= 0 and payment_status <> 'paid'
union all
select 'projects', id, 'price', price::text, 'is below zero' from projects where price < 0
union all
select 'projects', id, 'deposit_amount', deposit_amount::text, 'was not set, or not within the price; half the price' from projects
 where deposit_amount is null or deposit_amount <= 0 or deposit_amount > greatest(price, 0);
update projects set payment_status = 'paid', price = 0 where price <= 0;
alter table projects
    alter column deposit_amount type numeric(12, 2)
        using case when deposit_amount > 0 and deposit_amount <= price then deposit_amount else price / 2.0 end,
    alter column deposit_amount drop default,
    alter column deposit_amount set not null,
    alter column payment_status set not null,
    alter column status set not null,
    alter column start_date type timestamptz using start_date at time zone 'UTC',
    alter column end_date type timestamptz using end_date at time zone 'UTC',
    alter column created_at type timestamptz using coalesce(created_at at time zone 'UTC', now()),
    alter column created_at set default now(),
    alter column created_at set not null,
    alter column updated_at type timestamptz using coalesce(updated_at at time zone 'UTC', now()),
    alter column updated_at set default now(),
    alter column updated_at set not null,
    add check (status in ('pending', 'in-progress', 'completed', 'on-hold')),
    add check (payment_status in ('pending', 'partially-paid', 'paid')),
    add constraint projects_price_check check (price > 0 or (price = 0 and payment_status = 'paid')),
    add constraint projects_deposit_check check (deposit_amount >= 0 and deposit_amount <= price);
create index projects_user on projects (user_id, id desc);
create index projects_service_type on projects (service_type_id);

-- A question answered twice in a project: the last answer is the one that counted.
create temp table older_answers on commit drop as
select id from (select id, row_number() over (partition by project_id, question_id order by id desc) as n from project_answers) a where n > 1;
insert into legacy_values (table_name, row_id, old_value, reason)
select 'project_answers', a.id, to_jsonb(a)::text, 'a later answer to the question is there; removed'
  from project_answers a join pg_temp.older_answers o on o.id = a.id;
delete from project_answers where id in (select id from pg_temp.older_answers);
alter table project_answers
    alter column created_at type timestamptz using coalesce(created_at at time zone 'UTC', now()),
    alter column created_at set default now(),
    alter column created_at set not null,
    add unique (project_id, question_id);
drop index idx_project_answers_project_id;  -- the unique index begins with project_id

insert into legacy_values (table_name, row_id, column_name, old_value, reason)
select 'tasks', id, 'estimated_hours', estimated_hours, 'is not between 1 and 200' from tasks where estimated_hours not between 1 and 200;
update tasks set estimated_hours = least(greatest(estimated_hours, 1), 200) where estimated_hours not between 1 and 200;
create temp table places on commit drop as
select id, "order", row_number() over (partition by project_id order by "order", id) as place
  from tasks
 where project_id in (select project_id from tasks group by project_id, "order" having count(*) > 1);
insert into legacy_values (table_name, row_id, column_name, old_value, reason)
select 'tasks', id, 'order', "order", 'two tasks of the project had one place; numbered anew' from pg_temp.places where "order" <> place;
update tasks t set "order" = p.place from pg_temp.places p where p.id = t.id;
insert into legacy_values (table_name, row_id, column_name, old_value, reason)
select 'tasks', id, 'dependencies', dependencies, 'is no JSON array' from tasks
 where trim(dependencies) <> '' and jsonb_typeof(pg_temp.json_or_text(dependencies)) <> 'array';
alter table tasks
    alter column dependencies type jsonb
        using case when jsonb_typeof(pg_temp.json_or_text(dependencies)) = 'array' then pg_temp.json_or_text(dependencies) else '[]' end,
    alter column dependencies set default '[]',
    alter column dependencies set not null,
    alter column status set not null,
    alter column created_at type timestamptz using coalesce(created_at at time zone 'UTC', now()),
    alter column created_at set default now(),
    alter column created_at set not null,
    alter column updated_at type timestamptz using coalesce(updated_at at time zone 'UTC', now()),
    alter column updated_at set default now(),
    alter column updated_at set not null,
    drop constraint tasks_project_id_fkey,
    add foreign key (project_id) references projects (id) on delete cascade,
    add check (priority in ('low', 'medium', 'high')),
    add check (status in ('pending', 'in-progress', 'completed')),
    add check (estimated_hours between 1 and 200),
    add check (jsonb_typeof(dependencies) = 'array'),
    add unique (project_id, "order") deferrable initially immediate;

-- Payments are centavos. A legacy row without an amount is kept as it is, so the rule is for new rows.
alter table payments
    alter column metadata type jsonb using case when trim(metadata) = '' then null else pg_temp.json_or_text(metadata) end,
    alter column created_at type timestamptz using coalesce(created_at at time zone 'UTC', now()),
    alter column created_at set default now(),
    alter column created_at set not null,
    alter column updated_at type timestamptz using coalesce(updated_at at time zone 'UTC', now()),
    alter column updated_at set default now(),
    alter column updated_at set not null,
    add check (payment_method in ('card', 'gcash', 'paymaya', 'manual')),
    add check (status in ('processing', 'succeeded', 'failed')),
    add check (amount > 0) not valid;
create index payments_project on payments (project_id);
create index payments_user on payments (user_id);
create index payments_intent on payments (payment_intent_id);

create table messages (
    id          bigint generated always as identity primary key,
    project_id  integer not null references projects (id) on delete cascade,
    user_id     text not null,
    body        text not null check (body <> ''),
    created_at  timestamptz not null default now()
);
create index messages_project on messages (project_id, id);
create index messages_user on messages (user_id);

create table files (
    id            bigint generated always as identity primary key,
    project_id    integer not null references projects (id) on delete cascade,
    user_id       text not null,
    name          text not null check (name <> ''),
    content_type  text not null,
    size          bigint not null check (size >= 0),
    sha256        bytea not null check (length(sha256) = 32),
    created_at    timestamptz not null default now()
);
create index files_project on files (project_id, id);
create index files_user on files (user_id);
drop function pg_temp.json_or_text(text);
drop function pg_temp.word(text, text[]);

-- migrate:down scope:tenant
drop table files;
drop table messages;
drop index payments_intent;
drop index payments_user;
drop index payments_project;
alter table payments
    drop constraint payments_amount_check,
    drop constraint payments_status_check,
    drop constraint payments_payment_method_check,
    alter column updated_at drop not null,
    alter column updated_at type timestamp using updated_at at time zone 'UTC',
    alter column created_at drop not null,
    alter column created_at type timestamp using created_at at time zone 'UTC',
    alter column metadata type text using case when jsonb_typeof(metadata) = 'string' then metadata #>> '{}' else metadata::text end;
alter table tasks
    drop constraint tasks_project_id_order_key,
    drop constraint tasks_dependencies_check,
    drop constraint tasks_estimated_hours_check,
    drop constraint tasks_status_check,
    drop constraint tasks_priority_check,
    drop constraint tasks_project_id_fkey,
    add foreign key (project_id) references projects (id),
    alter column updated_at drop not null,
    alter column updated_at type timestamp using updated_at at time zone 'UTC',
    alter column created_at drop not null,
    alter column created_at type timestamp using created_at at time zone 'UTC',
    alter column status drop not null,
    alter column dependencies drop not null,
    alter column dependencies drop default,
    alter column dependencies type text using dependencies::text;
create index idx_project_answers_project_id on project_answers (project_id);
alter table project_answers
    drop constraint project_answers_project_id_question_id_key,
    alter column created_at drop not null,
    alter column created_at type timestamp using created_at at time zone 'UTC';
insert into project_answers (id, project_id, question_id, question_key, answer_value, created_at)
select r.id, r.project_id, r.question_id, r.question_key, r.answer_value, r.created_at
  from legacy_values v, jsonb_populate_record(null::project_answers, v.old_value::jsonb) r
 where v.table_name = 'project_answers' and v.column_name is null;
drop index projects_service_type;
drop index projects_user;
alter table projects
    drop constraint projects_deposit_check,
    drop constraint projects_price_check,
    drop constraint projects_payment_status_check,
    drop constraint projects_status_check,
    alter column updated_at drop not null,
    alter column updated_at type timestamp using updated_at at time zone 'UTC',
    alter column created_at drop not null,
    alter column created_at type timestamp using created_at at time zone 'UTC',
    alter column end_date type timestamp using end_date at time zone 'UTC',
    alter column start_date type timestamp using start_date at time zone 'UTC',
    alter column status drop not null,
    alter column payment_status drop not null,
    alter column deposit_amount drop not null,
    alter column deposit_amount type integer using deposit_amount::integer,
    alter column deposit_amount set default 0;
-- Where a column was changed twice, the first value noted is the legacy one.
create temp table before on commit drop as
select distinct on (table_name, row_id, column_name) table_name, row_id, column_name, old_value
  from legacy_values where table_name in ('projects', 'tasks', 'payments') and column_name not in ('service_type_id', 'description')
 order by table_name, row_id, column_name, id;
update projects p set status = b.old_value from pg_temp.before b
 where b.table_name = 'projects' and b.column_name = 'status' and b.row_id = p.id::text;
update projects p set payment_status = b.old_value from pg_temp.before b
 where b.table_name = 'projects' and b.column_name = 'payment_status' and b.row_id = p.id::text;
update projects p set price = b.old_value::integer from pg_temp.before b
 where b.table_name = 'projects' and b.column_name = 'price' and b.row_id = p.id::text;
update projects p set deposit_amount = b.old_value::integer from pg_temp.before b
 where b.table_name = 'projects' and b.column_name = 'deposit_amount' and b.row_id = p.id::text;
update tasks t set status = b.old_value from pg_temp.before b
 where b.table_name = 'tasks' and b.column_name = 'status' and b.row_id = t.id::text;
update tasks t set priority = b.old_value from pg_temp.before b
 where b.table_name = 'tasks' and b.column_name = 'priority' and b.row_id = t.id::text;
update tasks t set estimated_hours = b.old_value::integer from pg_temp.before b
 where b.table_name = 'tasks' and b.column_name = 'estimated_hours' and b.row_id = t.id::text;
update tasks t set "order" = b.old_value::integer from pg_temp.before b
 where b.table_name = 'tasks' and b.column_name = 'order' and b.row_id = t.id::text;
update tasks t set dependencies = b.old_value from pg_temp.before b
 where b.table_name = 'tasks' and b.column_name = 'dependencies' and b.row_id = t.id::text;
update payments p set status = b.old_value from pg_temp.before b
 where b.table_name = 'payments' and b.column_name = 'status' and b.row_id = p.id::text;
update payments p set payment_method = b.old_value from pg_temp.before b
 where b.table_name = 'payments' and b.column_name = 'payment_method' and b.row_id = p.id::text;
delete from legacy_values
 where table_name in ('projects', 'tasks', 'payments', 'project_answers')
   and (column_name is null or column_name not in ('service_type_id', 'description'));

-- migrate:verify scope:tenant
select id, project_id, user_id, body, created_at from messages limit 0;
select id, project_id, user_id, name, content_type, size, sha256, created_at from files limit 0;
do $$ begin
    assert (select format_type(atttypid, atttypmod) = 'numeric(12,2)' and attnotnull from pg_attribute
             where attrelid = 'projects'::regclass and attname = 'deposit_amount'), 'projects.deposit_amount is not numeric(12,2)';
    assert (select format_type(atttypid, null) = 'jsonb' and attnotnull from pg_attribute
             where attrelid = 'tasks'::regclass and attname = 'dependencies'), 'tasks.dependencies is not jsonb';
    assert (select condeferrable from pg_constraint
             where conname = 'tasks_project_id_order_key' and conrelid = 'tasks'::regclass), 'tasks could not change places in one transaction';
    assert (select count(*) = 11 from pg_constraint
             where contype = 'c' and conrelid in ('projects'::regclass, 'tasks'::regclass, 'payments'::regclass)), 'a check is missing';
end $$;
