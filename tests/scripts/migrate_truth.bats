#!/usr/bin/env bats
# scripts/migrate status, verify, resolve, baseline and revert: what is true of a database, and putting it right.

# shellcheck disable=SC2154,SC2016 # names of postgres.bash; $$ in SQL
load postgres

setup_file() { start_cluster; }
teardown_file() { stop_cluster; }

setup() {
    new_database
    new_folder
    export MIGRATE_PUBLIC_ONLY=tenants
}

# A table of tenants and these tenants' schemas, by the migrations that are in the folder.
tenants() {
    migration 20230101000000_tenants <<'SQL'
-- migrate:up scope:public
create table tenants (id int generated always as identity primary key, schema_name text not null unique);
-- migrate:down scope:public
drop table tenants;
SQL
    "$migrate" deploy --yes --public-only >/dev/null
    for tenant in "$@"; do sql "create schema $tenant; insert into tenants (schema_name) values ('$tenant')"; done
}

# copy_database NAME: the test's database once more, as it is; further commands go there
copy_database() {
    as_superuser postgres -c "create database ${database}_$1 owner lunaxcode_owner template $database"
    MIGRATE_DATABASE_URL="postgresql://lunaxcode_owner@/${database}_$1"
}

history_of() { sql "select name, sqlstate, finished_at is not null, rolled_back_at is not null from $1.schema_history order by id"; }

# ---- story 002: a failed migration, mended and deployed again

@test "story 002: a script with set -e; status; deploy dies when there is work, so status has codes that a script can use" {
    tenants
    migration 20240101000000_assets <<'SQL'
-- migrate:up scope:public
create table assets (id int primary key, name text not null);
insert into assets values (1, 'a'), (2, 'b');
-- migrate:down scope:public
drop table assets;
SQL
    fails_with 3 bash -c "set -e; '$migrate' status; '$migrate' deploy --yes"
    equals "$(sql "select to_regclass('assets') is null")" t
    fails_with 0 bash -c "set -e; '$migrate' status || [ \$? = 3 ]; '$migrate' deploy --yes"
    fails_with 0 "$migrate" status
    # The additions of the story, with a column that must not be null: it fails on rows.
    migration 20240115000000_asset_rejection <<'SQL'
-- migrate:up scope:public
alter table assets add column rejected_at timestamptz;
alter table assets add column rejected_by text not null;
-- migrate:down scope:public
alter table assets drop column rejected_by, drop column rejected_at;
SQL
    fails_with 0 "$migrate" deploy --dry-run
    shows '20240115000000_asset_rejection line 2: takes ACCESS EXCLUSIVE on assets'
    shows 'line 3: column rejected_by is NOT NULL without a DEFAULT: this fails where assets has rows'
    fails_with 5 "$migrate" deploy --yes
    shows 'SQLSTATE 23502 at statement 2'
    # Pending work lets the script go on; a problem stops it.
    fails_with 4 bash -c "set -e; '$migrate' status || [ \$? = 3 ] || exit \$?; '$migrate' deploy --yes" || fails_with 1 bash -c "set -e; '$migrate' status || [ \$? = 3 ]"
    fails_with 4 "$migrate" status
    shows 'failed     20240115000000_asset_rejection: 23502 at statement 2, line 3'
    equals "$(sql "select count(*) from information_schema.columns where table_name = 'assets'")" 2
    sed -i 's/rejected_by text not null/rejected_by text/' "$folder/20240115000000_asset_rejection.sql"
    fails_with 0 "$migrate" deploy --yes
    fails_with 0 "$migrate" status
    fails_with 0 "$migrate" verify
    equals "$(history_of public | tail -n 2)" '20240115000000_asset_rejection|23502|f|t
20240115000000_asset_rejection||t|f'
    # "Migration succeeded but application broken": the way back is one command, not a restored dump.
    sql "update assets set rejected_by = 'somebody' where id = 1"
    fails_with 9 "$migrate" revert </dev/null
    shows 'back before 20240115000000_asset_rejection'
    shows 'column assets.rejected_by: 1 value (public 1)'
    fails_with 0 "$migrate" revert --yes
    fails_with 3 "$migrate" status
}

# ---- story 003: 22 migrations, 18 of them applied, three columns missing

