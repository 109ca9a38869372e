-- Tasks as staff work on them: hours spent, a version that edits are held against, and tasks that are retired, not deleted.
-- migrate:up scope:public
-- The version rises with whatever a person could have read and edited; the place among the others is no part of that.
create function count_task() returns trigger language plpgsql as $$
begin
    if (new.title, new.description, new.section, new.priority, new.status, new.estimated_hours, new.spent_hours, new.dependencies, new.retired_at)
       is distinct from (old.title, old.description, old.section, old.priority, old.status, old.estimated_hours, old.spent_hours, old.dependencies, old.retired_at) then
        new.version := old.version + 1;
    end if;
    return new;
end $$;

-- migrate:up scope:tenant
alter table tasks
    add column spent_hours numeric(7, 2) not null default 0 check (spent_hours between 0 and 10000),
    add column version integer not null default 1 check (version > 0),
    add column added_by text,
    add column retired_at timestamptz,
    add column retired_by text,
    add check ((retired_at is null) = (retired_by is null));
comment on column tasks.added_by is 'Who added it by hand; null: it came with a plan.';
comment on column tasks.retired_at is 'It is no part of the plan any more; its hours, messages and place in the log stay. Its order is its number below zero.';
create trigger version before update on tasks for each row execute function public.count_task();

-- migrate:down scope:tenant
insert into legacy_values (table_name, row_id, old_value, reason)
select 'tasks', id, to_jsonb(tasks)::text, 'was retired; removed' from tasks where retired_at is not null order by id;
delete from tasks where retired_at is not null;
drop trigger version on tasks;
alter table tasks drop column retired_by, drop column retired_at, drop column added_by, drop column version, drop column spent_hours;

-- migrate:down scope:public
drop function count_task();

-- migrate:verify scope:public
do $$ begin
    perform 'count_task()'::regprocedure;
end $$;

-- migrate:verify scope:tenant
select spent_hours, version, added_by, retired_at, retired_by from tasks limit 0;
do $$ begin
    assert (select count(*) = 1 from pg_trigger where tgname = 'version' and tgrelid = 'tasks'::regclass), 'versions of tasks are not counted';
end $$;
