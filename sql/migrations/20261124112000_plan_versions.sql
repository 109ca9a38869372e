-- Plans written anew for staff to choose from: what was proposed, and every version that a plan has had.
-- migrate:up scope:public
-- The plan of a project as it is now.
create function plan_of(project integer) returns jsonb language plpgsql stable as $$
begin
    return (select jsonb_build_object('prd', p.prd, 'tasks', coalesce((
                select jsonb_agg(jsonb_build_object('id', t.id, 'title', t.title, 'description', coalesce(t.description, ''), 'section', t.section, 'priority', t.priority,
                           'hours', t.estimated_hours, 'dependencies', t.dependencies) order by t."order", t.id)
                from tasks t where t.project_id = p.id and t.retired_at is null), '[]'))
            from projects p where p.id = plan_of.project);
end $$;

-- Notes the plan as it is now as a version of its own, where it differs from the last one; answers the version it is at.
create function note_plan(project integer, action text, generation bigint default null, restored_from integer default null) returns integer
language plpgsql volatile as $$
declare
    last record;
    state jsonb := plan_of(note_plan.project);
    made integer;
begin
    select v.* into last from plan_versions v where v.project_id = note_plan.project order by v.version desc limit 1;
    if state is null or last.content is not distinct from state or (last.version is null and state -> 'tasks' = '[]') then
        return coalesce(last.version, 0);
    end if;
    insert into plan_versions (project_id, version, action, content, generation_id, restored_from, actor_id)
    values (note_plan.project, coalesce(last.version, 0) + 1, note_plan.action, state, note_plan.generation, note_plan.restored_from, me())
    returning version into made;
    return made;
end $$;

-- migrate:up scope:tenant
alter table generations
    add column proposal boolean not null default false,
    add column scope text not null default 'both' check (scope in ('both', 'prd', 'tasks')),
    add column wishes text not null default '' check (length(wishes) <= 4000),
    add column mark text,
    add column proposed jsonb,
    add column outcome text check (outcome in ('applied', 'dismissed')),
    add check (proposal or (outcome is null and proposed is null and scope = 'both' and wishes = ''));
comment on column generations.proposal is 'Written for staff to choose from; the project has it only once it is applied.';
comment on column generations.mark is 'Stands around the client''s text in the prompt, as it was looked at before it was sent.';
create index generations_usage on generations (created_at);

create table plan_versions (
    id             bigint generated always as identity primary key,
    project_id     integer not null references projects (id) on delete cascade,
    version        integer not null check (version > 0),
    action         text not null check (action in ('found', 'written', 'applied', 'restored')),
    content        jsonb not null check (jsonb_typeof(content) = 'object'),
    generation_id  bigint,
    restored_from  integer,
    actor_id       text,
    created_at     timestamptz not null default now(),
    unique (project_id, version)
);
comment on table plan_versions is 'found: as it was, edits by hand included, before it was written anew, chosen from or restored.';
create trigger append_only before update on plan_versions for each row execute function public.refuse_change();
do $$ begin
    execute format('revoke update, delete, truncate on plan_versions from %I', current_schema);
end $$;

-- migrate:down scope:tenant
drop table plan_versions;
drop index generations_usage;
delete from generations where proposal;
alter table generations drop column outcome, drop column proposed, drop column mark, drop column wishes, drop column scope, drop column proposal;

-- migrate:down scope:public
drop function note_plan(integer, text, bigint, integer);
drop function plan_of(integer);

-- migrate:verify scope:public
do $$ begin
    perform 'plan_of(integer)'::regprocedure, 'note_plan(integer, text, bigint, integer)'::regprocedure;
end $$;

-- migrate:verify scope:tenant
select proposal, scope, wishes, mark, proposed, outcome from generations limit 0;
select id, project_id, version, action, content, generation_id, restored_from, actor_id, created_at from plan_versions limit 0;
