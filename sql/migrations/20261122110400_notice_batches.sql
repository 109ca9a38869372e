-- What may wait a moment waits for more of its kind: ten files that come one after another are one mail.
-- migrate:up scope:public
create or replace function tell_user(user_id text, kind text, project integer, data jsonb default '{}', key text default null,
                          wait interval default null) returns boolean
language plpgsql volatile as $$
#variable_conflict use_column
declare
    sort text := notice_topic(tell_user.kind);
    how text;
    due timestamptz;
    made bigint;
begin
    if sort is null then
        raise invalid_parameter_value using message = format('tell_user: %s is no kind of notice', coalesce(tell_user.kind, 'null'));
    end if;
    select p.delivery into how from notification_preferences p where p.user_id = tell_user.user_id and p.topic = sort;
    if how = 'off' then
        return false;
    elsif how = 'daily' then
        select case when today > now() then today else (today at time zone s.time_zone + interval '1 day') at time zone s.time_zone end
          into due
          from settings s,
               lateral (select (date_trunc('day', now() at time zone s.time_zone) + make_interval(hours => s.digest_hour))
                               at time zone s.time_zone as today) d;
    else
        -- A moment, so that what is written or read in a conversation makes one mail, or none.
        due := now() + coalesce(wait, case sort when 'messages' then interval '2 minutes' else interval '0' end);
    end if;
    insert into notices (user_id, project_id, kind, data, key, actor_id, batch, due_at)
    values (tell_user.user_id, tell_user.project, tell_user.kind, coalesce(tell_user.data, '{}'), tell_user.key, me(),
            case when how = 'daily' then 'daily'
                 when sort = 'messages' then 'messages ' || tell_user.project
                 when wait > interval '0' then tell_user.kind || ' ' || tell_user.project end, due)
        on conflict do nothing
    returning id into made;
    if made is null then
        return false;
    end if;
    perform enqueue('notice', 'notice:' || made, jsonb_build_object('notice', made, 'user', tell_user.user_id), due);
    return true;
end $$;

-- migrate:down scope:public
create or replace function tell_user(user_id text, kind text, project integer, data jsonb default '{}', key text default null,
                          wait interval default null) returns boolean
language plpgsql volatile as $$
#variable_conflict use_column
declare
    sort text := notice_topic(tell_user.kind);
    how text;
    due timestamptz;
    made bigint;
begin
    if sort is null then
        raise invalid_parameter_value using message = format('tell_user: %s is no kind of notice', coalesce(tell_user.kind, 'null'));
    end if;
    select p.delivery into how from notification_preferences p where p.user_id = tell_user.user_id and p.topic = sort;
    if how = 'off' then
        return false;
    elsif how = 'daily' then
        select case when today > now() then today else (today at time zone s.time_zone + interval '1 day') at time zone s.time_zone end
          into due
          from settings s,
               lateral (select (date_trunc('day', now() at time zone s.time_zone) + make_interval(hours => s.digest_hour))
                               at time zone s.time_zone as today) d;
    else
        -- A moment, so that what is written or read in a conversation makes one mail, or none.
        due := now() + coalesce(wait, case sort when 'messages' then interval '2 minutes' else interval '0' end);
    end if;
    insert into notices (user_id, project_id, kind, data, key, actor_id, batch, due_at)
    values (tell_user.user_id, tell_user.project, tell_user.kind, coalesce(tell_user.data, '{}'), tell_user.key, me(),
            case when how = 'daily' then 'daily' when sort = 'messages' then 'messages ' || tell_user.project end, due)
        on conflict do nothing
    returning id into made;
    if made is null then
        return false;
    end if;
    perform enqueue('notice', 'notice:' || made, jsonb_build_object('notice', made, 'user', tell_user.user_id), due);
    return true;
end $$;

-- migrate:verify scope:public
do $$ begin
    assert (select prosrc like '%tell_user.kind || '' '' || tell_user.project%' from pg_proc
             where oid = 'tell_user(text, text, integer, jsonb, text, interval)'::regprocedure), 'each of many files would be a mail';
end $$;
