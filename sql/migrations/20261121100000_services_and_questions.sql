-- What an agency sells and asks: types, words and keys that the database itself holds.
-- migrate:up scope:tenant
create or replace function pg_temp.json_array(value text) returns jsonb language plpgsql as $$
begin
    if jsonb_typeof(value::jsonb) = 'array' then
        return value::jsonb;
    end if;
    return jsonb_build_array(value::jsonb);
exception when others then
    return jsonb_build_array(value);  -- was never JSON: its text is the one element
end $$;

insert into legacy_values (table_name, row_id, column_name, old_value, reason)
select 'service_types', id, 'base_price', base_price::text, 'is no price; the service is switched off' from service_types where base_price <= 0
union all
select 'service_types', id, 'is_active', is_active::text, 'has no price' from service_types where base_price <= 0
union all
select 'service_types', id, 'features', features, 'is no JSON array' from service_types
 where trim(features) <> '' and pg_temp.json_array(features)::text = jsonb_build_array(features)::text;
update service_types set base_price = 1, is_active = false where base_price <= 0;

alter table service_types
    alter column features type jsonb using case when features is null or trim(features) = '' then '[]' else pg_temp.json_array(features) end,
    alter column features set default '[]',
    alter column features set not null,
    alter column popular type boolean using coalesce(popular, false),
    alter column popular set not null,
    alter column is_active type boolean using coalesce(is_active, true),
    alter column is_active set not null,
    alter column created_at type timestamptz using coalesce(created_at at time zone 'UTC', now()),
    alter column created_at set default now(),
    alter column created_at set not null,
    add column sort_order integer not null default 0,
    add column plan_template text check (plan_template in ('landing-page', 'business-website', 'e-commerce', 'web-application')),
    add column updated_at timestamptz not null default now(),
    add check (base_price > 0),
    add check (jsonb_typeof(features) = 'array');
update service_types set sort_order = id * 10;

-- Words of older forms mean one of the six types; what means none is asked as text.
insert into legacy_values (table_name, row_id, column_name, old_value, reason)
select 'questions', id, 'question_type', question_type, 'is none of the six types'
  from questions where question_type not in ('text', 'textarea', 'select', 'radio', 'checkbox', 'number');
update questions
   set question_type = case
           when lower(question_type) in ('text', 'textarea', 'select', 'radio', 'checkbox', 'number') then lower(question_type)
           when lower(question_type) in ('dropdown', 'single-select') then 'select'
           when lower(question_type) in ('multiselect', 'multi-select', 'checkboxes') then 'checkbox'
           when lower(question_type) in ('longtext', 'long-text', 'multiline') then 'textarea'
           when lower(question_type) in ('integer', 'numeric') then 'number'
           else 'text' end
 where question_type not in ('text', 'textarea', 'select', 'radio', 'checkbox', 'number');

-- A key asked twice by one service: the later question takes the first free key_2, key_3 ….
do $$
declare
    twin record;
    place integer;
begin
    for twin in select id, service_id, question_key
                  from (select *, row_number() over (partition by service_id, question_key order by id) as n from questions) q
                 where n > 1 order by id
    loop
        place := 2;
        while exists (select from questions where service_id = twin.service_id and question_key = twin.question_key || '_' || place) loop
            place := place + 1;
        end loop;
        insert into legacy_values (table_name, row_id, column_name, old_value, reason)
        values ('questions', twin.id, 'question_key', twin.question_key, 'an older question of the service has this key');
        update questions set question_key = twin.question_key || '_' || place where id = twin.id;
        update project_answers set question_key = twin.question_key || '_' || place where question_id = twin.id;
    end loop;
end $$;

alter table questions
    alter column required type boolean using coalesce(required, false),
    alter column required set not null,
    alter column sort_order type integer using coalesce(sort_order, 0),
    alter column sort_order set not null,
    alter column created_at type timestamptz using coalesce(created_at at time zone 'UTC', now()),
    alter column created_at set default now(),
    alter column created_at set not null,
    add column show_if jsonb check (jsonb_typeof(show_if) = 'object'),
    add check (question_type in ('text', 'textarea', 'select', 'radio', 'checkbox', 'number')),
    add check (question_key <> ''),
    add unique (service_id, question_key);
