# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# tenants: list them, or make one: row, schema, role, grants and migrations in one transaction. tenants-drop.sh takes them away.

cmd_tenants() {
    what=${1:-list}
    [ $# = 0 ] || shift
    case $what in suspend | resume | owner) require_tenants ;; esac
    case $what in
        list) tenants_list "$@" ;;
        create) tenants_create "$@" ;;
        suspend) tenants_open suspended "$@" ;;
        resume) tenants_open active "$@" ;;
        export) tenants_export "$@" ;;
        drop) tenants_drop "$@" ;;
        restore) tenants_restore "$@" ;;
        owner) tenants_owner "$@" ;;
        work) tenants_work "$@" ;;
        *) usage "tenants: there is no '$what'; it is list, create, suspend, resume, export, drop, restore, owner or work" ;;
    esac
}

# Some commands need the columns of Lunaxcode's own table.
require_tenants() {
    make_work
    ask -c "select count(*) = 4 from pg_attribute where attrelid = to_regclass('public.tenants') and attname in ('slug', 'schema_name', 'hosts', 'status')" >"$work/known" || exit "$exit_failed"
    read -r known <"$work/known"
    [ "$known" = t ] || fail "$exit_problem" "this database has no table public.tenants with slug, schema_name, hosts and status, so its tenants are made by other means" \
        "deploy brings their schemas up to date all the same: --tenants-query or --tenants-pattern say which they are. For Lunaxcode's own: deploy first."
}

tenants_list() {
    [ $# = 0 ] || usage "tenants list takes no arguments"
    read_timeline
    read_state
    {
        cat <<'SQL'
select to_regclass('public.tenants') is not null as m_there \gset
\if :m_there
select t->>'slug', t->>'schema_name', t->>'name', coalesce(nullif((select string_agg(h, ',') from jsonb_array_elements_text(t->'hosts') h), ''), '-'),
       case when (t->>'is_default')::boolean then 'default' else '-' end, coalesce(t->>'status', 'active'),
       case when exists (select from pg_roles where rolname = t->>'schema_name') then 'role' else 'no role' end
  from (select to_jsonb(t) from public.tenants t) x (t) order by case when t->>'id' ~ '^\d+$' then (t->>'id')::numeric end, t->>'id';
select '-', n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relname = 'schema_history' and c.relkind = 'r' and n.nspname <> 'public' and n.nspname not in (select schema_name from public.tenants) order by 2;
\endif
SQL
    } >"$work/tenants.psql"
    ask -f "$work/tenants.psql" >"$work/tenants.rows" || exit "$exit_failed"
    [ -s "$work/tenants.rows" ] || {
        say "There are no tenants in public.tenants$(awk -F '\t' '$1 == "schema" && $2 != "public" { n++ } END { if (n) printf "; %d are found by the query or pattern", n }' "$work/state")."
        return 0
    }
    awk -F '\t' 'FILENAME == ARGV[1] {
            if ($1 == "schema") { there[$2] = $3; applied[$2] = $5 }
            if ($1 == "row" && $4 ~ /pending|late/) pending[$2]++
            else if ($1 == "row") odd[$2]++
            next
        }
        $1 == "-" { printf "-\t%s\n", $2; next }
        {
            state = there[$2] == "f" ? "no schema" : applied[$2] " applied" (pending[$2] ? ", " pending[$2] " pending" : "") (odd[$2] ? ", " odd[$2] " to look at" : "")
            printf "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", $1, ($2 == $1 ? "" : "schema " $2), $3, $4, ($5 == "-" ? $6 : $6 ", default"), $7, state
        }' "$work/state" "$work/tenants.rows" | awk -F '\t' '$1 == "-" { printf "Schema %s has a history, but no tenant is its own.\n", $2; next } { printf "%-20s %s%s; hosts %s; %s; %s; %s\n", $1, $3, ($2 == "" ? "" : " (" $2 ")"), $4, $5, $6, $7 }'
}

tenants_create() {
    slug=
    name=
    hosts=
    default=false
    language=
    demo=
    job=
    while [ $# -gt 0 ]; do
        case $1 in
            --demo) demo=yes ;;
            --name) [ $# -gt 1 ] || usage "--name needs a name"; name=$2; shift ;;
            --name=*) name=${1#*=} ;;
            --host) [ $# -gt 1 ] || usage "--host needs a host name"; hosts="$hosts $(printf '%s' "$2" | tr ' ' ,)"; shift ;;
            --host=*) hosts="$hosts $(printf '%s' "${1#*=}" | tr ' ' ,)" ;;
            --default) default=true ;;
            --language) [ $# -gt 1 ] || usage "--language needs one: en or fil"; language=$2; shift ;;
            --language=*) language=${1#*=} ;;
            --job) [ $# -gt 1 ] || usage "--job needs a number"; whole_number --job "$2" 1; job=$2; shift ;; # of tenants work: it opens the tenant itself
            -*) usage "tenants create: unknown option $1" ;;
            *) [ -z "$slug" ] || usage "tenants create takes one SLUG"; slug=$1 ;;
        esac
        shift
    done
    case $language in '' | en | fil) ;; *) usage "a tenant's language is en or fil, not $language" ;; esac
    # Each --host is one: a space or a comma in it would make two of it.
    case $hosts in *,*) usage "--host takes one host name; say it again for more" ;; esac
    # Of a slug with a line break grep would look at each line by itself.
    case $slug in
        *"
