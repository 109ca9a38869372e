# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# seed: the demo content of a tenant, once.

cmd_seed() {
    tenant=
    force=
    language=en
    while [ $# -gt 0 ]; do
        case $1 in
            --force) force=yes ;;
            --language) [ $# -gt 1 ] || usage "--language needs one, such as fil"; language=$2; shift ;;
            --language=*) language=${1#*=} ;;
            -*) usage "seed: unknown option $1" ;;
            *) [ -z "$tenant" ] || usage "seed takes one TENANT"; tenant=$1 ;;
        esac
        shift
    done
    [ -n "$tenant" ] || usage "seed needs the TENANT"
    make_work
    seed_files "$language" >"$work/seeds"
    {
        printf '\\set m_schema %s\n\\set m_force %s\n' "$(psql_word "$tenant")" "${force:-no}"
        cat <<'SQL'
select exists (select from pg_namespace where nspname = :'m_schema') and to_regclass(format('%I.service_types', :'m_schema')) is not null as m_there \gset
\if :m_there
\else
\echo missing
\quit
\endif
set search_path = :"m_schema";
begin;
-- Two at once: the second waits, then finds services.
lock table service_types in share row exclusive mode;
select :'m_force' = 'yes' or not exists (select from service_types) as m_go \gset
\if :m_go
SQL
        cat "$work/seeds"
        printf '%s\n' "select 'seeded', count(*), (select count(*) from questions), (select count(*) from landing_page_content) from service_types;" \
            'commit;' '\else' 'rollback;' '\echo there' '\endif'
    } >"$work/seed.psql"
    ask -f "$work/seed.psql" >"$work/seed.out" || fail "$exit_failed" "seed: nothing was changed"
    IFS='	' read -r result services questions sections <"$work/seed.out" || result=
    case $result in
        seeded) say "$tenant: $services services, $questions questions and $sections landing sections." ;;
        there) say "$tenant has services already; nothing was changed (--force writes the demo content over it)." ;;
        *) usage "there is no tenant $tenant with the tables of a tenant" ;;
    esac
}

# seed_files LANGUAGE: the lines with which psql reads the demo content; what is in another language is put over the English.
seed_files() {
    seeds=${MIGRATE_SEED_DIR:-$here/../sql/seed}
    [ -d "$seeds" ] || fail "$exit_usage" "there is no folder $seeds"
    case $1 in
        en) set -- ;;
        *[!a-z]* | '') usage "seed: a language is named like fil" ;;
        *)
            [ -d "$seeds/$1" ] || usage "seed: there is no demo content in $1; sql/seed has it in English and in $(cd "$seeds" && printf '%s ' */ | tr -d /)"
            set -- "$seeds/$1"/*.sql
            ;;
    esac
    for path in "$seeds"/*.sql "$@"; do printf '\\i %s\n' "$(psql_word "$path")"; done
}
