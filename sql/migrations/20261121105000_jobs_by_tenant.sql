-- The worker steps from tenant to tenant through what is queued, so that a long queue of one tenant costs the others nothing.
-- migrate:up scope:public
create index jobs_tenant on jobs (tenant, run_after, id) where state = 'queued';

-- migrate:down scope:public
drop index jobs_tenant;

-- migrate:verify scope:public
do $$ begin
    assert (select indisvalid from pg_index where indexrelid = 'jobs_tenant'::regclass), 'claiming would read whole queues';
end $$;
