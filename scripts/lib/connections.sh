# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# connections: who holds the server's connections, and ending those that have been idle for long.

cmd_connections() {
    kill=
    age=600
    everywhere=
    yes=
    while [ $# -gt 0 ]; do
        case $1 in
            --kill-idle)
                kill=yes
                case ${2-} in [0-9]*) age=$2; shift ;; esac
                ;;
            --kill-idle=*) kill=yes age=${1#*=} ;;
            --all-databases) everywhere=yes ;;
            --yes | -y) yes=yes ;;
            *) usage "connections: unknown option $1" ;;
        esac
        shift
    done
    whole_number --kill-idle "$age" 1
    make_work
    show_connections
    [ -n "$kill" ] || return 0
    kill_idle
}

# What the server says when it has no place left is not what an operator needs to read.
connections_ask() {
    connect_to "$database"
    code=0
    run_psql -f "$1" >"$2" 2>"$work/connections.errors" || code=$?
    [ "$code" != 0 ] || return 0
    why=$(error_text <"$work/connections.errors" | grep -v '^$' | head -n 1)
    case $why in
        *'remaining connection slots are reserved'* | *'too many clients already'*)
            warn "migrate: every connection of the server is taken: $why"
            cat >&2 <<'EOT'
  The last few (superuser_reserved_connections, 3 unless changed) are kept for superusers. On the server, as one:
    sudo -u postgres env MIGRATE_DATABASE_URL='postgresql:///DATABASE?host=/run/postgresql' scripts/migrate connections --kill-idle
  If those are taken too, end the programs that hold the others: systemctl stop lunaxcode.target
EOT
            exit "$exit_connection"
            ;;
        *'unsupported startup parameter'*) tell_pooler "it took no options with the connection" ;;
        *'too many connections for '*)
            fail "$exit_connection" "$why" "A limit of the role or of the database, not of the server: alter role … connection limit N; as a superuser."
            ;;
    esac
    [ "$code" = 2 ] || fail "$exit_failed" "$why"
    fail "$exit_connection" "cannot reach the database: $why" "Set MIGRATE_DATABASE_URL; the server's log says more."
}

show_connections() {
    cat >"$work/connections.psql" <<'SQL'
select 'server', current_setting('max_connections'), current_setting('superuser_reserved_connections'),
       (select count(*) from pg_stat_activity where backend_type in ('client backend', 'walsender') or backend_type is null and datid is not null), current_database(), current_user,
       pg_has_role(current_user, 'pg_read_all_stats', 'usage') or (select rolsuper from pg_roles where rolname = current_user);
select 'group', coalesce(datname, '-'), coalesce(usename, '-'), coalesce(nullif(regexp_replace(application_name, '[[:cntrl:]]', ' ', 'g'), ''), '-'), coalesce(state, 'not shown to this role'), count(*),
       coalesce(round(max(extract(epoch from now() - state_change))), 0), bool_or(pid = pg_backend_pid())
  from pg_stat_activity where backend_type in ('client backend', 'walsender') or backend_type is null and datid is not null
 group by 2, 3, 4, 5 order by 6 desc, 7 desc;
select 'waits', count(*) from pg_stat_activity where cardinality(pg_blocking_pids(pid)) > 0;
SQL
    connections_ask "$work/connections.psql" "$work/connections"
    awk -F '\t' '
        function age(s) { return s < 120 ? s " s" : s < 7200 ? int(s / 60) " min" : int(s / 3600) " h" }
        $1 == "server" {
            free = $2 - $4
            printf "%d of %d connections are taken; %d of them are kept for superusers, so others find %d free.\n", $4, $2, $3, (free > $3 ? free - $3 : 0)
            if ($7 != "t") hidden = $6
            printf "%-6s %-20s %-20s %-20s %s\n", "count", "database", "role", "application", "state"
            next
        }
        $1 == "group" {
            if (++n > 40) { more += $6; next }
            printf "%-6d %-20s %-20s %-20s %s%s%s\n", $6, $2, $3, $4, $5, ($5 ~ /^(idle|active)/ ? ", longest " age($7) : ""), ($8 == "t" ? " (this one among them)" : "")
            if ($5 ~ /^idle in transaction/) { held += $6; if ($7 > oldest) oldest = $7 }
        }
        $1 == "waits" { waits = $2 }
        END {
            if (more) printf "%-6d in further groups\n", more
            if (held) printf "%d idle in a transaction, the longest for %s: such a session keeps its locks, and dead rows from VACUUM.\n", held, age(oldest)
            if (waits) printf "%d wait for a lock that another session holds.\n", waits
            if (hidden != "") printf "%s sees the states of its own sessions only: grant pg_read_all_stats to it, or ask as a superuser.\n", hidden
        }' "$work/connections" >"$work/crowd" || no_room
    show "$work/crowd"
}

kill_idle() {
    where='in this database'
    [ -z "$everywhere" ] || where='in every database of the server'
    cat >"$work/idle.psql" <<SQL
\\set m_age $age
\\set m_everywhere ${everywhere:-no}
SQL
    cat >>"$work/idle.psql" <<'SQL'
select pid, extract(epoch from backend_start)::text, datname, usename, coalesce(nullif(regexp_replace(application_name, '[[:cntrl:]]', ' ', 'g'), ''), '-'), state, round(extract(epoch from now() - state_change))
  from pg_stat_activity
 where backend_type = 'client backend' and pid <> pg_backend_pid() and state in ('idle', 'idle in transaction', 'idle in transaction (aborted)')
   and state_change <= now() - make_interval(secs => :m_age)
   -- It waits, in the transaction whose snapshot pg_dump sees.
   and application_name <> 'migrate backup'
   and (:'m_everywhere' = 'yes' or datname = current_database())
 order by state_change;
SQL
    connections_ask "$work/idle.psql" "$work/idle"
    if [ ! -s "$work/idle" ]; then
        say "None $where has been idle for $age s."
        return 0
    fi
    say "Idle for $age s or longer $where:"
    awk -F '\t' 'NR <= 40 { printf "  process %s: %s to %s (%s), %s for %d s\n", $1, $4, $3, $5, $6, $7 } END { if (NR > 40) printf "  and %d more\n", NR - 40 }' "$work/idle" >"$work/doomed" || no_room
    show "$work/doomed"
    confirm end "This ends $(plural "$(wc -l <"$work/idle")" session); what is idle in a transaction is rolled back."
    # Each is looked at again: it may be at work by now, or its number another's.
    {
        awk -F '\t' -v age="$age" 'BEGIN { printf "with meant (pid, born) as (values " } { printf "%s(%d, \047%s\047)", (NR > 1 ? ", " : ""), $1, $2 }
            END { printf "),\nended as (select pg_terminate_backend(a.pid) as ok from pg_stat_activity a join meant m on m.pid = a.pid and m.born = extract(epoch from a.backend_start)::text\n"
                  printf " where a.state in (\047idle\047, \047idle in transaction\047, \047idle in transaction (aborted)\047) and a.state_change <= now() - make_interval(secs => %d))\n", age
                  print "select count(*) filter (where ok), (select count(*) from meant) from ended;" }' "$work/idle"
    } >"$work/kill.psql"
    connections_ask "$work/kill.psql" "$work/killed"
    IFS='	' read -r ended meant <"$work/killed"
    say "Ended $(plural "$ended" session)$([ "$ended" = "$meant" ] || printf '; %s had gone or begun to work' "$((meant - ended))")."
}
