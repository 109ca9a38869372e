-- Phase 2: every project has a service and a description; each value that had to be changed is kept in legacy_values.
-- migrate:up scope:tenant
create table legacy_values (
    id           bigint generated always as identity primary key,
    table_name   text not null,
    row_id       text not null,
    column_name  text,
    old_value    text,
    reason       text not null,
    noted_at     timestamptz not null default now()
);
comment on table legacy_values is 'What a migration had to change in legacy rows: nothing is lost silently. No column_name: old_value is the whole row as JSON.';

insert into legacy_values (table_name, row_id, column_name, old_value, reason)
select 'projects', id, 'service_type_id', null, 'had no service; matched by the name in projects.service'
  from projects where service_type_id is null order by id;

-- Service 1 for all would be wrong for most: a project's own text says what was bought. A name nobody sells any more becomes an inactive service.
insert into service_types (name, description, base_price, is_active)
select distinct on (lower(trim(p.service)))
       coalesce(nullif(trim(p.service), ''), 'Unnamed service'), 'No longer offered; kept for its projects.', greatest(p.price, 1), false
  from projects p
 where p.service_type_id is null
   and not exists (select from service_types s where lower(trim(s.name)) = lower(coalesce(nullif(trim(p.service), ''), 'Unnamed service')))
 order by lower(trim(p.service)), p.id;

update projects p
   set service_type_id = (select s.id from service_types s
                           where lower(trim(s.name)) = lower(coalesce(nullif(trim(p.service), ''), 'Unnamed service'))
                           order by s.is_active desc nulls last, s.id limit 1)
 where p.service_type_id is null;
alter table projects alter column service_type_id set not null;

insert into legacy_values (table_name, row_id, column_name, old_value, reason)
select 'projects', id, 'description', null, 'had no description' from projects where description is null order by id;
update projects set description = '' where description is null;
alter table projects alter column description set not null;

-- migrate:down scope:tenant
alter table projects alter column description drop not null;
alter table projects alter column service_type_id drop not null;
update projects p set description = null
  from legacy_values v where v.table_name = 'projects' and v.column_name = 'description' and v.row_id = p.id::text;
update projects p set service_type_id = null
  from legacy_values v where v.table_name = 'projects' and v.column_name = 'service_type_id' and v.row_id = p.id::text;
drop table legacy_values;

-- migrate:verify scope:tenant
select table_name, row_id, column_name, old_value, reason, noted_at from legacy_values limit 0;
do $$ begin
    assert (select count(*) = 2 from pg_attribute
             where attrelid = 'projects'::regclass and attname in ('service_type_id', 'description') and attnotnull),
           'projects.service_type_id or projects.description may still be null';
end $$;
