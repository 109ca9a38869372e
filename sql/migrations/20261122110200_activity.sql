-- Activity: who did what on a project, as a log that only grows.
-- migrate:up scope:public
-- Rows that nobody may change: for BEFORE UPDATE OR DELETE and BEFORE TRUNCATE.
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise restrict_violation using message = format('%s is append-only: %s is refused', tg_table_name, lower(tg_op));
end $$;

-- Notes who did what on a project; `internal` is for the agency's own eyes. In a request it is the person who calls, in the
-- worker nobody unless named.
create function note_activity(project integer, kind text, data jsonb default '{}', internal boolean default false, actor text default me())
returns bigint language plpgsql volatile as $$
#variable_conflict use_column
declare
    noted bigint;
begin
    insert into activity (project_id, actor_id, kind, data, internal)
    values (note_activity.project, note_activity.actor, note_activity.kind, coalesce(note_activity.data, '{}'), note_activity.internal)
    returning id into noted;
    return noted;
end $$;

-- migrate:up scope:tenant
-- No cascade: what was done on a project stays while the project does, and the project stays while this does.
create table activity (
    id          bigint generated always as identity primary key,
    project_id  integer not null references projects (id),
    actor_id    text,
    kind        text not null check (kind ~ '^[a-z][a-z0-9-]{1,39}$'),
    data        jsonb not null default '{}' check (jsonb_typeof(data) = 'object' and octet_length(data::text) <= 8000),
    internal    boolean not null default false,
    created_at  timestamptz not null default now()
);
comment on column activity.actor_id is 'Null: the site itself.';
create index activity_project on activity (project_id, id desc);
create index activity_shared on activity (project_id, id desc) where not internal;
insert into activity (project_id, actor_id, kind, data, created_at)
select id, user_id, 'project-created', jsonb_build_object('service', service), created_at from projects order by created_at, id;
create trigger append_only before update or delete on activity for each row execute function public.refuse_change();
create trigger append_only_whole before truncate on activity for each statement execute function public.refuse_change();
do $$ begin
    execute format('revoke update, delete on activity from %I', current_schema);
end $$;

-- migrate:down scope:tenant
drop table activity;

-- migrate:down scope:public
drop function note_activity(integer, text, jsonb, boolean, text);
drop function refuse_change();

-- migrate:verify scope:public
do $$ begin
    perform 'note_activity(integer, text, jsonb, boolean, text)'::regprocedure, 'refuse_change()'::regprocedure;
end $$;

-- migrate:verify scope:tenant
select id, project_id, actor_id, kind, data, internal, created_at from activity limit 0;
do $$ begin
    assert (select count(*) = 2 from pg_trigger where tgrelid = 'activity'::regclass and not tgisinternal), 'activity could be changed';
    assert not has_table_privilege(current_schema, 'activity', 'update') and not has_table_privilege(current_schema, 'activity', 'delete'),
           'the tenant may change its activity';
end $$;