"*) fits= ;;
        *) fits=$(printf '%s\n' "$slug" | LC_ALL=C grep -Ex '[a-z][a-z0-9_]{0,62}') || fits= ;;
    esac
    [ -n "$fits" ] ||
        usage "tenants create needs a SLUG of small letters, digits and _, beginning with a letter, at most 63"
    case $slug in
        pg_* | public | information_schema) usage "a tenant cannot be called $slug" ;;
    esac
    name=${name:-$(printf '%s' "$slug" | tr _ ' ' | LC_ALL=C awk '{ print toupper(substr($0, 1, 1)) substr($0, 2) }')}

    read_timeline
    read_state
    require_owner
    if awk -F '\t' -v slug="$slug" '$1 == "schema" && $2 == slug && $3 == "t" { found = 1 } END { exit !found }' "$work/state"; then
        say "Tenant $slug is already there."
        return 0
    fi
    if awk -F '\t' '$1 == "row" && $2 == "public" && $4 ~ /^(pending|late|failed|interrupted)$/ { found = 1 } END { exit !found }' "$work/state"; then
        fail "$exit_pending" "the public schema is behind" "Run scripts/migrate deploy first."
    fi
    require_tenants
    awk -F '\t' '$5 == "t" { print $1 }' "$work/timeline" >"$work/names"
    refuse_unfit "$work/names"
    prepare_sections create "$work/names"
    : >"$work/seeds"
    [ -z "$demo" ] || seed_files "${language:-en}" >"$work/seeds"
    session_open
    losing="tenant $slug was not made; nothing is left of it" losing_code=$exit_failed
    session_write "\\set m_schema $(psql_word "$slug")
\\set m_name $(psql_word "$name")
\\set m_hosts $(psql_word "$(printf '%s' "${hosts# }" | tr ' ' ',')")
\\set m_default $default
\\set m_status $([ -n "$job" ] && echo suspended || echo active)
\\set m_settings $(psql_word "$([ -n "$job" ] && printf '{"platformJob": %s}' "$job" || echo '{}')")
\\set m_go true"
    lock_schema "$slug"
    {
        printf '\\i :m_lib/tenant.psql\n'
        while IFS= read -r migration; do
            printf '\\i %s\n' "$(psql_word "$work/create/tenant.$migration.psql")"
        done <"$work/names"
        printf '\\if :m_go\n'
        [ -z "$demo" ] || {
            printf 'set local search_path = :"m_schema";\n'
            cat "$work/seeds"
        }
        [ -z "$language" ] || printf 'update :"m_schema".settings set language = %s;\n' "$(sql_literal "$language")"
        printf '%s\n' '\set ON_ERROR_STOP off' 'commit;' '\set ON_ERROR_STOP on' '\if :ERROR' '\set m_go false' \
            '\echo @failed :LAST_ERROR_SQLSTATE 0 0 false commit' '\endif' '\endif' '\echo @done'
    } >&3 2>/dev/null || session_lost
    if ! follow_sections "$slug"; then
        session_close finished
        fail "$exit_failed" "$losing"
    fi
    session_close finished
    say "Tenant $slug is there: schema, role, grants${demo:+, demo content}."
}

tenants_open() {
    [ $# = 2 ] || usage "tenants $([ "$1" = active ] && echo resume || echo suspend) takes one SLUG"
    case $2 in -*) usage "tenants: unknown option $2" ;; esac
    make_work
    {
        printf '\\set m_slug %s\n\\set m_status %s\n' "$(psql_word "$2")" "$1"
        printf '%s\n' "update public.tenants set status = :'m_status' where slug = :'m_slug' returning slug;"
    } >"$work/open.psql"
    ask -f "$work/open.psql" >"$work/open.rows" || exit "$exit_failed"
    [ -s "$work/open.rows" ] || usage "there is no tenant $2"
    if [ "$1" = active ]; then say "Tenant $2 is open."; else say "Tenant $2 is suspended: its sessions have ended, and its site says that it is not available."; fi
}

# Who may make, suspend, export and delete tenants in the web.
tenants_owner() {
    email=
    take=
    while [ $# -gt 0 ]; do
        case $1 in
            --remove) take=yes ;;
            -*) usage "tenants owner: unknown option $1" ;;
            *) [ -z "$email" ] || usage "tenants owner takes one EMAIL"; email=$1 ;;
        esac
        shift
    done
    make_work
    printf '\\set m_email %s\n' "$(psql_word "$email")" >"$work/owner.psql"
    if [ -z "$email" ]; then
        echo "select u.email, u.name, coalesce('disabled ' || u.disabled_at::date, '-') from public.platform_owners o join public.users u on u.id = o.user_id order by o.created_at;" >>"$work/owner.psql"
    elif [ -n "$take" ]; then
        echo "delete from public.platform_owners o using public.users u where u.id = o.user_id and lower(u.email) = lower(:'m_email') returning u.email;" >>"$work/owner.psql"
    else
        echo "with known as (select id, email from public.users where lower(email) = lower(:'m_email') and disabled_at is null),
            made as (insert into public.platform_owners (user_id) select id from known on conflict do nothing) select email from known;" >>"$work/owner.psql"
    fi
    ask -f "$work/owner.psql" >"$work/owner.rows" || exit "$exit_failed"
    if [ -z "$email" ]; then
        [ -s "$work/owner.rows" ] || say "Nobody owns this installation yet: scripts/migrate tenants owner EMAIL"
        awk -F '\t' '{ printf "%s (%s)%s\n", $1, $2, ($3 == "-" ? "" : ", " $3) }' "$work/owner.rows"
        return 0
    fi
    [ -s "$work/owner.rows" ] || usage "$([ -n "$take" ] && echo "$email is no owner of this installation" || echo "there is no account of $email that may sign in; sign up first, or see sql/accounts/upsert.sql")"
    if [ -n "$take" ]; then say "$(cat "$work/owner.rows") no longer owns this installation."; else say "$(cat "$work/owner.rows") owns this installation: /platform, after signing in at any tenant."; fi
}
