-- Content that staff edit: questions and options are retired, never deleted; every edit is a version that can be restored.
-- migrate:up scope:public
-- Kinds: service, question, section; and the order of services and sections (item 0) and of a service's questions (item: the service).
create function content_of(kind text, item bigint) returns jsonb language plpgsql stable as $$
begin
    return case content_of.kind
        when 'service' then (
            select jsonb_build_object('name', s.name, 'description', coalesce(s.description, ''), 'basePrice', s.base_price, 'features', s.features,
                       'timeline', coalesce(s.timeline, ''), 'popular', s.popular, 'active', s.is_active, 'planTemplate', s.plan_template)
              from service_types s where s.id = content_of.item)
        when 'question' then (
            select jsonb_build_object('questionKey', q.question_key, 'questionText', q.question_text, 'questionType', q.question_type,
                       'required', q.required, 'placeholder', coalesce(q.placeholder, ''), 'showIf', q.show_if, 'active', q.is_active,
                       'options', coalesce((select jsonb_agg(o.option_value order by o.sort_order, o.id)
                                              from question_options o where o.question_id = q.id and o.is_active), '[]'))
              from questions q where q.id = content_of.item)
        when 'section' then (
            select jsonb_build_object('key', l.key, 'title', l.title, 'content', l.content, 'active', l.is_active)
              from landing_page_content l where l.id = content_of.item)
        when 'services' then (select jsonb_build_object('ids', coalesce(jsonb_agg(s.id order by s.sort_order, s.id), '[]')) from service_types s)
        when 'questions' then (
            select jsonb_build_object('ids', coalesce(jsonb_agg(q.id order by q.sort_order, q.id), '[]'))
              from questions q where q.service_id = content_of.item)
        when 'sections' then (select jsonb_build_object('ids', coalesce(jsonb_agg(l.id order by l.sort_order, l.id), '[]')) from landing_page_content l)
        end;
end $$;

-- What was changed past the log, by a seed or by hand, counts as a version that nobody has noted yet.
create function version_of(kind text, item bigint) returns integer language plpgsql stable as $$
begin
    return coalesce((select v.version + (v.content is distinct from content_of(version_of.kind, version_of.item))::integer
                       from content_versions v where v.kind = version_of.kind and v.item_id = version_of.item
                      order by v.version desc limit 1), 1);
end $$;

-- Locks an item before it is changed, notes the state that it is in where nobody has, and answers its version; null: there is none.
create function hold_content(kind text, item bigint) returns integer language plpgsql volatile as $$
declare
    now_at integer;
    state jsonb;
begin
    case hold_content.kind
        when 'service' then perform from service_types s where s.id = hold_content.item for update;
        when 'question' then
            -- Conditions of a service's questions hang on one another: one edit of them at a time.
            perform from service_types s join questions q on q.service_id = s.id where q.id = hold_content.item for update of s;
        when 'questions' then perform from service_types s where s.id = hold_content.item for update;
        when 'section' then perform from landing_page_content l where l.id = hold_content.item for update;
        when 'services' then perform from service_types s order by s.id for update;
        when 'sections' then perform from landing_page_content l order by l.id for update;
    end case;
    state := content_of(hold_content.kind, hold_content.item);
    if state is null or hold_content.kind = 'questions' and not found then
        return null;
    end if;
    now_at := version_of(hold_content.kind, hold_content.item);
    insert into content_versions (kind, item_id, version, content, action)
    select hold_content.kind, hold_content.item, now_at, state, 'found'
     where not exists (select from content_versions v
                        where v.kind = hold_content.kind and v.item_id = hold_content.item and v.version = now_at);
    return now_at;
end $$;

-- Notes what an item has become, when that differs from its last version, and answers the version it is at.
create function note_version(kind text, item bigint, action text, restored_from integer default null) returns integer
language plpgsql volatile as $$
declare
    now_at integer := version_of(note_version.kind, note_version.item);
begin
    insert into content_versions (kind, item_id, version, content, action, restored_from, actor_id)
    select note_version.kind, note_version.item, now_at, content_of(note_version.kind, note_version.item), note_version.action,
           note_version.restored_from, me()
     where not exists (select from content_versions v
                        where v.kind = note_version.kind and v.item_id = note_version.item and v.version = now_at);
    return now_at;
end $$;

-- migrate:up scope:tenant
alter table questions add column is_active boolean not null default true;
alter table question_options add column is_active boolean not null default true;

create table content_versions (
    id             bigint generated always as identity primary key,
    kind           text not null check (kind in ('service', 'question', 'section', 'services', 'questions', 'sections')),
    item_id        bigint not null,
    version        integer not null check (version > 0),
    content        jsonb not null check (jsonb_typeof(content) = 'object'),
    action         text not null check (action in ('found', 'created', 'edited', 'ordered', 'restored')),
    restored_from  integer check (restored_from < version),
    actor_id       text,
    created_at     timestamptz not null default now(),
    unique (kind, item_id, version),
    check ((action = 'restored') = (restored_from is not null))
);
comment on table content_versions is 'found: the state that an item was in before its first edit here, or after a change past this log.';
create index content_versions_at on content_versions (id desc, kind);
create trigger append_only before update or delete on content_versions for each row execute function public.refuse_change();
create trigger append_only_whole before truncate on content_versions for each statement execute function public.refuse_change();
do $$ begin
    execute format('revoke update, delete, truncate on content_versions from %I', current_schema);
    execute format('revoke delete, truncate on questions, question_options, service_types, landing_page_content from %I', current_schema);
end $$;

-- migrate:down scope:tenant
do $$ begin
    execute format('grant delete on questions, question_options, service_types, landing_page_content to %I', current_schema);
end $$;
drop table content_versions;
-- What is retired would be asked again: the older programs know only what is there.
insert into legacy_values (table_name, row_id, old_value, reason)
select 'question_options', o.id, to_jsonb(o)::text, 'was retired; removed' from question_options o where not o.is_active;
delete from question_options where not is_active;
update questions set required = false, show_if = '{"any": []}' where not is_active;
alter table question_options drop column is_active;
alter table questions drop column is_active;

-- migrate:down scope:public
drop function note_version(text, bigint, text, integer);
drop function hold_content(text, bigint);
drop function version_of(text, bigint);
drop function content_of(text, bigint);

-- migrate:verify scope:public
do $$ begin
    perform 'content_of(text, bigint)'::regprocedure, 'version_of(text, bigint)'::regprocedure, 'hold_content(text, bigint)'::regprocedure,
            'note_version(text, bigint, text, integer)'::regprocedure;
end $$;

-- migrate:verify scope:tenant
select is_active from questions limit 0;
select is_active from question_options limit 0;
select id, kind, item_id, version, content, action, restored_from, actor_id, created_at from content_versions limit 0;
do $$ begin
    assert (select count(*) = 2 from pg_trigger where tgrelid = 'content_versions'::regclass and not tgisinternal), 'versions could be changed';
    assert not has_table_privilege(current_schema, 'questions', 'delete'), 'the tenant may lose questions that have answers';
end $$;
