-- The history of one schema: a row a run of a migration. A failed run stays until a later one of that name has finished.
create table if not exists :"m_schema".schema_history (
    id                  bigint generated always as identity primary key,
    name                text not null,
    checksum            text not null,
    normalised          text not null,
    started_at          timestamptz not null default clock_timestamp(),
    finished_at         timestamptz,
    rolled_back_at      timestamptz,
    duration            interval,
    applied_by          text not null,
    statements_applied  integer not null default 0,
    steps               text[] not null default '{}',
    sqlstate            text,
    failed_statement    integer,
    failed_line         integer,
    logs                text
);
create unique index if not exists schema_history_applied on :"m_schema".schema_history (name)
    where finished_at is not null and rolled_back_at is null;
