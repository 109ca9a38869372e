-- What a project's timeline is drawn from: when work began and ended, what was promised, what the client was asked for.
-- migrate:up scope:public
-- When a task was begun and done follows its status, whoever changes it.
create function stamp_task() returns trigger language plpgsql as $$
begin
    if new.status = 'pending' then
        new.started_at := null;
        new.completed_at := null;
    elsif new.status = 'in-progress' then
        new.started_at := coalesce(new.started_at, now());
        new.completed_at := null;
    else
        new.completed_at := coalesce(new.completed_at, now());
        new.started_at := coalesce(new.started_at, new.completed_at);
    end if;
    return new;
end $$;

create function stamp_project() returns trigger language plpgsql as $$
begin
    new.completed_at := case when new.status = 'completed' then coalesce(new.completed_at, now()) end;
    return new;
end $$;

-- migrate:up scope:tenant
alter table tasks
    add column started_at timestamptz,
    add column completed_at timestamptz;
update tasks set started_at = least(created_at, updated_at), completed_at = case when status = 'completed' then updated_at end where status <> 'pending';
alter table tasks
    add check ((status = 'pending') = (started_at is null)),
    add check ((status = 'completed') = (completed_at is not null)),
    add check (completed_at >= started_at);
create trigger stamp before insert or update of status, started_at, completed_at on tasks for each row execute function public.stamp_task();

alter table projects add column completed_at timestamptz;
update projects set completed_at = updated_at where status = 'completed';
alter table projects add check ((status = 'completed') = (completed_at is not null));
create trigger stamp before insert or update of status, completed_at on projects for each row execute function public.stamp_project();
comment on column projects.start_date is 'When work begins, as the agency planned it.';
comment on column projects.end_date is 'When the agency promised that the project is complete.';

create table section_deadlines (
    project_id  integer not null references projects (id) on delete cascade,
    section     text not null check (section <> '' and length(section) <= 100),
    due         date not null check (due between '2000-01-01' and '2100-12-31'),
    primary key (project_id, section)
);

create table asks (
    id          bigint generated always as identity primary key,
    project_id  integer not null references projects (id) on delete cascade,
    task_id     integer references tasks (id) on delete set null,
    kind        text not null check (kind in ('file', 'approval', 'answer')),
    title       text not null check (title ~ '[^[:space:]]' and length(title) <= 200),
    asked_by    text not null,
    asked_at    timestamptz not null default now(),
    done_by     text,
    done_at     timestamptz,
    check ((done_by is null) = (done_at is null))
);
comment on table asks is 'What the agency needs of the client: a file, an approval, an answer.';
comment on column asks.task_id is 'The task that waits for it; null: whatever has not begun.';
create index asks_project on asks (project_id, id);
create index asks_task on asks (task_id) where task_id is not null;

-- migrate:down scope:tenant
drop table asks;
drop table section_deadlines;
drop trigger stamp on projects;
alter table projects drop column completed_at;
drop trigger stamp on tasks;
alter table tasks drop column completed_at, drop column started_at;

-- migrate:down scope:public
drop function stamp_project();
drop function stamp_task();

-- migrate:verify scope:public
do $$ begin
    perform 'stamp_task()'::regprocedure, 'stamp_project()'::regprocedure;
end $$;

-- migrate:verify scope:tenant
select started_at, completed_at from tasks limit 0;
select completed_at from projects limit 0;
select project_id, section, due from section_deadlines limit 0;
select id, project_id, task_id, kind, title, asked_by, asked_at, done_by, done_at from asks limit 0;
do $$ begin
    assert (select count(*) = 2 from pg_trigger where tgname = 'stamp' and tgrelid in ('tasks'::regclass, 'projects'::regclass)), 'times are not kept';
end $$;
