-- Files: whose they are, what for, how they are received and removed; messages: threads, what was read, edits and removals.
-- migrate:up scope:tenant
-- A thread's version rises with each change of its messages, in the order in which these are committed: its row is taken first.
create table message_threads (
    project_id  integer primary key references projects (id) on delete cascade,
    version     bigint not null default 1
);

alter table messages
    add column user_name        text not null default '',
    add column user_role        text not null default 'client' check (user_role in ('client', 'staff', 'admin')),
    add column task_id          integer references tasks (id) on delete set null,
    add column payment_id       integer references payments (id) on delete set null,
    add column attachments      integer not null default 0 check (attachments between 0 and 10),
    add column version          bigint not null default 0,
    add column idempotency_key  text check (idempotency_key <> ''),
    add column edited_at        timestamptz,
    add column removed_at       timestamptz,
    add column removed_by       text,
    add column removed_by_name  text,
    drop constraint messages_body_check,
    add constraint messages_body_check check (body <> '' or attachments > 0),
    add constraint messages_length_check check (length(body) <= 20000),
    add check (task_id is null or payment_id is null),
    add check ((removed_at is null) = (removed_by is null));
comment on column messages.body is 'Stays when a message is removed, and is shown to nobody then.';
create unique index messages_key on messages (project_id, user_id, idempotency_key) where idempotency_key is not null;
create index messages_version on messages (project_id, version);
create index messages_task on messages (task_id) where task_id is not null;
create index messages_payment on messages (payment_id) where payment_id is not null;

create table message_edits (
    id          bigint generated always as identity primary key,
    message_id  bigint not null references messages (id) on delete cascade,
    old_body    text not null,
    edited_at   timestamptz not null default now()
);
create index message_edits_message on message_edits (message_id, id);

create table message_reads (
    project_id    integer not null references projects (id) on delete cascade,
    user_id       text not null,
    last_read     bigint not null default 0 check (last_read >= 0),
    primary key (project_id, user_id)
);

alter table files
    alter column project_id drop not null,
    alter column user_id drop not null,
    add column lead_id          bigint references leads (id) on delete cascade,
    add column message_id       bigint references messages (id) on delete set null,
    add column purpose          text not null default 'project' check (purpose in ('project', 'message', 'answer', 'payment')),
    add column user_name        text not null default '',
    add column user_role        text not null default 'client' check (user_role in ('client', 'staff', 'admin')),
    add column thumbnail        text not null default 'none' check (thumbnail in ('none', 'queued', 'made')),
    add column removed_at       timestamptz,
    add column removed_by       text,
    add column removed_by_name  text,
    add column purged_at        timestamptz,
    add check (project_id is not null or lead_id is not null),
    add check (user_id is not null or lead_id is not null),
    add check ((removed_at is null) = (removed_by is null)),
    add check (purged_at is null or removed_at is not null);
comment on column files.purpose is 'payment: a proof of payment, which stays; answer: to a question of the onboarding.';
comment on column files.purged_at is 'When the bytes of a removed file were let go; until then they can be brought back.';
create index files_sha256 on files (sha256) where purged_at is null;
create index files_lead on files (lead_id) where lead_id is not null;
create index files_message on files (message_id) where message_id is not null;
create index files_removed on files (removed_at) where removed_at is not null and purged_at is null;

create table uploads (
    id          bigint generated always as identity primary key,
    token_hash  bytea not null unique check (length(token_hash) = 32),
    project_id  integer references projects (id) on delete cascade,
    lead_id     bigint references leads (id) on delete cascade,
    user_id     text,
    purpose     text not null check (purpose in ('project', 'message', 'answer', 'payment')),
    name        text not null check (name <> ''),
    size        bigint not null check (size > 0),
    received    bigint not null default 0 check (received between 0 and size),
    file_id     bigint references files (id) on delete cascade,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    check (file_id is null or received = size)
);
comment on table uploads is 'Files that come piece by piece: the first `received` bytes are on the disk.';
create index uploads_project on uploads (project_id) where project_id is not null;
create index uploads_lead on uploads (lead_id) where lead_id is not null;
create index uploads_file on uploads (file_id) where file_id is not null;
create index uploads_updated on uploads (updated_at);

