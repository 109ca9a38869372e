# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# help: the commands, and each one in full.

cmd_help() {
    case ${1-} in
        '') help_all ;;
        status | deploy | campaigns | verify | resolve | revert | baseline | generate | tenants | init | seed | backup | restore | prune | audit | sandbox | connections | report | help) "help_$1" ;;
        --help | -h) help_help ;;
        *) usage "there is no command '$1'" ;;
    esac
}

help_all() {
    cat <<'EOT'
scripts/migrate COMMAND [--dir FOLDER] [--database URL] [--tenants-query SQL | --tenants-pattern PATTERN]

  status [--json]              each schema's history against the files, every problem at once
  deploy                       applies what is pending: public first, then every tenant
  campaigns [ID]               what deploys have done, schema by schema
  verify                       whether the database still is as the applied migrations left it
  resolve                      settles a failed, interrupted or phantom migration by what the database shows
  revert                       takes back the newest migrations by their down sections
  baseline                     notes as applied, without running them, migrations that the database shows to be there
  generate NAME                writes a new migration file
  tenants list                 the tenants of the database
  tenants create SLUG          a new tenant: schema, role, grants, migrations, all or nothing
  tenants suspend|resume SLUG  ends its sessions and shuts its site, or opens it
  tenants export SLUG          its rows, files and a backup in one archive
  tenants drop SLUG            everything of a tenant into a backup, and out of the database
  tenants restore FILE         brings a dropped tenant back
  tenants owner EMAIL          who may do all of this in the web
  tenants work                 the service that does what was ordered in the web
  backup                       a dump of the database with a record of what was in it; --list shows them
  restore FILE [--swap]        a backup into a new database, compared with the record; then in the place of the live one
  prune                        removes old backups
  audit verify                 whether the log of what was done to accounts, rights and money is whole
  sandbox up|down|psql|url     a PostgreSQL server of your own to rehearse on, filled from a backup if you like
  report [--markdown]          what a deploy would do here, what is missing, and how safe it is
  connections [--kill-idle]    who holds the server's connections
  init                         prepares a database: the login role of the programs, and what PUBLIC may not
  seed TENANT                  the demo content of a tenant
  help [COMMAND]               this, or all about one command

The database is --database, else MIGRATE_DATABASE_URL, else DATABASE_URL, else libpq's PG… variables. It is the owner's
address and goes to the server itself, not through a pooler. A password may be in the address, in PGPASSWORD or in a
PGPASSFILE; it is never on a command line that others can see. The folder is --dir, else MIGRATE_DIR, else sql/migrations.
The tenants' schemas are those in public.tenants (schema_name); in another database they are what --tenants-query SELECTs
(MIGRATE_TENANTS_QUERY), or what --tenants-pattern 'agency_*' matches (MIGRATE_TENANTS_PATTERN).

Exit codes
  0  done, or up to date            5  a migration or command failed; the database says where
  2  wrong use                      6  refused: a file holds what must not be in a migration
  3  something is pending           7  no connection, or it was lost
  4  a problem: failed, edited,     8  another run holds a schema's lock
     phantom, a schema is missing   9  nobody confirmed
 10  the health command says no    11  done, but some schemas failed, as --max-failures allows
 12  a connection pooler stands between
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
  edited       the file is another than the one that was applied (changes in comments, white space and another scope's sections are told apart)
  reverting    its down section, a row of steps, has not ended: revert it again
  phantom      in the database, not in the folder
  leftover     no migration but an INVALID index that a REINDEX CONCURRENTLY left, with what drops it; it does not count
The last line counts them and names the odd ones: where most tenants are in one state, those in another. --json has all of it.
It only reads, so that a standby may be asked, too.

Exit: 0 up to date, 3 pending, 4 a problem (also when something is pending besides), 7 no connection.
  scripts/migrate status --json | jq '.schemas[] | select(.migrations != [])'
EOT
}

help_deploy() {
    cat <<'EOT'
scripts/migrate deploy [--public-only | --tenants A,B] [--dry-run | --rehearse] [--yes]
                       [--parallel N] [--canary N] [--waves SIZES] [--soak S] [--health COMMAND] [--max-failures N]

Applies what is pending: first public, then each tenant. A section runs in one transaction with its verify section and its
row in SCHEMA.schema_history; where a statement cannot (CREATE INDEX CONCURRENTLY, VACUUM …; or option transaction:false)
each statement is a step, and a broken run goes on at the step it had reached. A tenant's schema that is empty gets all its
files in one transaction; where that fails, it is undone and they go one by one. The first failure stops the deploy; it stays
in the history with SQLSTATE, statement and line until a later run has applied the migration.

A deploy is a campaign: the SHA-256 of every file, the options, and what became of each schema stand in
public.schema_campaigns and public.schema_campaign_results. However it ended (kill -9, a restart of the server, a failure),
the next deploy of the same schemas goes on where it was. Where files have changed since, it says which, and begins anew.

  --public-only      only the public schema
  --tenants A,B      only these schemas (public among them when named)
  --dry-run          shows the plan and changes nothing
  --rehearse         really runs everything, in one transaction a tenant that is rolled back, and prints duration, rows and new
                     locks of every statement; where a statement cannot run in a transaction, in a scratch database with a copy
                     of public and one tenant (needs CREATEDB; above MIGRATE_REHEARSAL_MB, 1024, the structure without the
                     rows). Numbers that sequences gave out meanwhile stay given.
  --yes              does not ask; without it the plan is shown and must be confirmed
  --parallel N       so many tenants at a time (1)
  --canary N         N tenants first, as a wave of their own
  --waves SIZES      tenants in waves: numbers or percentages of all, such as 1,10%,50%; the rest is the last wave
  --soak S           seconds to wait between two waves (public is the first)
  --health COMMAND   run by sh between two waves; if it fails the deploy stops. It is kept in the campaign: no secrets in it.
                     It finds MIGRATE_CAMPAIGN and MIGRATE_WAVE in its environment.
  --max-failures N   so many tenants may fail before it stops (0); a failure in public always stops it

Settings, all in the environment
  MIGRATE_LOCK_TIMEOUT (2s)         how long a statement stands in the queue for a table, holding up everybody behind it
  MIGRATE_BLOCKED_MAX (60)          seconds that a schema may wait for tables in all: it steps out of the queue, waits until
                                    whoever holds the table is gone, and tries again; then it has failed
  MIGRATE_LOCK_WAIT (60)            seconds to wait for another run that is at the same schemas
  MIGRATE_STATEMENT_TIMEOUT (30min) how long a statement may run
  MIGRATE_CONCURRENT_TIMEOUT (6h)   how long CREATE INDEX CONCURRENTLY and its like may; no lock_timeout there, and an INVALID
                                    index that an earlier run left is dropped first
  MIGRATE_HEALTH_TIMEOUT (60)       seconds for the health command
  MIGRATE_PUBLIC_ONLY               tables that no tenant may have by name, parted by commas
  MIGRATE_SHARED_SCHEMAS            schemas into which a tenant's section may write: where triggers log for all tenants, as audit
  MIGRATE_DEFAULT_SCOPE (public)    the scope of sections that name none

Exit: 0 done or nothing to do, 4 an applied file was edited or a schema is missing, 5 a migration failed, 6 a file was
refused (transaction control, psql commands, a target outside of the section's scope), 7 connection, 8 lock, 9 not confirmed,
10 the health command said no, 11 done though some tenants failed within --max-failures, 12 a transaction pooler.
  scripts/migrate deploy --parallel 4 --canary 1 --waves 10%,50% --soak 60 --health 'curl -fsS https://agency.example/health'
EOT
}

help_campaigns() {
    cat <<'EOT'
scripts/migrate campaigns [ID]

The last 20 deploys: running, interrupted (killed; the next deploy goes on), stopped (something failed), done, superseded (the
files changed, or a larger deploy took over); how many schemas are done, at work (running) and to do. With an ID also every
schema: failed ones first, with SQLSTATE, statement and line.

Exit: 0, 2 there is no such campaign, 7 connection.
  scripts/migrate campaigns 7
EOT
}

help_verify() {
    cat <<'EOT'
scripts/migrate verify [--tenants A,B | --public-only] [--json]

Looks whether what was applied is there, in transactions that cannot write. From the parsed statements it knows what must hold
after them: tables, columns with type, NOT NULL and default, indexes that are valid, constraints that are validated, types and
enum values, functions, triggers, policies, rows that INSERT … VALUES wrote; and what was dropped must be gone. Later migrations
count: what they dropped, renamed or changed is not missed. So IF NOT EXISTS hides nothing: a column that was there before as
int null, where text not null was wanted, is told. Then every verify section runs again, but for statements that name what a
later migration dropped or renamed.

What UPDATE, DELETE or DO did leaves nothing to look at; for that there are verify sections. Of rows, only an INSERT of which no
row is left is told: the others may have been changed since. MIGRATE_VERIFY_TIMEOUT (60s): how long one statement may take.
Of schemas with the same migrations and the same catalogue one is looked at; rows and verify sections are looked at in each.

Exit: 0 all as it should be, 2 wrong use, 4 something is missing or different, 7 connection.
  scripts/migrate verify --tenants acme
EOT
}

help_resolve() {
    cat <<'EOT'
scripts/migrate resolve --applied NAME | --rolled-back NAME [--tenants A,B] [--without-evidence] [--dry-run]

Settles what the history says of a migration, where it failed, was interrupted or is a phantom. The database decides:
  --applied      only where all that its statements leave is there, rows of INSERT … VALUES among it; what leaves nothing to
                 look at (UPDATE, DELETE, DO) needs a verify section that passes. deploy will never run it again.
  --rolled-back  only where nothing of it is there. deploy runs it again.
Where a part is there, each piece is told: there, missing, partly. Unless it fits in all the schemas meant, nothing is changed;
--tenants takes those that fit. --without-evidence does it all the same; the history row says so, with who and when.

A migration that failed in a transaction needs no resolve: mend the file and deploy. "Mark the failed one as applied" is nearly
always the wrong word: its statements were rolled back, and noted as applied they never run.

Of a phantom (in the history, not in the folder) the bytes are looked for by their SHA-256: among known empty migrations, in the
folder under another name, and among all objects of the folder's git repository, also those that no branch has any more.
The command that brings the file back is shown.

Exit: 0 noted or nothing to settle, 2 wrong use, 4 no evidence and nothing changed, 7 connection, 8 lock.
  scripts/migrate resolve --rolled-back 20260115000000_add_landing_sections
EOT
}

help_revert() {
    cat <<'EOT'
scripts/migrate revert [--steps N | --to NAME] [--tenants A,B | --public-only] [--yes] [--dry-run]

Takes back the newest N migrations (1), or all that are newer than NAME, which stays: by their down sections, newest first; each
tenant, then public. A schema goes all the way in one transaction or stays where it was; only down sections with CONCURRENTLY (or
transaction:false) run by themselves, a statement at a time, and go on at their step when they were broken off. Where a step loses data (DROP TABLE,
DROP COLUMN, DROP SCHEMA, TRUNCATE, DELETE) it says how many rows or values, in which schemas, and asks for the database's name. The history keeps the
run with the time at which it was undone; deploy applies it again.

Before anything runs it is refused: no down section, a phantom on the way, a file that was edited since, a migration that is half
done. A statement that does not get its table is tried again as in deploy: MIGRATE_LOCK_TIMEOUT, MIGRATE_BLOCKED_MAX.
  --yes      does not ask; what is lost is shown all the same
  --dry-run  shows the way back and what it loses

Exit: 0 done or nothing to revert, 2 wrong use, 4 a problem on the way, 5 a down section failed, 6 no way back, 7 connection,
8 lock, 9 not confirmed.
  scripts/migrate revert --steps 1 --dry-run
EOT
}

help_baseline() {
    cat <<'EOT'
scripts/migrate baseline [--through NAME] [--tenants A,B | --public-only] [--dry-run] [--without-evidence]

For a database that has the tables, but no history of them: takes the pending migrations as if they had run, looks for what they
would have left, and notes as applied, without running them, those that are there, in order up to the first that is not. That one
is told with what is missing; deploy runs the rest. One that shows nothing of its own (an UPDATE) counts as there when later ones
are.
  --through NAME      all up to NAME, or nothing is changed
  --without-evidence  with --through: without looking; the history rows say so
  --dry-run           says what is there and what is not

Exit: 0 noted or nothing to note, 2 wrong use, 4 not there and nothing changed, 7 connection, 8 lock.
  scripts/migrate baseline --dry-run
EOT
}

help_generate() {
    cat <<'EOT'
scripts/migrate generate NAME [--scope public|tenant|both]

Writes FOLDER/YYYYMMDDHHMMSS_NAME.sql with empty sections (scope: tenant) and prints its path. The time is UTC, and always after
the newest file's; NAME is of letters, digits, - and _, and no other file may have it. A section begins with a line
  -- migrate:up|down|verify scope:public|tenant [transaction:false]
up is what changes, down undoes it, verify fails when the change is not there; verify may only read.

Exit: 0 written, 2 wrong use.
  scripts/migrate generate add_project_deadline --scope tenant
EOT
}

help_tenants() {
    cat <<'EOT'
scripts/migrate tenants list
scripts/migrate tenants create SLUG [--name NAME] [--host HOST]… [--default] [--language fil] [--demo]

create makes the tenant's row in public.tenants, its schema, its role and grants, and runs all tenant migrations, in one
transaction: all of it or nothing. A tenant that is there is left as it is (exit 0).
  --name     what people call the agency (default: the slug)
  --host     a host name that leads to this tenant; again for more
  --default  the tenant for every host that no tenant has
  --language its own language, en (as it is without this) or fil
  --demo     with the demo content in that language, as `seed` has it
The owner needs CREATEROLE and CREATE on the database.

scripts/migrate tenants suspend SLUG | resume SLUG
scripts/migrate tenants export SLUG [--to FILE]

suspend ends all sessions of the tenant and shuts its site; resume opens it. export writes an archive (tar): every table as lines
of JSON, the files that FILES_DIR has of it, and a backup that tenants restore takes. It is for its owner only (0600), and has the
suffix .part until it is whole.

scripts/migrate tenants drop SLUG [--default] [--yes]
scripts/migrate tenants restore FILE

drop first keeps the tenant in a backup: its schema, and what of public is the tenant's (rows that point to its row in
public.tenants, and rows with its name in a column called tenant). It shows what that is, asks for the slug, and then takes
away schema, rows, grants and role in one transaction, in which it looks whether the backup still holds everything. The role
stays when another database of the server uses it. --default is needed for the default tenant.
restore brings all of it back, in one transaction that is compared with the backup's record. Files that its people uploaded
are not in the database: they stay where FILES_DIR is.

scripts/migrate tenants owner [EMAIL [--remove]]
scripts/migrate tenants work [--once] [--every SECONDS]

owner lets an account make, suspend, export and delete tenants at /platform, or takes that away; without EMAIL it lists who may.
work runs until it is ended (systemd: lunaxcode-tenants) and carries out what is ordered there: the programs behind the web server
have no right to. It looks every 5 seconds. A job is done whole or not at all: a tenant that cannot be finished is taken away
again. Killed at any moment, another run takes the job up after ten seconds; five times, then it has failed. Archives lie in
EXPORTS_DIR (FILES_DIR/.platform) for seven days. The files of a deleted tenant are kept beside its backup, as SLUG-JOB.files.tar.
BASE_URL is what the link in the new owner's mail is made of.

Exit: 0 done, 2 wrong use, 3 public is behind, 4 written to meanwhile, 5 failed and nothing was changed, 6 refused (default
tenant, something else depends on it, it is there already), 7 connection, 8 lock, 9 not confirmed.
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
scripts/migrate seed TENANT [--language fil] [--force]

Writes the demo content (sql/seed): services with their questions and the sections of the landing page, in English or in
the language named. Only where the tenant has no service yet; --force writes over what has the same name.

Exit: 0 done or not needed, 2 no such tenant, 5 failed and nothing was changed, 7 connection.
  scripts/migrate seed lunaxcode
EOT
}

help_backup() {
    cat <<'EOT'
scripts/migrate backup [--tenants A,B | --all] [--file FILE]
scripts/migrate backup --list [--limit N]
scripts/migrate backup --check FILE

Dumps the database with pg_dump (custom format) and writes FILE.manifest beside it: when, who, why, versions, size, SHA-256,
owner, grants, settings and roles, and for every table, sequence, function, view and type what restore compares: a hash of
its definition, and for tables the number of rows and a sum over their values, counted in the snapshot that was dumped.
Files are for their owner only (0600), have the suffix .part until they are whole and on the disk, and are never written over.

  --tenants A,B  public and these schemas; --all (everything) is the default
  --file FILE    where to; else MIGRATE_BACKUP_DIR/DATABASE-TIME.dump (default: ~/.local/state/migrate/backups, or
                 /var/lib/lunaxcode-migrate/backups for root)
  --list         what is in MIGRATE_BACKUP_DIR, newest first, at most --limit (20)
  --check FILE   reads the file and its manifest and says whether they are what was written

Exit: 0 done, 2 wrong use, 5 failed (disk full …) and nothing half is left, 6 --check: not what was written, 7 connection.
  scripts/migrate backup
EOT
}

help_restore() {
    cat <<'EOT'
scripts/migrate restore FILE [--into NAME] [--swap] [--terminate] [--create-roles] [--jobs N] [--yes]

Restores a backup into a new database, never over one that is there: a psql that reads a dump into a live database ends
with 0, errors and doubled rows. Then everything is compared with the record that the backup took: definitions, rows,
values, sequences. Differences are listed (exit 4). The live database is as it was until --swap, and after any failure.

  --into NAME     the new database (default: LIVE_restored)
  --swap          after a comparison without differences: LIVE becomes LIVE_before_TIME, NAME becomes LIVE, in one
                  transaction; asks for the name of the live database. Also for a NAME that this backup was restored into before
  --terminate     with --swap: ends the sessions in both databases; without it, any session is a reason to stop
  --create-roles  makes the roles that the backup needs and the server lacks, without passwords
  --jobs N        how many connections pg_restore uses (2)
The role needs CREATEDB and must be able to give databases to the backup's owner: best a superuser. MIGRATE_MAINTENANCE_DATABASE
(postgres) is where it connects meanwhile.

Exit: 0 done, 2 wrong use, 4 differences, missing roles or no CREATEDB, 5 failed, 6 refused (NAME exists, the file is not what
was written, --swap where the database that is addressed is gone and the backup is of another), 7 connection, 8 somebody is connected, 9 not confirmed.
  scripts/migrate restore lunaxcode-20261121T090000Z.dump --swap --terminate
EOT
}

help_prune() {
    cat <<'EOT'
scripts/migrate prune [--keep N] [--older-than DAYS] [--yes]

Removes backups from MIGRATE_BACKUP_DIR after listing them and asking. Only whole backups of this tool are touched; the newest
of each database always stays. Backups of dropped tenants go by --older-than only.

  --keep N           keeps the N newest of each database
  --older-than DAYS  keeps what is younger; with both, what goes is beyond N and older

Exit: 0 done or nothing to remove, 2 wrong use, 5 failed, 9 not confirmed.
  scripts/migrate prune --keep 7 --older-than 30
EOT
}

help_audit() {
    cat <<'EOT'
scripts/migrate audit verify [--tenant SLUG [--head NUMBER:HASH]]

The audit log is a chain a tenant: each row holds the hash of the one before it and of itself. This computes every hash anew and
names the first row that was changed, put in or taken out. Whoever may change the database may cut rows off the end, or write the
whole chain anew: note the head that is printed somewhere else from time to time, and give it back with --head, which sees both.

  --tenant SLUG        that tenant's chain only
  --head NUMBER:HASH   what an earlier run printed as the tenant's head: that row must still be there, with that hash

Exit: 0 whole, 2 wrong use, 3 there is no log yet, 4 a chain is broken, 5 it could not be read, 7 no connection.
  scripts/migrate audit verify
EOT
}

help_sandbox() {
    cat <<'EOT'
scripts/migrate sandbox up [--from-backup FILE]
scripts/migrate sandbox psql [ARGUMENT…] | url | status | down

A PostgreSQL server of your own to rehearse on: on a unix socket only, in a folder that only you may enter
(MIGRATE_SANDBOX_DIR, default ~/.local/state/migrate/sandbox, or /var/lib/lunaxcode-migrate/sandbox for root, who runs it as
the user postgres). It has the roles and an empty database as `init` makes them, or what a backup holds.

  up      starts it; after a kill -9 or a reboot it puts in order what is left, then goes on
  psql    psql in it, as the owner
  url     its address, for MIGRATE_DATABASE_URL
  status  exit 0 when it is up, 4 when it is not running, 3 when there is none
  down    ends it and removes everything

MIGRATE_PG_BIN: where postgres and initdb are (default: the newest below /usr/lib/postgresql).
Exit: 0 done, 2 wrong use or no PostgreSQL here, 4 not running, 5 failed, 6 refused, 8 another sandbox command is at work.
  scripts/migrate sandbox up --from-backup lunaxcode-20261121T090000Z.dump
  MIGRATE_DATABASE_URL=$(scripts/migrate sandbox url) scripts/migrate deploy
EOT
}

help_connections() {
    cat <<'EOT'
scripts/migrate connections [--kill-idle [SECONDS]] [--all-databases] [--yes]

Who holds the server's connections, by database, role, application and state; how many there may be, and how many are kept for
superusers. When there is none left even for this, it says how to get in.

  --kill-idle      lists what has been idle, or idle in a transaction, for SECONDS (600), asks, and ends it: never itself, never
                   a backup, never what is at work by then, never in another database
  --all-databases  in every database of the server

Exit: 0 done, 2 wrong use, 5 failed, 7 no connection, 9 not confirmed.
  scripts/migrate connections --kill-idle 300
EOT
}

help_report() {
    cat <<'EOT'
scripts/migrate report [--markdown]

The deployment report, to be read before a deploy or handed on: a summary; what is missing in the catalogue and which migration
brings it (also what applied migrations should have made); each pending migration with its statements, the locks they take, the
sizes of the tables they name and the data they would lose; what else there is to know (problems of the history, down and verify
sections, the newest backup); the steps; how to verify; and what was applied lately. It reads only.

Exit: 0 written, 2 wrong use, 4 the histories cannot be read, 7 connection.
  scripts/migrate report --markdown >report.md
EOT
}

help_help() {
    cat <<'EOT'
scripts/migrate help [COMMAND]

The list of commands and exit codes, or all about one command.
EOT
}
