# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# audit: whether the audit log's chains of hashes are whole. Computes every hash itself: what the database's functions say is not asked.

cmd_audit() {
    tenant=
    head=
    [ "${1-}" = verify ] || usage "audit takes one word: verify"
    shift
    while [ $# -gt 0 ]; do
        case $1 in
            --tenant) [ $# -gt 1 ] || usage "--tenant needs a slug"; tenant=$2; shift ;;
            --tenant=*) tenant=${1#*=} ;;
            --head) [ $# -gt 1 ] || usage "--head needs NUMBER:HASH"; head=$2; shift ;;
            --head=*) head=${1#*=} ;;
            *) usage "audit verify: unknown option $1" ;;
        esac
        shift
    done
    if [ -n "$head" ]; then
        [ -n "$tenant" ] || usage "--head is of one tenant: say --tenant SLUG too"
        case $head in
            *[!0-9a-f:]* | :* | *:*:* | *:) usage "--head is NUMBER:HASH, as audit verify printed it" ;;
            *:*) ;;
            *) usage "--head is NUMBER:HASH, as audit verify printed it" ;;
        esac
    fi
    make_work
    {
        printf '\\set m_tenant %s\n\\set m_number %s\n\\set m_hash %s\n' "$(psql_word "$tenant")" "$(psql_word "${head%%:*}")" "$(psql_word "${head#*:}")"
        cat <<'SQL'
select to_regclass('public.audit_log') is null as m_none \gset
\if :m_none
\echo none
\quit
\endif
select :'m_tenant' <> '' and not exists (select from public.tenants where slug = :'m_tenant') as m_unknown \gset
\if :m_unknown
\echo unknown
\quit
\endif
begin isolation level repeatable read read only;
with chain as (
    select l.*, lag(number) over w as before_number, lag(hash) over w as before_hash
      from public.audit_log l window w as (partition by tenant_id order by number)),
judged as (
    select tenant_id, number, hash, case
        when number <> coalesce(before_number, 0) + 1 then
            case when before_number is null then format('row %s is the first: those before it are gone', number)
                 else format('row %s follows row %s: those between are gone', number, before_number) end
        when previous <> coalesce(before_hash, sha256(convert_to('tenant ' || tenant_id, 'UTF8'))) then format('row %s does not continue the row before it', number)
        when hash <> sha256(previous || convert_to(jsonb_build_array(tenant_id, number, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), actor_id,
                                                   action, subject, ip::text, data)::text, 'UTF8')) then format('row %s is not as it was written', number)
        when :'m_number' = number::text and :'m_hash' <> encode(hash, 'hex') then format('row %s has another hash than the one that was noted', number)
        end as fault
      from chain),
places as (
    select coalesce(t.id, l.tenant_id) as id, coalesce(t.slug, 'tenant ' || l.tenant_id || ' (gone)') as slug
      from public.tenants t full join (select distinct tenant_id from public.audit_log) l on l.tenant_id = t.id
     where :'m_tenant' = '' or t.slug = :'m_tenant'),
summed as (
    select p.id, p.slug, count(j.number) as rows, max(j.number) as last,
           coalesce((array_agg(j.fault order by j.number) filter (where j.fault is not null))[1],
                    case when :'m_number' <> '' and coalesce(max(j.number), 0) < nullif(:'m_number', '')::numeric then
                        format('the log ends with row %s: those up to row %s, which were noted, are gone', coalesce(max(j.number), 0), :'m_number') end) as fault
      from places p left join judged j on j.tenant_id = p.id group by p.id, p.slug)
select case when fault is null then 'whole' else 'broken' end, slug, rows, coalesce(fault, last || ':' || (
           select encode(hash, 'hex') from public.audit_log l where l.tenant_id = summed.id and l.number = last), '')
  from summed order by id;
commit;
SQL
    } >"$work/audit.psql"
    ask -f "$work/audit.psql" >"$work/audit.out" || fail "$exit_failed" "audit verify: the log could not be read"
    broken=0
    while IFS='	' read -r state slug rows rest; do
        case $state in
            none) fail "$exit_pending" "this database has no audit log yet" "scripts/migrate deploy makes it." ;;
            unknown) usage "there is no tenant $tenant" ;;
            whole) say "$slug: $(plural "$rows" row), whole${rest:+; head $rest}" ;;
            broken)
                broken=$((broken + 1))
                say "$slug: BROKEN: $rest"
                ;;
        esac
    done <"$work/audit.out"
    [ "$broken" = 0 ] || fail "$exit_problem" "the audit log of $(plural "$broken" tenant) is not what was written" "Compare it with a backup: scripts/migrate backup --list"
}
