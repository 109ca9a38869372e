-- What an agency settles for itself: how money is written, its logo, its own AI key (encrypted), its limits; and who changed what.
-- migrate:up scope:public
-- The settings as they are logged and shown: of the key and the picture only that they are there, and which.
create function settings_facts() returns jsonb language plpgsql stable as $$
begin
    return (select jsonb_build_object('name', s.name, 'accent', s.accent, 'currencyDisplay', s.currency_display, 'mailFrom', s.mail_from, 'replyTo', s.reply_to,
                       'generationsPerDay', s.generations_per_day, 'filesQuotaMb', s.files_quota_mb,
                       'logo', left(encode(sha256(s.logo), 'hex'), 16), 'aiKey', case when s.ai_key is not null then jsonb_build_object('last4', s.ai_key_last4, 'setAt', s.ai_key_set_at) end)
              from settings s);
end $$;

-- Notes what differs from `before` (settings_facts()) as one row of the log, and counts the version; null: nothing does.
create function note_settings(before jsonb) returns bigint language plpgsql volatile as $$
declare
    changed jsonb;
    noted bigint;
begin
    select jsonb_object_agg(n.key, jsonb_build_object('from', note_settings.before -> n.key, 'to', n.value)) into changed
      from jsonb_each(settings_facts()) n where n.value is distinct from note_settings.before -> n.key;
    if changed is null then
        return null;
    end if;
    insert into settings_changes (changed_by, changes) values (me(), changed) returning id into noted;
    update settings set version = version + 1, updated_at = now();
    return noted;
end $$;

-- migrate:down scope:public
drop function note_settings(jsonb);
drop function settings_facts();

-- migrate:verify scope:public
do $$ begin
    perform 'settings_facts()'::regprocedure, 'note_settings(jsonb)'::regprocedure;
end $$;

-- migrate:up scope:tenant
alter table settings
    add column version integer not null default 1,
    add column currency_display text not null default 'symbol' check (currency_display in ('symbol', 'code')),
    add column logo bytea check (length(logo) between 1 and 262144),
    add column logo_type text check (logo_type in ('image/png', 'image/jpeg', 'image/webp')),
    add column logo_width integer check (logo_width > 0),
    add column logo_height integer check (logo_height > 0),
    add column ai_key bytea,
    add column ai_key_last4 text check (length(ai_key_last4) = 4),
    add column ai_key_set_at timestamptz,
    add column ai_key_set_by text,
    add column generations_per_day integer check (generations_per_day between 1 and 10000),
    add column files_quota_mb integer check (files_quota_mb between 1 and 100000000),
    add constraint settings_logo_whole check (num_nulls(logo, logo_type, logo_width, logo_height) in (0, 4)),
    add constraint settings_ai_key_whole check (num_nulls(ai_key, ai_key_last4, ai_key_set_at) in (0, 3));
comment on column settings.ai_key is 'Sealed under SECRET_KEY for this tenant alone (core/crypto.h). Null: GEMINI_API_KEY.';
comment on column settings.generations_per_day is 'Null: GENERATIONS_PER_DAY, which is also the most that counts.';
comment on column settings.files_quota_mb is 'Null: FILES_QUOTA_MB, which is also the most that counts.';

create table settings_changes (
    id          bigint generated always as identity primary key,
    changed_at  timestamptz not null default now(),
    changed_by  text,
    changes     jsonb not null check (jsonb_typeof(changes) = 'object' and changes <> '{}')
);
comment on column settings_changes.changes is 'Each field as {from, to}; of secrets the last four characters.';
create trigger append_only before update or delete on settings_changes for each row execute function public.refuse_change();
create trigger append_only_whole before truncate on settings_changes for each statement execute function public.refuse_change();
do $$ begin
    execute format('revoke update, delete on settings_changes from %I', current_schema);
end $$;

-- migrate:down scope:tenant
drop table settings_changes;
alter table settings drop column version, drop column currency_display, drop column logo, drop column logo_type, drop column logo_width, drop column logo_height,
    drop column ai_key, drop column ai_key_last4, drop column ai_key_set_at, drop column ai_key_set_by, drop column generations_per_day, drop column files_quota_mb;

-- migrate:verify scope:tenant
select version, currency_display, logo, logo_type, logo_width, logo_height, ai_key, ai_key_last4, ai_key_set_at, ai_key_set_by, generations_per_day, files_quota_mb
  from settings limit 0;
select id, changed_at, changed_by, changes from settings_changes limit 0;
do $$ begin
    assert not has_table_privilege(current_schema, 'settings_changes', 'update') and not has_table_privilege(current_schema, 'settings_changes', 'delete'),
           'the tenant may change the log of its settings';
end $$;
