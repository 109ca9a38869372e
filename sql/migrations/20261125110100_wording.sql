-- How an agency writes to somebody: the language and how money is written. And languages in the facts of the settings.
-- migrate:up scope:public
-- Guarded like agency(). reader: an account's id or address. A tenant hears only of its own people; the login role, which writes to
-- whoever has just signed up, of all.
create function wording(tenant text default current_setting('role'), reader text default null)
returns table (language text, currency_display text)
language plpgsql stable security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    own text;
begin
    if current_setting('role') not in ('none', wording.tenant)
       or current_setting('role') = 'none' and not has_table_privilege(session_user, 'public.tenants', 'select')
       or not exists (select from tenants t where t.schema_name = wording.tenant) then
        raise insufficient_privilege using message = format('wording: role %s may not ask for %s', current_setting('role'), wording.tenant);
    end if;
    if position('@' in wording.reader) > 0 then
        select u.language into own from users u
         where lower(u.email) = lower(wording.reader)
           and (current_setting('role') = 'none' or exists (select from user_roles r join tenants t on t.id = r.tenant_id where r.user_id = u.id and t.schema_name = wording.tenant));
    elsif wording.reader is not null then
        select u.language into own from users u
         where u.id = wording.reader
           and (current_setting('role') = 'none' or exists (select from user_roles r join tenants t on t.id = r.tenant_id where r.user_id = u.id and t.schema_name = wording.tenant));
    end if;
    return query execute format('select case when $1 = any (s.languages) then $1 else s.language end, s.currency_display from %I.settings s', wording.tenant)
        using own;
end $$;

create or replace function settings_facts() returns jsonb language plpgsql stable as $$
begin
    return (select jsonb_build_object('name', s.name, 'accent', s.accent, 'currencyDisplay', s.currency_display, 'mailFrom', s.mail_from, 'replyTo', s.reply_to,
                       'generationsPerDay', s.generations_per_day, 'filesQuotaMb', s.files_quota_mb, 'language', s.language, 'languages', to_jsonb(s.languages),
                       'logo', left(encode(sha256(s.logo), 'hex'), 16), 'aiKey', case when s.ai_key is not null then jsonb_build_object('last4', s.ai_key_last4, 'setAt', s.ai_key_set_at) end)
              from settings s);
end $$;

-- migrate:down scope:public
create or replace function settings_facts() returns jsonb language plpgsql stable as $$
begin
    return (select jsonb_build_object('name', s.name, 'accent', s.accent, 'currencyDisplay', s.currency_display, 'mailFrom', s.mail_from, 'replyTo', s.reply_to,
                       'generationsPerDay', s.generations_per_day, 'filesQuotaMb', s.files_quota_mb,
                       'logo', left(encode(sha256(s.logo), 'hex'), 16), 'aiKey', case when s.ai_key is not null then jsonb_build_object('last4', s.ai_key_last4, 'setAt', s.ai_key_set_at) end)
              from settings s);
end $$;
drop function wording(text, text);

-- migrate:verify scope:public
do $$ begin
    perform 'wording(text, text)'::regprocedure, 'settings_facts()'::regprocedure;
end $$;
