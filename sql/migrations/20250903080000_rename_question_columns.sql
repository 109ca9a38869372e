-- Phase 1: questions get the names that the application uses, an order and a date.
-- migrate:up scope:tenant
alter table questions rename column label to question_text;
alter table questions rename column type to question_type;
alter table questions rename column is_required to required;
alter table questions add column sort_order integer default 0, add column created_at timestamp;

-- The legacy application showed questions in the order of their ids: keep what clients see.
update questions q
   set sort_order = o.place,
       created_at = o.created_at
  from (select q.id, s.created_at, 10 * row_number() over (partition by q.service_id order by q.id) as place
          from questions q join service_types s on s.id = q.service_id) o
 where o.id = q.id;

-- migrate:down scope:tenant
alter table questions drop column sort_order, drop column created_at;
alter table questions rename column required to is_required;
alter table questions rename column question_type to type;
alter table questions rename column question_text to label;

-- migrate:verify scope:tenant
select question_text, question_type, required, sort_order, created_at from questions limit 0;
do $$ begin
    assert not exists (select from information_schema.columns
                        where table_schema = current_schema and table_name = 'questions'
                          and column_name in ('label', 'type', 'is_required')), 'a legacy column name is left in questions';
end $$;
