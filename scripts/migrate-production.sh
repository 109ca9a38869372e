#!/bin/sh
# Brings the public schema up to date, for people: what is pending, two questions, the migrations, the status afterwards.
# Options go to `migrate deploy`. Exit codes: those of `scripts/migrate help`.
set -eu
migrate=$(dirname -- "$(readlink -f -- "$0")")/migrate
case ${1-} in
    --help | -h)
        sed -n '2,/^set/s/^# //p' "$0"
        exec "$migrate" help deploy
        ;;
esac

stop() {
    echo 'Nothing was changed.' >&2
    exit 9
}

said_yes() {
    read -r reply || reply=
    case $reply in
        y | Y | yes | Yes | YES) ;;
        *) return 1 ;;
    esac
}

# 3: something is pending; 4: so is what failed before, which a deploy tries again. Anything else is a reason to stop.
code=0
"$migrate" status || code=$?
case $code in
    0 | 3 | 4) ;;
    *) exit "$code" ;;
esac
plan=$("$migrate" deploy --public-only "$@" --dry-run)
printf '\n%s\n' "$plan"
case $plan in 'Up to date'*) exit 0 ;; esac
"$migrate" backup --list --limit 1
printf 'Is that a backup to go back to? Type yes: '
said_yes || stop
printf 'Run these on the public schema now? Type yes: '
said_yes || stop
code=0
"$migrate" deploy --public-only "$@" --yes || code=$?
echo
"$migrate" status || true
exit "$code"