create index questions_service on questions (service_id, sort_order);

-- One option offered twice by a question: the first stays.
create temp table twin_options on commit drop as
select id from (select id, row_number() over (partition by question_id, option_value order by sort_order nulls last, id) as n
                  from question_options) o where n > 1;
insert into legacy_values (table_name, row_id, old_value, reason)
select 'question_options', o.id, to_jsonb(o)::text, 'the question offers this option already; removed'
  from question_options o join pg_temp.twin_options t on t.id = o.id;
delete from question_options where id in (select id from pg_temp.twin_options);

alter table question_options
    alter column sort_order type integer using coalesce(sort_order, 0),
    alter column sort_order set not null,
    alter column created_at type timestamptz using coalesce(created_at at time zone 'UTC', now()),
    alter column created_at set default now(),
    alter column created_at set not null,
    add unique (question_id, option_value);
create index question_options_question on question_options (question_id, sort_order);
drop function pg_temp.json_array(text);

-- migrate:down scope:tenant
drop index question_options_question;
alter table question_options
    drop constraint question_options_question_id_option_value_key,
    alter column created_at drop not null,
    alter column created_at type timestamp using created_at at time zone 'UTC',
    alter column sort_order drop not null;
insert into question_options (id, question_id, option_value, sort_order, created_at)
select r.id, r.question_id, r.option_value, r.sort_order, r.created_at
  from legacy_values v, jsonb_populate_record(null::question_options, v.old_value::jsonb) r
 where v.table_name = 'question_options' and v.column_name is null;
drop index questions_service;
alter table questions
    drop constraint questions_service_id_question_key_key,
    drop constraint questions_question_key_check,
    drop constraint questions_question_type_check,
    drop column show_if,
    alter column created_at drop default,
    alter column created_at drop not null,
    alter column created_at type timestamp using created_at at time zone 'UTC',
    alter column sort_order drop not null,
    alter column required drop not null;
update questions q set question_key = v.old_value
  from legacy_values v where v.table_name = 'questions' and v.column_name = 'question_key' and v.row_id = q.id::text;
update questions q set question_type = v.old_value
  from legacy_values v where v.table_name = 'questions' and v.column_name = 'question_type' and v.row_id = q.id::text;
alter table service_types
    drop constraint service_types_features_check,
    drop constraint service_types_base_price_check,
    drop column updated_at,
    drop column plan_template,
    drop column sort_order,
    alter column created_at drop not null,
    alter column created_at type timestamp using created_at at time zone 'UTC',
    alter column is_active drop not null,
    alter column popular drop not null,
    alter column features drop not null,
    alter column features drop default,
    alter column features type text using features::text;
update service_types s set base_price = v.old_value::integer
  from legacy_values v where v.table_name = 'service_types' and v.column_name = 'base_price' and v.row_id = s.id::text;
update service_types s set is_active = v.old_value::boolean
  from legacy_values v where v.table_name = 'service_types' and v.column_name = 'is_active' and v.row_id = s.id::text;
update service_types s set features = v.old_value
  from legacy_values v where v.table_name = 'service_types' and v.column_name = 'features' and v.row_id = s.id::text;
delete from legacy_values
 where table_name in ('question_options', 'service_types') or (table_name = 'questions' and column_name in ('question_key', 'question_type'));

-- migrate:verify scope:tenant
select sort_order, plan_template, updated_at from service_types limit 0;
select show_if from questions limit 0;
do $$ begin
    assert (select format_type(atttypid, null) = 'jsonb' from pg_attribute
             where attrelid = 'service_types'::regclass and attname = 'features'), 'service_types.features is not jsonb';
    assert (select count(*) = 2 from pg_constraint
             where conname in ('questions_service_id_question_key_key', 'question_options_question_id_option_value_key')
               and connamespace = current_schema::regnamespace), 'a key or an option may be there twice';
    assert (select count(*) = 3 from pg_attribute
             where attname = 'created_at' and attnotnull and atttypid = 'timestamptz'::regtype
               and attrelid in ('service_types'::regclass, 'questions'::regclass, 'question_options'::regclass)), 'a created_at is not timestamptz not null';
end $$;
