-- Home of the back office: failed generations are found without reading all of them.
-- migrate:up scope:tenant
create index generations_failed on generations (project_id, id) where state = 'failed';

-- migrate:down scope:tenant
drop index generations_failed;

-- migrate:verify scope:tenant
do $$ begin
    assert to_regclass('generations_failed') is not null, 'failed generations are looked for among all';
end $$;
