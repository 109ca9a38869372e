-- What an option adds to the price of a service, or takes off it; and what a client's answer did to the price of their project.
-- migrate:up scope:public
-- Only where an option has a price does a question's content say so: what versions of before hold is still what is there. Public is
-- ahead of the tenants for a while, so the column is read where it is.
create or replace function content_of(kind text, item bigint) returns jsonb language plpgsql stable as $$
begin
    return case content_of.kind
        when 'service' then (
            select jsonb_build_object('name', s.name, 'description', coalesce(s.description, ''), 'basePrice', s.base_price, 'features', s.features,
                       'timeline', coalesce(s.timeline, ''), 'popular', s.popular, 'active', s.is_active, 'planTemplate', s.plan_template)
              from service_types s where s.id = content_of.item)
        when 'question' then (
            select jsonb_build_object('questionKey', q.question_key, 'questionText', q.question_text, 'questionType', q.question_type,
                       'required', q.required, 'placeholder', coalesce(q.placeholder, ''), 'showIf', q.show_if, 'active', q.is_active,
                       'options', coalesce(o.options, '[]')) || case when o.prices is null then '{}' else jsonb_build_object('optionPrices', o.prices) end
              from questions q, lateral (
                  select jsonb_agg(o.option_value order by o.sort_order, o.id) as options,
                         jsonb_object_agg(o.option_value, to_jsonb(o) -> 'price_modifier') filter (where to_jsonb(o) ->> 'price_modifier' <> '0') as prices
                    from question_options o where o.question_id = q.id and o.is_active) o
             where q.id = content_of.item)
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

-- The least and the most that a service can cost, whatever is answered: a question may be passed over, and of one with a single answer
-- one option counts. Conditions are left aside, so the truth lies within.
create function price_range(service integer) returns table (lowest bigint, highest bigint) language plpgsql stable as $$
begin
    return query
    select s.base_price + coalesce(sum(q.least_of), 0)::bigint, s.base_price + coalesce(sum(q.most_of), 0)::bigint
      from service_types s
      left join lateral (
          select case w.question_type when 'checkbox' then sum(least(o.price_modifier, 0)) else least(min(o.price_modifier), 0) end as least_of,
                 case w.question_type when 'checkbox' then sum(greatest(o.price_modifier, 0)) else greatest(max(o.price_modifier), 0) end as most_of
            from questions w join question_options o on o.question_id = w.id and o.is_active
           where w.service_id = s.id and w.is_active group by w.id, w.question_type) q on true
     where s.id = price_range.service group by s.id, s.base_price;
end $$;

-- migrate:up scope:tenant
alter table question_options add column price_modifier integer not null default 0,
    add constraint question_options_price_check check (price_modifier between -20000000 and 20000000);
comment on column question_options.price_modifier is 'Pesos that a project costs more, or less, where this option is chosen.';
alter table project_answers add column price_modifier integer not null default 0;
comment on column project_answers.price_modifier is 'What the answer added to the price when the project was made: the price is the service''s base price of then and these.';
-- What an earlier way down had to leave behind.
update question_options o set price_modifier = v.old_value::integer from legacy_values v
 where v.table_name = 'question_options' and v.column_name = 'price_modifier' and v.row_id = o.id::text;
update project_answers a set price_modifier = v.old_value::integer from legacy_values v
 where v.table_name = 'project_answers' and v.column_name = 'price_modifier' and v.row_id = a.id::text;
delete from legacy_values where column_name = 'price_modifier' and table_name in ('question_options', 'project_answers');

-- migrate:down scope:tenant
insert into legacy_values (table_name, row_id, column_name, old_value, reason)
select 'question_options', o.id, 'price_modifier', o.price_modifier, 'the older programs know no price of an option' from question_options o where o.price_modifier <> 0
union all
select 'project_answers', a.id, 'price_modifier', a.price_modifier, 'part of the price of its project, which stays' from project_answers a where a.price_modifier <> 0;
alter table project_answers drop column price_modifier;
alter table question_options drop column price_modifier;

-- migrate:down scope:public
drop function price_range(integer);
create or replace function content_of(kind text, item bigint) returns jsonb language plpgsql stable as $$
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

-- migrate:verify scope:public
do $$ begin
    perform 'price_range(integer)'::regprocedure;
    assert position('price_modifier' in pg_get_functiondef('content_of(text, bigint)'::regprocedure)) > 0, 'a version of a question would not know what its options cost';
end $$;

-- migrate:verify scope:tenant
select price_modifier from question_options limit 0;
select price_modifier from project_answers limit 0;
do $$ begin
    assert exists (select from pg_constraint where conname = 'question_options_price_check' and conrelid = 'question_options'::regclass), 'an option may cost anything';
end $$;
