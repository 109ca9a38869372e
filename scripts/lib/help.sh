# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# help: the commands, and each one in full.

cmd_help() {
    case ${1-} in
        '') help_all ;;
        status | deploy | verify | generate | tenants | init | seed | help) "help_$1" ;;
        *) usage "there is no command '$1'" ;;
    esac
}

help_all() {
    cat <<'EOT'
scripts/migrate COMMAND [--dir FOLDER] [--database URL]

  status [--json]              each schema's history against the files, every problem at once
  deploy                       applies what is pending: public first, then every tenant
  verify                       whether the database still is as the applied migrations left it
  generate NAME                writes a new migration file
  tenants list                 the tenants of the database
  tenants create SLUG          a new tenant: schema, role, grants, migrations, all or nothing
  init                         prepares a database: the login role of the programs, and what PUBLIC may not
  seed TENANT                  the demo content of a tenant
  help [COMMAND]               this, or all about one command

The database is --database, else MIGRATE_DATABASE_URL, else DATABASE_URL, else libpq's PG… variables. It is the owner's
address and goes to the server itself, not through a pooler. A password may be in the address, in PGPASSWORD or in a
PGPASSFILE; it is never on a command line that others can see. The folder is --dir, else MIGRATE_DIR, else sql/migrations.

Exit codes
  0  done, or up to date            5  a migration or command failed; the database says where
  2  wrong use                      6  refused: a file holds what must not be in a migration
  3  something is pending           7  no connection, or it was lost
  4  a problem: failed, edited,     8  another run holds a schema's lock
     phantom, a schema is missing   9  nobody confirmed
EOT
}

help_status() {
    cat <<'EOT'
scripts/migrate status [--json]

Compares the history of public and of every tenant with the files; all tenants in one query. Schemas in the same state are
said once. States of a migration:
  pending      not applied yet; "out of order" when it is older than what is applied already
  failed       its last run failed; SQLSTATE, statement and line are shown, deploy tries again
  interrupted  a run of steps (CREATE INDEX CONCURRENTLY …) that has not ended: running now, or killed; deploy goes on
  edited       the file is another than the one that was applied (changes in comments and white space are told apart)
  phantom      in the database, not in the folder

Exit: 0 up to date, 3 pending, 4 a problem (also when something is pending besides), 7 no connection.
  scripts/migrate status --json | jq '.schemas[] | select(.migrations != [])'
EOT
}

help_deploy() {
    cat <<'EOT'
scripts/migrate deploy [--public-only | --tenants A,B] [--yes] [--dry-run]

Applies what is pending: first public, then each tenant. A section runs in one transaction with its verify section and its
row in SCHEMA.schema_history; where a statement cannot (CREATE INDEX CONCURRENTLY, VACUUM …; or option transaction:false)
each statement is a step, and a broken run goes on at the step it had reached. The first failure stops the deploy; it stays
in the history with SQLSTATE, statement and line until a later run has applied the migration.

  --public-only   only the public schema
  --tenants A,B   only these schemas (public among them when named)
  --yes           does not ask; without it the plan is shown and must be confirmed
  --dry-run       shows the plan and changes nothing

MIGRATE_LOCK_TIMEOUT (10s): how long a statement waits for a table. MIGRATE_LOCK_WAIT (60): how many seconds to wait for
another deploy of the same schema. MIGRATE_TENANTS_QUERY: SQL that names the tenants' schemas, where they are not in
public.tenants (schema_name). MIGRATE_PUBLIC_ONLY: tables that no tenant may have by name, parted by commas.
MIGRATE_DEFAULT_SCOPE (public): the scope of sections that name none.

Exit: 0 done or nothing to do, 4 an applied file was edited or a schema is missing, 5 a migration failed, 6 a file was
refused (transaction control, psql commands, a target outside of the section's scope), 7 connection, 8 lock, 9 not confirmed.
  scripts/migrate deploy --tenants lunaxcode --dry-run
EOT
}

help_verify() {
    cat <<'EOT'
scripts/migrate verify [--tenants A,B | --public-only]

Looks whether what was applied is there, in transactions that cannot write. From the parsed statements it knows what must hold
after them: tables, columns with type, NOT NULL and default, indexes that are valid, constraints that are validated, types and
enum values, functions, triggers, policies, rows that INSERT … VALUES wrote; and what was dropped must be gone. Later migrations
count: what they dropped, renamed or changed is not missed. So IF NOT EXISTS hides nothing: a column that was there before as
int null, where text not null was wanted, is told. Then every verify section runs again, but for statements that name what a
later migration dropped or renamed.

What UPDATE, DELETE or DO did leaves nothing to look at; for that there are verify sections. Of rows, only an INSERT of which no
row is left is told: the others may have been changed since. MIGRATE_VERIFY_TIMEOUT (60s): how long one statement may take.

Exit: 0 all as it should be, 2 wrong use, 4 something is missing or different, 7 connection.
  scripts/migrate verify --tenants acme
EOT
}

help_generate() {
    cat <<'EOT'
scripts/migrate generate NAME [--scope public|tenant|both]

Writes FOLDER/YYYYMMDDHHMMSS_NAME.sql with empty sections (scope: tenant) and prints its path. A section begins with a line
  -- migrate:up|down|verify scope:public|tenant [transaction:false]
up is what changes, down undoes it, verify fails when the change is not there; verify may only read.

Exit: 0 written, 2 wrong use.
  scripts/migrate generate add_project_deadline --scope tenant
EOT
}

help_tenants() {
    cat <<'EOT'
scripts/migrate tenants list
scripts/migrate tenants create SLUG [--name NAME] [--host HOST]… [--default]

create makes the tenant's row in public.tenants, its schema, its role and grants, and runs all tenant migrations, in one
transaction: all of it or nothing. A tenant that is there is left as it is (exit 0).
  --name     what people call the agency (default: the slug)
  --host     a host name that leads to this tenant; again for more
  --default  the tenant for every host that no tenant has
The owner needs CREATEROLE and CREATE on the database.

Exit: 0 done, 2 wrong use, 3 public is behind, 5 failed and nothing is left, 7 connection, 8 lock.
  scripts/migrate tenants create acme --name "Acme Studio" --host acme.example
EOT
}

help_init() {
    cat <<'EOT'
scripts/migrate init

Prepares the database, as often as you like: makes the login role of the programs (LUNAXCODE_APP_ROLE, default
lunaxcode_app) when it is missing, with the password in APP_PASSWORD if that is set; lets it connect; revokes CREATE on
public from PUBLIC. Run as a superuser it also revokes EXECUTE on set_config from PUBLIC and gives it to the owner.
Before it, once, as a superuser:
  create role lunaxcode_owner login createrole; create database lunaxcode owner lunaxcode_owner;

Exit: 0 done, 5 failed (the owner lacks CREATEROLE, or does not own the database), 7 connection.
  APP_PASSWORD=$(cat secret) scripts/migrate init
EOT
}

help_seed() {
    cat <<'EOT'
scripts/migrate seed TENANT [--force]

Writes the demo content (sql/seed): services with their questions and the sections of the landing page. Only where the
tenant has no service yet; --force writes over what has the same name.

Exit: 0 done or not needed, 2 no such tenant, 5 failed and nothing was changed, 7 connection.
  scripts/migrate seed lunaxcode
EOT
}

help_help() {
    cat <<'EOT'
scripts/migrate help [COMMAND]

The list of commands and exit codes, or all about one command.
EOT
}