story_003() {
    local n
    mkdir "$folder/20240301_init"
    cat >"$folder/20240301_init/migration.sql" <<'SQL'
CREATE TABLE "users" ("id" TEXT NOT NULL, "email" TEXT NOT NULL, CONSTRAINT "users_pkey" PRIMARY KEY ("id"));
CREATE TABLE "avatar_generations" ("id" TEXT NOT NULL, "userId" TEXT NOT NULL, "status" TEXT NOT NULL DEFAULT 'pending', "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, CONSTRAINT "avatar_generations_pkey" PRIMARY KEY ("id"));
CREATE TABLE "pose_generations" ("id" TEXT NOT NULL, "userId" TEXT NOT NULL, CONSTRAINT "pose_generations_pkey" PRIMARY KEY ("id"));
CREATE UNIQUE INDEX "users_email_key" ON "users"("email");
ALTER TABLE "avatar_generations" ADD CONSTRAINT "avatar_generations_userId_fkey" FOREIGN KEY ("userId") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;
SQL
    for n in $(seq 2 18); do
        mkdir "$folder/2024$(printf %04d $((600 + n)))_part_$n"
        printf 'CREATE TABLE "part_%s" ("id" INTEGER NOT NULL, "body" VARCHAR(80));\nALTER TABLE "users" ADD COLUMN "flag_%s" BOOLEAN NOT NULL DEFAULT false;\n' "$n" "$n" \
            >"$folder/2024$(printf %04d $((600 + n)))_part_$n/migration.sql"
    done
}

story_003_pending() {
    mkdir "$folder"/2025101{4_add_avatar_creator_complete,5_add_recovery_indexes,5_add_variation_key_to_generated_pose,6_p2_performance_indexes}
    cat >"$folder/20251014_add_avatar_creator_complete/migration.sql" <<'SQL'
CREATE TABLE IF NOT EXISTS "avatar_projects" ("id" TEXT NOT NULL, "name" TEXT NOT NULL, CONSTRAINT "avatar_projects_pkey" PRIMARY KEY ("id"));
CREATE TABLE IF NOT EXISTS "generated_poses" ("id" TEXT NOT NULL, "status" TEXT NOT NULL, CONSTRAINT "generated_poses_pkey" PRIMARY KEY ("id"));
ALTER TABLE "avatar_generations" ADD COLUMN IF NOT EXISTS "avatarId" TEXT;
ALTER TABLE "avatar_generations" ADD COLUMN IF NOT EXISTS "projectId" TEXT NOT NULL DEFAULT '';
ALTER TABLE "pose_generations" ADD COLUMN IF NOT EXISTS "generationType" TEXT NOT NULL DEFAULT 'text';
SQL
    echo 'CREATE INDEX IF NOT EXISTS "avatar_generations_status_idx" ON "avatar_generations"("status", "createdAt");' >"$folder/20251015_add_recovery_indexes/migration.sql"
    echo 'ALTER TABLE "generated_poses" ADD COLUMN IF NOT EXISTS "variationKey" TEXT;' >"$folder/20251015_add_variation_key_to_generated_pose/migration.sql"
    echo 'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "generated_poses_key" ON "generated_poses"("variationKey");' >"$folder/20251016_p2_performance_indexes/migration.sql"
}

@test "story 003: 22 migrations of which 18 are applied: what is missing is told, deployed and proved" {
    story_003
    "$migrate" deploy --yes
    story_003_pending
    sql "insert into users (id, email) values ('u', 'u@example.org'); insert into avatar_generations (id, \"userId\") values ('g', 'u')"
    fails_with 3 "$migrate" status
    shows 'public: 18 applied, last 20240618_part_18'
    shows '4 pending'
    fails_with 0 "$migrate" deploy --dry-run
    # "No locks": measured otherwise.
    shows '20251014_add_avatar_creator_complete line 3: takes ACCESS EXCLUSIVE on avatar_generations'
    shows '20251015_add_recovery_indexes line 1: CREATE INDEX blocks writes to avatar_generations'
    shows 'IF NOT EXISTS leaves what is there as it is, right or wrong: deploy compares'
    fails_with 0 "$migrate" deploy --yes
    fails_with 0 "$migrate" verify
    shows 'public: 22 migrations, '
    equals "$(sql "select string_agg(format('%s %s %s', column_name, data_type, is_nullable), ', ' order by column_name) from information_schema.columns where column_name in ('avatarId', 'projectId', 'generationType')")" \
        'avatarId text YES, generationType text NO, projectId text NO'
}

@test "story 003: IF NOT EXISTS passes over a column of another type and an INVALID index without a word; deploy and verify do not" {
    story_003
    "$migrate" deploy --yes
    story_003_pending
    # What somebody did by hand before: a column int null where text not null is wanted. The statement itself minds nothing.
    sql 'alter table avatar_generations add column "projectId" int'
    sql "alter table avatar_generations add column if not exists \"projectId\" text not null default ''"
    fails_with 5 "$migrate" deploy --yes
    shows 'SQLSTATE MG002 at statement 4'
    shows '20251014_add_avatar_creator_complete/migration.sql line 4'
    shows "IF NOT EXISTS passed over what was there: column avatar_generations.projectId text not null with a default is wanted, and it is integer, null allowed, without a default"
    # All of it was undone, and the next migrations wait.
    equals "$(sql "select to_regclass('avatar_projects') is null, count(*) filter (where finished_at is not null) from schema_history")" 't|18'
    sql 'alter table avatar_generations drop column "projectId"'
    fails_with 0 "$migrate" deploy --yes
    fails_with 0 "$migrate" verify
    # Later on: an index becomes INVALID, a column changes by hand; both statements are no help, and status sees files only.
    as_superuser "$database" -c "update pg_index set indisvalid = false where indexrelid = 'generated_poses_key'::regclass"
    sql 'create unique index concurrently if not exists generated_poses_key on generated_poses ("variationKey"); '
    equals "$(sql "select indisvalid from pg_index where indexrelid = 'generated_poses_key'::regclass")" f
    sql 'alter table avatar_generations alter "projectId" drop not null, alter "projectId" drop default'
    fails_with 0 "$migrate" status
    fails_with 4 "$migrate" verify
    shows '20251014_add_avatar_creator_complete line 4: column avatar_generations.projectId text not null with a default: it is text, null allowed, without a default'
    shows '20251016_p2_performance_indexes line 1: unique index generated_poses_key on generated_poses (variationKey): it is INVALID'
    shows '1 of 1 schema is not as its migrations left it'
    shows_not 'part_'
}

@test "IF NOT EXISTS over what is as it should be is fine, also in steps" {
    tenants one
    migration 20240101000000_first <<'SQL'
-- migrate:up scope:tenant
create table notes (id int primary key, body text);
SQL
    "$migrate" deploy --yes
    migration 20240201000000_again <<'SQL'
-- migrate:up scope:tenant
create table if not exists notes (id bigint, other text);
create table if not exists tags (id int primary key, name varchar(20) not null default 'x', check (id > 0));
alter table notes add column if not exists tag int references tags (id);
create index concurrently if not exists notes_tag on notes (tag);
SQL
    sql "set search_path = one; create table tags (id int constraint own_name primary key, name varchar(20) not null default 'y', constraint positive check (id > 0))"
    fails_with 0 "$migrate" deploy --yes
    fails_with 0 "$migrate" verify
    migration 20240301000000_wrong <<'SQL'
-- migrate:up scope:tenant transaction:false
create index if not exists notes_tag on notes (body);
create index concurrently if not exists tags_name on tags (name);
SQL
    sql "set search_path = one; create index tags_name on tags (id)"
    fails_with 5 "$migrate" deploy --yes
    shows 'one: 20240301000000_wrong FAILED with SQLSTATE MG002 at statement 2'
    shows 'index tags_name on tags (name) is wanted, and it is CREATE INDEX tags_name ON one.tags USING btree (id)'
}

@test "story 003: a database without a history: baseline notes the 18 that are there, says what is missing, and deploy does the rest" {
    story_003
    "$migrate" deploy --yes
    story_003_pending
    sql 'drop table schema_history'
    # A half of what comes next was done by hand.
    sql 'alter table avatar_generations add column "avatarId" text'
    fails_with 0 "$migrate" baseline --dry-run
    shows 'public: 18 of 22 pending migrations are there, up to 20240618_part_18'
    shows '20251014_add_avatar_creator_complete is not:'
    shows 'line 4: column avatar_generations.projectId text not null with a default: it is not there'
    shows 'line 5: column pose_generations.generationType text not null with a default: it is not there'
    shows_not 'avatarId'
    equals "$(sql "select to_regclass('schema_history') is null")" t
    fails_with 4 "$migrate" baseline --through 20251016_p2_performance_indexes
    shows 'not all migrations up to 20251016_p2_performance_indexes are in the database; nothing was changed'
    fails_with 0 "$migrate" baseline
    shows 'public: 18 migrations noted as applied.'
    equals "$(sql "select count(*), count(*) filter (where logs like 'baseline, on evidence: % facts hold%'), bool_and(statements_applied = 0) from schema_history")" '18|18|t'
    fails_with 3 "$migrate" status
    shows '18 applied'
    fails_with 0 "$migrate" deploy --yes
    fails_with 0 "$migrate" verify
    fails_with 0 "$migrate" baseline
    shows 'Nothing to note'
}

@test "baseline without evidence is noted as such, needs its word, and verify tells the truth afterwards" {
    story_003
    fails_with 4 "$migrate" baseline
    shows 'none of 18 pending migrations is there'
    shows 'An empty database needs no baseline'
    fails_with 2 "$migrate" baseline --without-evidence
    shows '--without-evidence needs --through NAME'
    fails_with 2 "$migrate" baseline --through no_such
    fails_with 0 "$migrate" baseline --without-evidence --through 20240603_part_3
    shows '3 migrations noted as applied WITHOUT EVIDENCE'
    equals "$(sql "select count(*) from schema_history where logs = 'baseline, WITHOUT EVIDENCE'")" 3
    fails_with 4 "$migrate" verify
    shows 'table users: it is not there'
}

# ---- story 004: a phantom, a failed one and a pending one at once

story_004() {
    tenants
    migration 20241210000000_init <<'SQL'
-- migrate:up scope:public
create table customers (id text primary key, name text not null, slug text not null);
create unique index customers_slug_key on customers (slug);
create table landing_page_content (key text primary key, content jsonb not null, is_active boolean not null default true, created_at timestamptz not null default now());
insert into landing_page_content (key, content) values ('hero', '{}'), ('features', '{}'), ('cta', '{}');
SQL
    migration 20251113220938_add_customer_slug <<<'-- This is an empty migration.'
    migration 20260115000000_add_landing_sections <<'SQL'
-- migrate:up scope:public
insert into landing_page_content (key, title, content, is_active) values
    ('how-it-works', 'How it works', '{"steps": 4}', true),
    ('social-proof', 'They trust us', '{"logos": []}', true)
on conflict (key) do nothing;
SQL
    fails_with 5 "$migrate" deploy --yes
    sed -i "s/key, title, content/key, content/; s/, 'How it works'//; s/, 'They trust us'//" "$folder/20260115000000_add_landing_sections.sql"
    rm "$folder/20251113220938_add_customer_slug.sql"
    migration 20241226000000_add_leads_questionnaire_models <<'SQL'
-- migrate:up scope:public
create type "QuestionType" as enum ('TEXT', 'SELECT');
create table leads (id text primary key, email text not null);
create table questionnaire_questions (id text primary key, kind "QuestionType" not null);
create table questionnaire_responses (id text primary key, lead_id text not null references leads (id) on delete cascade);
create table lead_page_views (id bigint generated always as identity primary key, lead_id text references leads (id));
SQL
}

sections() { sql 'select count(*) from landing_page_content'; }

@test "story 004: phantom, failed and pending are shown at once, resolved by what is there, and deployed" {
    story_004
    fails_with 4 "$migrate" status
    shows 'pending    20241226000000_add_leads_questionnaire_models: pending, older than what is applied (out of order)'
    shows 'phantom    20251113220938_add_customer_slug: phantom: in the database, not in the folder: applied 20'
    shows 'failed     20260115000000_add_landing_sections: 42703 at statement 1, line 2'
    shows '1 failed, 1 phantom, 1 pending'

    # "Mark the failed one as applied": refused, with the reason and the right word.
    fails_with 4 "$migrate" resolve --applied 20260115000000_add_landing_sections
    shows 'nothing of it is there: its statements never ran, and noted as applied they never would'
    shows 'missing  line 2: 2 rows of landing_page_content: none is there'
    shows 'Its word is: resolve --rolled-back 20260115000000_add_landing_sections'
    shows 'nothing was changed'
    equals "$(history_of public | tail -n 1)" '20260115000000_add_landing_sections|42703|f|f'

    fails_with 0 "$migrate" resolve --rolled-back 20260115000000_add_landing_sections
    shows 'public: 20260115000000_add_landing_sections is noted as rolled back (on evidence: none of 1 fact holds)'
    fails_with 0 "$migrate" resolve --rolled-back 20251113220938_add_customer_slug
    shows 'Looked for it: it was an empty migration'
    fails_with 3 "$migrate" status
    shows '2 pending'
    fails_with 0 "$migrate" deploy --yes
    shows '2 migrations applied (20241226000000_add_leads_questionnaire_models … 20260115000000_add_landing_sections)'
    fails_with 0 "$migrate" status
    fails_with 0 "$migrate" verify
    equals "$(sections)" 5
    equals "$(sql "select count(*) from information_schema.tables where table_name in ('leads', 'questionnaire_questions', 'questionnaire_responses', 'lead_page_views')")" 4
    equals "$("$migrate" status --json | jq -c '[.problems, .pending, .schemas[0].migrations]')" '[0,0,[]]'
}

@test "story 004: marked as applied all the same, deploy skips it for ever; the history and verify say so" {
    story_004
    fails_with 0 "$migrate" resolve --applied 20260115000000_add_landing_sections --without-evidence
    shows 'noted as applied (WITHOUT EVIDENCE)'
    fails_with 0 "$migrate" resolve --rolled-back 20251113220938_add_customer_slug --without-evidence
    fails_with 0 "$migrate" deploy --yes
    fails_with 0 "$migrate" status
    equals "$(sections)" 3
    equals "$(sql "select logs like 'resolved as applied, WITHOUT EVIDENCE, by lunaxcode_owner (%@%)', statements_applied from schema_history where name like '%landing_sections' and finished_at is not null")" 't|0'
    fails_with 4 "$migrate" verify
    shows '20260115000000_add_landing_sections line 2: 2 rows of landing_page_content: none is there'
    # The way out: what is not there is rolled back, and deployed.
    fails_with 0 "$migrate" resolve --rolled-back 20260115000000_add_landing_sections
    fails_with 0 "$migrate" deploy --yes
    equals "$(sections)" 5
}

@test "resolve: a part that is there is told piece by piece, in each schema; nothing is changed unless all fits" {
    tenants one two three
    migration 20240101000000_base <<'SQL'
-- migrate:up scope:tenant
create table notes (id int primary key, body text);
SQL
    "$migrate" deploy --yes
    migration 20240201000000_tags <<'SQL'
-- migrate:up scope:tenant
create table tags (id int primary key, name varchar(40) not null);
alter table notes add column tag_id int references tags (id);
insert into tags values (1, 'red'), (2, 'blue');
SQL
    sql 'set search_path = one; create table tags (id int primary key, name varchar(40) not null)'
    sql "set search_path = one; insert into tags values (1, 'red')"
    sql 'set search_path = two; create table tags (id int primary key, name varchar(40) not null); alter table notes add column tag_id int references tags (id)'
    sql "set search_path = two; insert into tags values (1, 'red'), (2, 'blue')"
    fails_with 4 "$migrate" resolve --applied 20240201000000_tags
    shows 'one: 20240201000000_tags cannot be called applied: only a part of it is there'
    shows 'there    line 2: table tags'
    shows 'missing  line 3: column notes.tag_id integer'
    shows 'partly   line 4: 2 rows of tags: only 1 of 2 are there'
    shows 'three: 20240201000000_tags cannot be called applied: nothing of it is there'
    shows_not 'two: 20240201000000_tags cannot'
    equals "$(sql 'select count(*) from two.schema_history')" 1
    fails_with 0 "$migrate" resolve --applied 20240201000000_tags --tenants two --dry-run
    shows 'Nothing was changed'
    fails_with 0 "$migrate" resolve --applied 20240201000000_tags --tenants two
    shows 'two: 20240201000000_tags is noted as applied (on evidence: 7 facts hold).'
    equals "$(sql "select statements_applied, logs like 'resolved as applied, on evidence: 7 facts hold, by %' from two.schema_history order by id desc limit 1")" '3|t'
    fails_with 0 "$migrate" resolve --applied 20240201000000_tags --tenants two
    shows 'is applied already'
    fails_with 0 "$migrate" deploy --tenants three --yes
    # What is there cannot be called rolled back.
    fails_with 4 "$migrate" resolve --rolled-back 20240201000000_tags --tenants three
    shows 'three: 20240201000000_tags cannot be called rolled back: all of it is there: it is applied'
}

@test "resolve: what leaves nothing to look at needs a verify section, or its word" {
    tenants
    migration 20240101000000_base <<'SQL'
-- migrate:up scope:public
create table notes (id int primary key, body text);
insert into notes values (1, 'x');
SQL
    "$migrate" deploy --yes
    migration 20240201000000_fill <<'SQL'
-- migrate:up scope:public
update notes set body = upper(body);
SQL
    fails_with 4 "$migrate" resolve --applied 20240201000000_fill
    shows 'line 2: UPDATE leaves nothing that can be looked at'
    printf '%s\n' '-- migrate:verify scope:public' "do \$\$ begin assert not exists (select from notes where body <> upper(body)), 'small letters'; end \$\$;" >>"$folder/20240201000000_fill.sql"
    fails_with 4 "$migrate" resolve --applied 20240201000000_fill
    shows 'fails    line 4 (verify section): small letters'
    sql "update notes set body = 'X'"
    fails_with 0 "$migrate" resolve --applied 20240201000000_fill
    shows 'on evidence: 1 statement of its verify section passes'
}

@test "a phantom's bytes are found among all objects of git, even of a branch that is gone, and judged" {
    tenants
    cd "$folder"
    git init -q . && git config user.email t@example.org && git config user.name T
    git add . && git commit -qm one
    git checkout -q -b gone
    migration 20240101000000_gone <<'SQL'
-- migrate:up scope:public
create table gone (id int primary key);
SQL
    git add . && git commit -qm two
    "$migrate" deploy --yes
    git checkout -q - && git branch -q -D gone && git reflog expire --expire=now --all
    fails_with 4 "$migrate" status
    shows 'phantom    20240101000000_gone'
    fails_with 4 "$migrate" resolve --rolled-back 20240101000000_gone
    shows 'git has its bytes: object '
    shows 'all of it is there: it is applied'
    fails_with 4 "$migrate" resolve --applied 20240101000000_gone
    back=$(sed -n 's/^  To have it back: //p' <<<"$output")
    copy_database dropped
    sql 'drop table gone'
    fails_with 0 "$migrate" resolve --rolled-back 20240101000000_gone
    shows 'none of 3 facts holds'
    fails_with 0 "$migrate" status
    MIGRATE_DATABASE_URL="postgresql://lunaxcode_owner@/$database"
    bash -c "$back"
    fails_with 0 "$migrate" status
}

@test "a phantom that nobody knows stays one, until somebody says so without evidence" {
    tenants
    migration 20240101000000_lost <<<'-- migrate:up scope:public
create table lost (id int);'
    "$migrate" deploy --yes
    mv "$folder/20240101000000_lost.sql" "$folder/20240102000000_renamed.sql"
    fails_with 4 "$migrate" resolve --rolled-back 20240101000000_lost
    shows 'the folder has the same bytes under another name, 20240102000000_renamed'
    rm "$folder/20240102000000_renamed.sql"
    fails_with 4 "$migrate" resolve --rolled-back 20240101000000_lost
    shows 'in no git repository'
    shows 'without its bytes nobody can tell'
    fails_with 0 "$migrate" deploy --yes
    shows 'Up to date: '
    shows 'phantoms, which scripts/migrate status names'
    fails_with 0 "$migrate" resolve --rolled-back 20240101000000_lost --without-evidence
    fails_with 0 "$migrate" deploy --yes
    shows_not phantom
    fails_with 0 "$migrate" status
    equals "$(sql "select logs like 'resolved as rolled back, WITHOUT EVIDENCE, by lunaxcode_owner (%)' from schema_history where name like '%lost'")" t
    fails_with 2 "$migrate" resolve --applied 20240109000000_never
    shows 'there is no migration 20240109000000_never, in the folder or in a history'
}

# ---- verify

@test "verify knows what later migrations dropped, renamed and changed: no false alarm, in facts and in verify sections" {
    tenants one
    migration 20240101000000_first <<'SQL'
-- migrate:up scope:tenant
create table people (id serial primary key, full_name text not null default '', age int check (age > 0), unique (full_name, age));
create table pets (id int generated always as identity, owner int references people, kind varchar(10), primary key (id));
create index on pets (kind);
create index pets_lower on pets (lower(kind)) where owner is not null;
create type mood as enum ('calm', 'glad');
create view owners as select id from people;
create function f() returns int language sql return 1;
insert into people (full_name, age) values ('Ann', 7), ('Bob', 8);
insert into pets (owner, kind) values (1, 'cat');
-- migrate:verify scope:tenant
select full_name, age from people limit 0;
select kind from pets limit 0;
SQL
    migration 20240201000000_second <<'SQL'
-- migrate:up scope:tenant
alter table people rename column full_name to name;
alter table people rename to persons;
alter table persons alter column age type bigint, drop constraint people_age_check, add column mood mood;
alter type mood rename value 'glad' to 'merry';
alter type mood rename to temper;
alter table pets drop column kind;
alter table pets rename constraint pets_owner_fkey to pets_person;
drop view owners;
drop function f();
update persons set name = 'Zoe' where name = 'Bob';
create table if not exists persons (id text);
-- migrate:verify scope:tenant
select name, mood from persons limit 0;
SQL
    fails_with 0 "$migrate" deploy --yes
    fails_with 0 "$migrate" verify
    shows 'one: 2 migrations, '
    shows '1 statement of verify sections passes'
    sql 'alter table one.persons alter age type int, drop column mood; create view one.owners as select 1; alter table one.pets drop constraint pets_person, drop constraint pets_pkey; alter type one.temper rename value $$merry$$ to $$glad$$'
    fails_with 4 "$migrate" verify
    shows 'column persons.age bigint: it is integer, null allowed'
    shows 'column persons.mood temper: it is not there'
    shows 'no owners: it is there'
    shows 'constraint pets_person: foreign key pets (owner) to persons: it is not there'
    shows 'primary key (id) of pets: it is not there'
    shows "value 'merry' of temper: it is not there"
    shows 'verify section: SQLSTATE 42703: column "mood" does not exist'
}

@test "verify looks at one schema of each catalogue, and still sees each that differs in anything; --json says the same" {
    tenants one two three four five six seven eight nine
    migration 20240101000000_all <<'SQL'
-- migrate:up scope:tenant
create type mood as enum ('good', 'bad');
create table notes (id int primary key, body text not null default '', feels mood, parent int references notes, check (id > 0));
create index notes_body on notes (body);
create function stamp() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger notes_stamp before insert on notes for each row execute function stamp();
insert into notes (id, body) values (1, 'a');
alter table notes enable row level security;
SQL
    "$migrate" deploy --yes
    fails_with 0 "$migrate" verify
    shows 'All 10 schemas are as their migrations left them.'
    sql "alter table one.notes alter column body drop not null"
    as_superuser "$database" -c "update pg_index set indisvalid = false where indexrelid = 'two.notes_body'::regclass"
    sql "alter table three.notes drop constraint notes_parent_fkey"
    sql "alter table four.notes disable trigger notes_stamp"
    sql "alter type five.mood rename value 'bad' to 'sad'"
    sql "alter table six.notes disable row level security"
    sql "delete from seven.notes"
    sql "alter table eight.notes rename column feels to felt; alter table eight.notes rename column felt to feels"
    fails_with 4 "$migrate" verify
    shows 'eight, nine: 1 migration, 16 facts hold'
    shows 'column notes.body text not null with a default: it is text, null allowed'
    shows 'index notes_body on notes (body): it is INVALID'
    shows 'foreign key notes (parent) to notes: it is not there'
    shows 'it is disabled'
    shows "value 'bad' of mood: it is not there"
    shows 'it is off'
    shows '1 row of notes'
    shows '7 of 10 schemas are not as their migrations left them.'
    fails_with 4 "$migrate" verify --json
    equals "$(jq -c '[.problems, [.schemas[] | select(.problems != []) | .schema], .schemas[8].problems]' <<<"$output")" '[7,["one","two","three","four","five","six","seven"],[]]'
    equals "$(jq -r '.schemas[] | select(.schema == "two").problems[0] | .migration, .line, .found' <<<"$output" | paste -s -d ' ')" '20240101000000_all 4 it is INVALID'
}

@test "verify cannot be made to write, and what a verify section does is undone" {
    tenants
    migration 20240101000000_first <<'SQL'
-- migrate:up scope:public
create table notes (id int);
SQL
    "$migrate" deploy --yes
    printf '%s\n' '-- migrate:verify scope:public' 'insert into notes values (1);' 'set transaction read write;' 'select 1;' >>"$folder/20240101000000_first.sql"
    fails_with 4 "$migrate" verify
    shows 'line 4: verify section: SQLSTATE 25006: cannot execute INSERT in a read-only transaction'
    shows 'line 5: verify section: SQLSTATE 25001'
    equals "$(sql 'select count(*) from notes')" 0
}

@test "a verify section that a later migration may have outdated is a note; one of a table that nobody changed is an alarm" {
    tenants
    migration 20240101000000_first <<'SQL'
-- migrate:up scope:public
create table notes (id int check (id > 0));
create table tags (id int check (id > 0));
-- migrate:verify scope:public
do $$ begin assert (select count(*) = 1 from pg_constraint where conrelid = 'notes'::regclass), 'not one check of notes'; end $$;
do $$ begin assert (select count(*) = 1 from pg_constraint where conrelid = 'tags'::regclass), 'not one check of tags'; end $$;
SQL
    migration 20240201000000_second <<<'-- migrate:up scope:public
alter table notes add column n int check (n > 0);'
    "$migrate" deploy --yes
    fails_with 0 "$migrate" verify
    shows '20240101000000_first line 5: its verify section does not hold any more (not one check of notes), but 20240201000000_second changed what it looks at'
    sql 'alter table tags add check (id > 1)'
    fails_with 4 "$migrate" verify
    shows 'fails      20240101000000_first line 6: verify section: SQLSTATE P0004: not one check of tags'
}

@test "dynamic SQL that may have changed a thing is a note, not an alarm" {
    tenants
    migration 20240101000000_first <<'SQL'
-- migrate:up scope:public
create table notes (id int, body text not null);
do $$ begin execute 'alter table notes alter body drop not null'; end $$;
SQL
    "$migrate" deploy --yes
    fails_with 0 "$migrate" verify
    shows '1 not as the files say, but dynamic SQL may have changed them (20240101000000_first line 3)'
}

# ---- revert

@test "revert: tenants first, then public, newest first; the history keeps what was undone; deploy goes up again" {
    tenants one two
    migration 20240101000000_first <<'SQL'
-- migrate:up scope:public
create table plans (id int primary key);
-- migrate:down scope:public
do $$ begin assert to_regclass('one.notes') is null and to_regclass('two.notes') is null, 'tenants go first'; end $$;
drop table plans;
-- migrate:up scope:tenant
create table notes (id int primary key, body text);
-- migrate:down scope:tenant
drop table notes;
SQL
    migration 20240201000000_second <<'SQL'
-- migrate:up scope:tenant
alter table notes add column tag text;
create index concurrently notes_tag on notes (tag);
-- migrate:down scope:tenant
drop index concurrently notes_tag;
alter table notes drop column tag;
SQL
    "$migrate" deploy --yes
    sql "insert into one.notes values (1, 'x', 'red'), (2, 'y', null); insert into two.notes values (1, 'x', 'blue')"
    fails_with 0 "$migrate" revert --to 20230101000000_tenants --dry-run
    shows 'column notes.tag: 2 values (one 1, two 1)'
    shows 'table notes: 3 rows (one 2, two 1)'
    shows 'back before 20240201000000_second, 2 statements'
    fails_with 9 "$migrate" revert --to 20230101000000_tenants </dev/null
    equals "$(sql 'select count(*) from one.notes')" 2
    fails_with 0 "$migrate" revert --steps 1 --tenants two --yes
    shows 'two: 20240201000000_second reverted'
    fails_with 3 "$migrate" status
    fails_with 0 "$migrate" revert --to 20230101000000_tenants --yes
    shows 'one: 2 migrations reverted (20240201000000_second … 20240101000000_first)'
    shows 'public: 20240101000000_first reverted'
    shows 'Done: 4 migrations reverted in 3 schemas.'
    equals "$(sql "select name, finished_at is not null, rolled_back_at is not null, logs like '%reverted by lunaxcode_owner (%' from one.schema_history order by id")" \
        '20240101000000_first|t|t|t
20240201000000_second|t|t|t'
    fails_with 0 "$migrate" deploy --yes
    fails_with 0 "$migrate" verify
    fails_with 2 "$migrate" revert --to 20990101000000_none
    shows 'there is no migration 20990101000000_none'
}

@test "revert that fails leaves its schema where it was, and says where and why" {
    tenants one two
    migration 20240101000000_first <<'SQL'
-- migrate:up scope:tenant
create table notes (id int primary key);
-- migrate:down scope:tenant
drop table notes;
SQL
    migration 20240201000000_second <<'SQL'
-- migrate:up scope:tenant
create table tags (id int primary key);
-- migrate:down scope:tenant
drop table tags;
SQL
    "$migrate" deploy --yes
    sql 'create view two.keeps as select * from two.notes'
    fails_with 5 "$migrate" revert --steps 2 --yes
    shows 'one: 2 migrations reverted'
    shows "two: 20240101000000_first FAILED with SQLSTATE 2BP01 at statement 1, $folder/20240101000000_first.sql line 4"
    shows 'schema two is where it was'
    equals "$(sql "select to_regclass('two.tags') is not null, count(*) filter (where rolled_back_at is null) from two.schema_history")" 't|2'
    equals "$(sql "select logs like '%revert failed with 2BP01: %' from two.schema_history order by id limit 1")" t
    sql 'drop view two.keeps'
    # What the scanner cannot see into, the transaction is asked about.
    printf '%s\n' "do \$\$ begin execute 'create table public.stray (id int)'; end \$\$;" >>"$folder/20240201000000_second.sql"
    sql "update two.schema_history set checksum = '$(sha256sum <"$folder/20240201000000_second.sql" | cut -c 1-64)' where name like '%second'"
    fails_with 5 "$migrate" revert --yes
    shows "a tenant's down section touched "
    equals "$(sql "select to_regclass('public.stray') is null, to_regclass('two.tags') is not null")" 't|t'
    sed -i '$d' "$folder/20240201000000_second.sql"
    sql "update two.schema_history set checksum = '$(sha256sum <"$folder/20240201000000_second.sql" | cut -c 1-64)' where name like '%second'"
    fails_with 0 "$migrate" revert --steps 2 --yes
    fails_with 3 "$migrate" status
}

@test "revert: what is CONCURRENTLY runs outside of the transaction, a broken step is gone on with, and status says that one is half reverted" {
    tenants one two
    migration 20240101000000_first <<'SQL'
-- migrate:up scope:tenant
create table notes (id int primary key, body text);
create index notes_body on notes (body);
-- migrate:down scope:tenant
drop table notes;
SQL
    migration 20240201000000_second <<'SQL'
-- migrate:up scope:tenant
alter table notes add column tag text;
create index concurrently notes_tag on notes (tag);
drop index concurrently notes_body;
-- migrate:down scope:tenant
create index concurrently notes_body on notes (body);
drop index concurrently notes_tag;
alter table notes drop column tag;
SQL
    migration 20240301000000_third <<'SQL'
-- migrate:up scope:tenant
create table tags (id int primary key);
-- migrate:down scope:tenant
drop table tags;
SQL
    "$migrate" deploy --yes
    # The server itself says whether DROP INDEX was CONCURRENTLY: in a transaction, or with a view on the column, it would not be.
    sql 'create view one.keeps as select tag from one.notes'
    fails_with 5 "$migrate" revert --steps 3 --yes
    shows 'one: 20240301000000_third reverted'
    shows "one: 20240201000000_second FAILED with SQLSTATE 2BP01 at statement 3, $folder/20240201000000_second.sql line 8"
    equals "$(sql "select to_regclass('one.notes_body') is not null, to_regclass('one.notes_tag') is null, to_regclass('one.tags') is null, to_regclass('two.tags') is not null")" 't|t|t|t'
    fails_with 4 "$migrate" status
    shows 'reverting  20240201000000_second: half reverted; revert it again: 2 of 3 statements'
    fails_with 4 "$migrate" deploy --yes
    shows 'half reverted: 20240201000000_second in one'
    # Done steps that were changed: nobody knows what is there.
    sed -i 's/drop index concurrently notes_tag/drop index concurrently if exists notes_tag/' "$folder/20240201000000_second.sql"
    sql "update one.schema_history set checksum = '$(sha256sum <"$folder/20240201000000_second.sql" | cut -c 1-64)' where name like '%second'"
    fails_with 5 "$migrate" revert --tenants one --yes
    shows 'cannot go on: its first 2 statements ran from another version of the file'
    sed -i 's/drop index concurrently if exists notes_tag/drop index concurrently notes_tag/' "$folder/20240201000000_second.sql"
    sql "update one.schema_history set checksum = '$(sha256sum <"$folder/20240201000000_second.sql" | cut -c 1-64)' where name like '%second'"
    sql 'drop view one.keeps'
    # As a kill between a step and its note would leave it, and with an INVALID index.
    sql "update one.schema_history set logs = regexp_replace(logs, '2 of 3 statements done, .*', '0 of 3 statements done, ' || md5('')) where name like '%second'"
    as_superuser "$database" -c "update pg_index set indisvalid = false where indexrelid = 'one.notes_body'::regclass"
    fails_with 0 "$migrate" revert --to 20230101000000_tenants --yes
    shows 'one: 2 migrations reverted (20240201000000_second … 20240101000000_first)'
    shows 'two: 3 migrations reverted (20240301000000_third … 20240101000000_first)'
    equals "$(sql "select to_regclass('one.notes') is null, count(*) filter (where rolled_back_at is null), count(*) filter (where logs ~ 'reverting:'), count(*) filter (where logs ~ 'reverted by') from one.schema_history")" 't|0|0|3'
    fails_with 0 "$migrate" deploy --yes
    fails_with 0 "$migrate" verify
}

@test "revert steps out of the queue of a table in use, waits for whoever holds it, and gives up with a word after MIGRATE_BLOCKED_MAX" {
    tenants one
    migration 20240101000000_first <<'SQL'
-- migrate:up scope:tenant
create table notes (id int primary key);
-- migrate:down scope:tenant
drop table notes;
SQL
    "$migrate" deploy --yes
    hold -d "$MIGRATE_DATABASE_URL" <<<'begin; select count(*) from one.notes;'
    MIGRATE_LOCK_TIMEOUT=100ms MIGRATE_BLOCKED_MAX=1 fails_with 5 "$migrate" revert --yes
    shows 'FAILED with SQLSTATE 55P03 at statement 1'
    shows 'schema one is where it was'
    MIGRATE_LOCK_TIMEOUT=100ms "$migrate" revert --yes >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    reverting=$!
    await_line 'waits at line 4 for a table that is in use by pid' "$BATS_TEST_TMPDIR/out"
    # While it waits nobody stands behind it.
    sql "set lock_timeout = '10s'; select count(*) from one.notes"
    release
    wait "$reverting"
    grep -q 'one: 20240101000000_first reverted' "$BATS_TEST_TMPDIR/out"
    equals "$(sql "select to_regclass('one.notes') is null")" t
}

@test "revert refuses, before anything runs, what has no way back" {
    tenants
    migration 20240101000000_first <<<'-- migrate:up scope:public
create table notes (id int);
-- migrate:down scope:public
drop table notes;'
    migration 20240102000000_no_down <<<'-- migrate:up scope:public
create table one_way (id int);'
    migration 20240103000000_edited <<<'-- migrate:up scope:public
create table edited (id int);
-- migrate:down scope:public
drop table edited;'
    migration 20240104000000_phantom <<<'-- migrate:up scope:public
create table phantom (id int);'
    migration 20240105000000_alone <<<'-- migrate:up scope:public
create table alone (id int);
-- migrate:down scope:public
alter system reset work_mem;'
    "$migrate" deploy --yes
    rm "$folder/20240104000000_phantom.sql"
    sed -i 's/drop table edited/drop table if exists edited/' "$folder/20240103000000_edited.sql"
    fails_with 4 "$migrate" revert --to 20240101000000_first --yes
    shows 'there is no way back:'
    shows '20240102000000_no_down has no down section for scope public'
    shows '20240103000000_edited was edited after it was applied to public'
    shows '20240104000000_phantom is not in the folder: nobody knows its way back'
    shows '20240105000000_alone line 4: its down section cannot be run in a transaction'
    shows 'nothing was changed'
    fails_with 6 "$migrate" revert --steps 1 --yes
    equals "$(sql 'select count(*) from schema_history where rolled_back_at is not null')" 0
    for wrong in '--steps 0' '--steps x' '--steps 1 --to 20240101000000_first' '--what' '--to'; do
        # shellcheck disable=SC2086
        fails_with 2 "$migrate" revert $wrong
    done
}

@test "schemas and files with quotes, spaces, capitals and backslashes are verified, resolved, noted and reverted like others" {
    tenants
    for tenant in 'Big Café' "O'Hara \"& Sons\\"; do
        sql "create schema \"${tenant//\"/\"\"}\""
        sql "insert into tenants (schema_name) values (\$q\$$tenant\$q\$)"
    done
    migration "20240101000000_it's an odd name" <<'SQL'
-- migrate:up scope:tenant
create table "My ""Notes""" (id int primary key, "the body" text);
insert into "My ""Notes""" values (1, 'it''s \ "x"');
-- migrate:down scope:tenant
drop table "My ""Notes""";
-- migrate:verify scope:tenant
select "the body" from "My ""Notes""";
SQL
    "$migrate" deploy --yes
    fails_with 0 "$migrate" verify
    shows "Big Café, O'Hara \"& Sons\\: 1 migration, 5 facts hold, 1 statement of verify sections passes"
    fails_with 0 "$migrate" revert --dry-run
    shows "table My \"Notes\": 2 rows (Big Café 1, O'Hara \"& Sons\\ 1)"
    fails_with 0 "$migrate" revert --yes --tenants "O'Hara \"& Sons\\"
    sql 'alter table "Big Café"."My ""Notes""" drop column "the body"'
    fails_with 4 "$migrate" verify
    shows "20240101000000_it's an odd name line 2: column My \"Notes\".the body text: it is not there"
    fails_with 4 "$migrate" resolve --rolled-back "20240101000000_it's an odd name" --tenants 'Big Café'
    shows 'a part of it is there'
    fails_with 4 "$migrate" resolve --applied "20240101000000_it's an odd name"
    shows "O'Hara \"& Sons\\: 20240101000000_it's an odd name cannot be called applied: nothing of it is there"
    sql 'drop table "Big Café"."My ""Notes"""'
    fails_with 0 "$migrate" resolve --rolled-back "20240101000000_it's an odd name" --tenants 'Big Café'
    fails_with 0 "$migrate" deploy --yes
    sql 'drop table "Big Café".schema_history'
    fails_with 0 "$migrate" baseline
    shows 'Big Café: 1 migration noted as applied.'
    fails_with 0 "$migrate" status
    fails_with 0 "$migrate" verify
}

# ---- status and misuse

@test "status of a fleet names the odd ones in one line, and works without a table of tenants" {
    tenants t1 t2 t3 t4 t5 t6 t7
    migration 20240101000000_first <<<'-- migrate:up scope:tenant
create table notes (id int);'
    "$migrate" deploy --yes
    migration 20240201000000_second <<<'-- migrate:up scope:tenant
create table tags (id int);'
    "$migrate" deploy --tenants t1,t2,t3,t4,t5 --yes
    sql "insert into t7.schema_history (name, checksum, normalised, applied_by, sqlstate, failed_statement, failed_line, logs) values ('20240201000000_second', 'x', 'x', 'x', '42P07', 1, 2, 'exists')"
    fails_with 4 "$migrate" status
    shows '1 failed, 1 pending; 2 of 8 schemas are not as the folder says; the odd ones: t6, t7.'
    equals "$("$migrate" status --json | jq -c '[.pending, .problems, .odd]')" '[1,1,["t6","t7"]]'
    sql 'alter table tenants rename to elsewhere'
    MIGRATE_TENANTS_QUERY="select schema_name from elsewhere where schema_name <> 't7'" fails_with 3 "$migrate" status
    shows '1 pending; 1 of 7 schemas are not as the folder says; the odd ones: t6.'
}

@test "what has a migration's stamp and is no file that can be run is named, once" {
    migration 20260101000000_first <<<'create table a (id int);'
    ln -s nowhere "$folder/20260111000000_y.sql"
    echo 'create table b (id int);' >"$folder/20260110000000_x.SQL"
    mkdir "$folder/20260112000000_z" "$folder/20260114000000_v.sql" "$folder/20260115000000_u" "$folder/2026"
    echo 'create table c (id int);' >"$folder/20260115000000_u/migration.sql"
    mkfifo "$folder/20260113000000_w.sql"
    echo read me >"$folder/20260116000000_notes.txt"
    fails_with 3 "$migrate" status
    shows 'folder with a file migration.sql: 20260110000000_x.SQL 20260111000000_y.sql 20260112000000_z/ 20260113000000_w.sql 20260114000000_v.sql'
    shows '2 pending'
    fails_with 0 "$migrate" deploy --yes
    equals "$(grep -c 'not read, since' <<<"$output")" 1
    rm -r "$folder/20260112000000_z" "$folder"/202601{10,11,13,14}*
    fails_with 0 "$migrate" status
    shows_not 'not read'
}

@test "generate: sections to fill in, a time after the newest file's, no two of one name" {
    tenants
    migration 20991231235959_far <<<'-- migrate:up scope:public
select 1;'
    fails_with 0 "$migrate" generate 'Add Tags-Table' --scope both
    equals "$output" "$folder/21000101000000_add_tags_table.sql"
    equals "$(grep '^-- migrate:' "$output" | paste -sd ' ')" '-- migrate:up scope:public -- migrate:down scope:public -- migrate:verify scope:public -- migrate:up scope:tenant -- migrate:down scope:tenant -- migrate:verify scope:tenant'
    fails_with 2 "$migrate" generate add_tags_table
    shows 'there is a migration of that name already, 21000101000000_add_tags_table'
    for odd in '' '_x' 'a/b' '../up' 'a;b' 'ä' "$(printf 'x%.0s' $(seq 81))" 'a
b'; do
        fails_with 2 "$migrate" generate "$odd"
        shows 'generate needs a NAME'
    done
    equals "$(find "$folder" -name '*.sql' | wc -l)" 3
    # Empty sections are nothing to run: they are applied and reverted all the same.
    fails_with 0 "$migrate" deploy --yes
    fails_with 0 "$migrate" revert --yes
    shows 'public: 21000101000000_add_tags_table reverted'
}

@test "misuse has a clear word and exit 2" {
    tenants
    while IFS='|' read -r words text; do
        # shellcheck disable=SC2086
        fails_with 2 "$migrate" $words
        shows "$text"
    done <<'CASES'
status --what|status: unknown option --what
verify --what|verify: unknown option --what
verify --tenants|--tenants needs names
verify --tenants nobody|there is no tenant nobody
resolve|resolve needs --applied NAME or --rolled-back NAME
resolve --applied|--applied needs the name of a migration
resolve --applied a --rolled-back a|resolve takes one of --applied and --rolled-back
resolve --applied a --what|resolve: unknown option --what
baseline --what|baseline: unknown option --what
baseline --through|--through needs the name of a migration
generate|generate needs a NAME
generate a b|generate takes one NAME
generate a --scope all|the scope is public, tenant or both
generate --what|generate: unknown option --what
CASES
}

@test "commands have help, and the list names them" {
    fails_with 0 "$migrate" help
    for command in status verify resolve revert baseline generate; do
        shows "  $command"
        fails_with 0 "$migrate" help "$command"
        shows 'Exit: 0'
        shows "  scripts/migrate $command"
        page=$output
        fails_with 0 "$migrate" "$command" --help
        equals "$output" "$page"
        fails_with 0 "$migrate" help
    done
    fails_with 0 "$migrate" --help
    shows '  connections [--kill-idle]'
    for front in migrate-all-schemas migrate-production migrate-simple generate-migration-prod; do
        fails_with 0 "$top/scripts/$front.sh" --help
    done
}
