-- Mail with the sender's own name, an address for answers, and a way to end such mails.
-- migrate:up scope:public
alter table outbox
    add column from_name    text check (from_name <> '' and from_name !~ '[[:cntrl:]]'),
    add column from_addr    text check (from_addr ~ '^[^[:space:][:cntrl:]<>,;:"]+@[^[:space:][:cntrl:]<>,;:"]+$'),
    add column reply_to     text check (reply_to ~ '^[^[:space:][:cntrl:]<>,;:"]+@[^[:space:][:cntrl:]<>,;:"]+$'),
    add column unsubscribe  text check (unsubscribe ~ '^https?://[^[:space:][:cntrl:]<>]+$');
comment on column outbox.unsubscribe is 'Address for List-Unsubscribe (RFC 8058): one POST there ends mails of this sort.';

-- post_mail with what a letter of a tenant has besides: its sender's name, where answers go, how to end such mails.
create function post_letter(to_addr text, subject text, body_text text, body_html text, message_id text,
                            from_name text, from_addr text, reply_to text, unsubscribe text) returns bigint
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    caller text := current_setting('role');
    mail bigint;
begin
    if not exists (select from tenants where schema_name = caller) then
        raise insufficient_privilege using message = format('post_letter: role %s is no tenant', caller);
    end if;
    insert into outbox (tenant, to_addr, subject, body_text, body_html, message_id, from_name, from_addr, reply_to, unsubscribe)
    values (caller, post_letter.to_addr, post_letter.subject, post_letter.body_text, post_letter.body_html, post_letter.message_id,
            post_letter.from_name, post_letter.from_addr, post_letter.reply_to, post_letter.unsubscribe)
    returning id into mail;
    perform pg_notify('jobs', '');
    return mail;
end $$;

-- migrate:down scope:public
drop function post_letter(text, text, text, text, text, text, text, text, text);
alter table outbox drop column unsubscribe, drop column reply_to, drop column from_addr, drop column from_name;

-- migrate:verify scope:public
select from_name, from_addr, reply_to, unsubscribe from outbox limit 0;
do $$ begin
    assert (select prosecdef and proconfig = array['search_path=public, pg_temp'] from pg_proc
             where oid = 'post_letter(text, text, text, text, text, text, text, text, text)'::regprocedure), 'post_letter() sees what its caller sees';
end $$;
