# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# campaigns: what deploys have done, from the database.

cmd_campaigns() {
    id=${1-}
    [ $# -le 1 ] || usage "campaigns takes one ID"
    [ -z "$id" ] || whole_number "the campaign's ID" "$id" 1
    make_work
    ask >"$work/campaigns" <<SQL || exit "$exit_failed"
select to_regclass('public.schema_campaign_results') is not null as m_there \\gset
\\if :m_there
select c.id, case when c.state = 'running' and not exists (select from pg_locks where locktype = 'advisory' and classid = $campaign_class and objid = c.id and objsubid = 2 and granted
                              and database = (select oid from pg_database where datname = current_database()))
                  then 'interrupted' else c.state end,
       c.selection, c.started_by, c.started_at::timestamptz(0), coalesce(date_trunc('second', c.finished_at - c.started_at)::text, '-'), c.runs,
       (select string_agg(n || ' ' || state, ', ' order by state) from (select r.state, count(*) n from public.schema_campaign_results r where r.campaign = c.id group by r.state) s),
       coalesce(c.note, '-'), (select count(*) from jsonb_object_keys(c.manifest)), c.options
  from public.schema_campaigns c ${id:+where c.id = $id} order by c.id desc limit 20;
\\endif
SQL
    if [ ! -s "$work/campaigns" ]; then
        [ -z "$id" ] || usage "there is no campaign $id"
        say "There was no deploy yet."
        return 0
    fi
    awk -F '\t' '{ printf "Campaign %s, %s: %s, begun %s by %s, run %s; %s%s\n", $1, $2, $3, $5, $4, $7 == 1 ? "once" : $7 " times", $8, $9 == "-" ? "" : " (" $9 ")" }' "$work/campaigns"
    [ -n "$id" ] || return 0
    ask <<SQL || exit "$exit_failed"
select format('  %s %s%s%s', rpad(state, 8), schema, case when applied > 0 then format(', %s applied', applied) end,
              case when state = 'failed' then format(': %s%s%s', coalesce(migration || ' ', ''), coalesce(format('%s at statement %s, line %s: ', sqlstate, statement, line), ''), regexp_replace(message, '\n.*', ''))
                   when finished_at is not null then format(', %s', date_trunc('milliseconds', finished_at - started_at)) end)
  from public.schema_campaign_results where campaign = $id
 order by array_position(array['failed', 'running', 'dropped', 'pending', 'done'], state), place;
SQL
}
