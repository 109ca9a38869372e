-- Sessions as a tenant's own statements may see them, so that one statement can find a thing and whether its caller may see it.
-- migrate:up scope:public
-- Run as a tenant's role it holds that tenant's sessions alone, and of those the ones that enter() would let in. A token cannot be
-- got back from its hash. Who may only set up a second factor is not in it: enter() tells them so.
create view open_sessions with (security_barrier) as
    select s.token_hash, s.user_id, s.role in ('admin', 'staff', 'viewer') as works_here, s.last_seen_at
    from sessions s join users u on u.id = s.user_id and u.disabled_at is null
    where s.tenant = current_user::text and s.open and not s.confined
      and s.expires_at > now() and s.last_seen_at > now() - interval '7 days';
grant select on open_sessions to public;

-- migrate:down scope:public
drop view open_sessions;

-- migrate:verify scope:public
do $$ begin
    assert (select reloptions = '{security_barrier=true}' from pg_class where oid = 'open_sessions'::regclass), 'open_sessions could be asked for what it hides';
    assert not exists (select from open_sessions), 'open_sessions shows sessions to who is no tenant';
end $$;
