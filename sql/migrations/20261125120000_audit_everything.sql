-- What an audit record says of a change: each value that differs, before and after.
-- migrate:up scope:public
-- Long texts are shortened: the log says what was touched, the versions of contents and plans hold it whole.
create function differences(before jsonb, after jsonb) returns jsonb language sql immutable as $$
    select coalesce(jsonb_object_agg(k.name, jsonb_build_object(
               'from', case when length(before ->> k.name) > 300 then to_jsonb(left(before ->> k.name, 300) || '…') else before -> k.name end,
               'to', case when length(after ->> k.name) > 300 then to_jsonb(left(after ->> k.name, 300) || '…') else after -> k.name end)), '{}')
      from (select jsonb_object_keys(coalesce(before, '{}') || coalesce(after, '{}')) as name) k
     where before -> k.name is distinct from after -> k.name $$;

-- migrate:down scope:public
drop function differences(jsonb, jsonb);

-- migrate:verify scope:public
do $$ begin
    assert differences('{"a": 1, "b": "x"}', '{"a": 2, "b": "x"}') = '{"a": {"from": 1, "to": 2}}', 'differences() misses one, or finds one that is none';
end $$;
