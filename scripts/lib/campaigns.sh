# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# campaigns: what deploys have done, from the database.

cmd_campaigns() {
    id=${1-}
    [ $# -le 1 ] || usage "campaigns takes one ID"
    [ -z "$id" ] || whole_number "the campaign's ID" "$id" 1
    make_work
    # What is in hand is known by its lock: of a schema that is done a row says so, as part of the transaction that did it.
    held="from pg_locks l where l.locktype = 'advisory' and l.objsubid = 2 and l.granted and l.database = (select oid from pg_database where datname = current_database())"
    live="exists (select $held and l.classid = $campaign_class and l.objid = c.id)"
    state="case when r.state = 'pending' and $live and exists (select $held and l.classid = $lock_class and l.objid::bigint = hashtext(r.schema)::bigint & 4294967295)
                then 'running' else r.state end"
    ask >"$work/campaigns" <<SQL || exit "$exit_failed"
select to_regclass('public.schema_campaign_results') is not null as m_there \gset
\if :m_there
select c.id, case when c.state = 'running' and not $live then 'interrupted' else c.state end,
       c.selection, c.started_by, c.started_at::timestamptz(0), coalesce(date_trunc('second', c.finished_at - c.started_at)::text, '-'), c.runs,
       (select string_agg(n || ' ' || state, ', ' order by state) from (select $state as state, count(*) n from public.schema_campaign_results r where r.campaign = c.id group by 1) s),
       coalesce(c.note, '-'), (select count(*) from jsonb_object_keys(c.manifest)), c.options
  from public.schema_campaigns c ${id:+where c.id = $id} order by c.id desc limit 20;
\endif
SQL
    if [ ! -s "$work/campaigns" ]; then
        [ -z "$id" ] || usage "there is no campaign $id"
        say "There was no deploy yet."
        return 0
    fi
    awk -F '\t' '{ printf "Campaign %s, %s: %s, begun %s by %s, run %s; %s%s\n", $1, $2, $3, $5, $4, ($7 == 1 ? "once" : $7 " times"), $8, ($9 == "-" ? "" : " (" $9 ")") }' "$work/campaigns" >"$work/listed" || no_room
    show "$work/listed"
    [ -n "$id" ] || return 0
    ask >"$work/listed" <<SQL || exit "$exit_failed"
select format('  %s %s%s%s', rpad(state, 8), schema, case when applied > 0 then format(', %s applied', applied) end,
              case when state = 'failed' then format(': %s%s%s', coalesce(migration || ' ', ''), coalesce(format('%s at %s, line %s: ', sqlstate, case statement when 0 then 'the end of its transaction' else 'statement ' || statement end, line), ''), regexp_replace(message, '\n.*', ''))
                   when finished_at is not null then format(', %s', date_trunc('milliseconds', finished_at - started_at)) end)
  from (select r.schema, r.place, r.applied, r.migration, r.sqlstate, r.statement, r.line, r.message, r.started_at, r.finished_at, $state as state
          from public.schema_campaign_results r join public.schema_campaigns c on c.id = r.campaign where r.campaign = $id) r
 order by array_position(array['failed', 'running', 'dropped', 'pending', 'done'], state), place;
SQL
    show "$work/listed"
}
