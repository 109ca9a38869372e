# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# init: the login role of the programs, and what PUBLIC must not do in this database. Can be run again at any time.

cmd_init() {
    [ $# = 0 ] || usage "init takes no arguments"
    make_work
    # The password goes through a pipe: no file and no command line ever has it.
    code=0
    {
        printf '\\set m_app %s\n' "$(psql_word "$app_role")"
        cat "$lib/init.sql"
        if [ -n "${APP_PASSWORD:-}" ]; then
            # log_statement and log_min_error_statement are a superuser's settings.
            printf '%s\n' '\if :m_super' 'set log_statement = none;' 'set log_min_error_statement = panic;' '\endif'
            printf '\\set m_password %s\n' "$(psql_word "$APP_PASSWORD")"
            printf '%s\n' 'alter role :"m_app" password :'\''m_password'\'';' '\echo password'
        fi
    } | ask >"$work/init.out" || code=$?
    case $code in
        0) ;;
        3) fail "$exit_failed" "init did not finish" \
            "The role in MIGRATE_DATABASE_URL must own the database and have CREATEROLE (alter role … createrole)." ;;
        *) exit "$code" ;;
    esac
    while IFS= read -r line; do
        case $line in
            created) say "Role $app_role made: it may sign in, and is nothing until it becomes a tenant's role." ;;
            kept) say "Role $app_role is there." ;;
            password) say "Its password was set from APP_PASSWORD." ;;
            closed) say "EXECUTE on set_config is revoked from PUBLIC." ;;
            mighty)
                fail "$exit_problem" "role $app_role has powers of its own (superuser, createrole, createdb, bypassrls or replication)" \
                    "The programs need a role that has none: name another in LUNAXCODE_APP_ROLE."
                ;;
            open)
                say "EXECUTE on set_config is still PUBLIC's: only a superuser can revoke it."
                say "  Once, as a superuser: MIGRATE_DATABASE_URL=… scripts/migrate init"
                ;;
        esac
    done <"$work/init.out"
}