create function file_json(f files) returns json language sql stable
return json_build_object(
    'id', f.id, 'name', f.name, 'contentType', f.content_type, 'size', f.size, 'sha256', encode(f.sha256, 'hex'), 'purpose', f.purpose,
    'messageId', f.message_id, 'createdAt', f.created_at, 'userId', f.user_id, 'userName', f.user_name, 'userRole', f.user_role,
    'mine', f.user_id is not distinct from public.me() and f.user_id is not null,
    'thumbnail', f.removed_at is null and f.thumbnail = 'made', 'removedAt', f.removed_at, 'removedByName', f.removed_by_name);

create function message_json(m messages) returns json language sql stable
return json_build_object(
    'id', m.id, 'body', case when m.removed_at is null then m.body else '' end, 'userId', m.user_id, 'userName', m.user_name,
    'userRole', m.user_role, 'mine', m.user_id = public.me(), 'taskId', m.task_id, 'paymentId', m.payment_id, 'createdAt', m.created_at,
    'editedAt', m.edited_at, 'editable', m.user_id = public.me() and m.removed_at is null and m.created_at > now() - interval '15 minutes',
    'removedAt', m.removed_at, 'removedByName', m.removed_by_name, 'version', m.version,
    'files', case when m.attachments = 0 or m.removed_at is not null then json_build_array()
                  else (select coalesce(json_agg(file_json(f) order by f.id), '[]') from files f where f.message_id = m.id) end);

create function unread_messages(project integer) returns bigint language sql stable
return (select count(*) from (
            select from messages m
            where m.project_id = project and m.user_id <> public.me() and m.removed_at is null
              and m.id > coalesce((select r.last_read from message_reads r where r.project_id = project and r.user_id = public.me()), 0)
            limit 100) m);
comment on function unread_messages(integer) is 'Of whoever asks; 100 stands for as many or more.';

alter table questions drop constraint questions_question_type_check;
alter table questions add constraint questions_question_type_check
    check (question_type in ('text', 'textarea', 'select', 'radio', 'checkbox', 'number', 'file'));

-- migrate:down scope:tenant
update questions set question_type = 'text' where question_type = 'file';
alter table questions drop constraint questions_question_type_check;
alter table questions add constraint questions_question_type_check
    check (question_type in ('text', 'textarea', 'select', 'radio', 'checkbox', 'number'));
drop function unread_messages(integer);
drop function message_json(messages);
drop function file_json(files);
drop table uploads;
-- Files of drafts have no place in the older table.
delete from files where project_id is null or user_id is null;
drop index files_removed, files_message, files_lead, files_sha256;
alter table files
    drop column purged_at, drop column removed_by_name, drop column removed_by, drop column removed_at, drop column thumbnail,
    drop column user_role, drop column user_name, drop column purpose, drop column message_id, drop column lead_id,
    alter column user_id set not null,
    alter column project_id set not null;
drop table message_reads;
drop table message_edits;
drop index messages_payment, messages_task, messages_version, messages_key;
update messages set body = '(files)' where body = '';
alter table messages
    drop constraint messages_body_check,
    drop constraint messages_length_check,
    drop column removed_by_name, drop column removed_by, drop column removed_at, drop column edited_at, drop column idempotency_key,
    drop column version, drop column attachments, drop column payment_id, drop column task_id, drop column user_role, drop column user_name,
    add constraint messages_body_check check (body <> '');
drop table message_threads;

-- migrate:verify scope:tenant
select project_id, version from message_threads limit 0;
select user_name, user_role, task_id, payment_id, attachments, version, idempotency_key, edited_at, removed_at, removed_by,
       removed_by_name from messages limit 0;
select id, message_id, old_body, edited_at from message_edits limit 0;
select project_id, user_id, last_read from message_reads limit 0;
select lead_id, message_id, purpose, user_name, user_role, thumbnail, removed_at, removed_by, removed_by_name, purged_at from files limit 0;
select id, token_hash, project_id, lead_id, user_id, purpose, name, size, received, file_id, created_at, updated_at from uploads limit 0;
do $$ begin
    perform 'file_json(files)'::regprocedure, 'message_json(messages)'::regprocedure, 'unread_messages(integer)'::regprocedure;
    assert (select pg_get_constraintdef(oid) like '%file%' from pg_constraint
             where conname = 'questions_question_type_check' and conrelid = 'questions'::regclass), 'a question cannot ask for a file';
end $$;
