#!/bin/sh
# Brings public and every tenant up to date after showing the plan and asking once; options go to `migrate deploy`.
# Exit codes: those of `scripts/migrate help`.
set -eu
migrate=$(dirname -- "$(readlink -f -- "$0")")/migrate
case ${1-} in
    --help | -h)
        sed -n '2,/^set/s/^# //p' "$0"
        exec "$migrate" help deploy
        ;;
esac

for word in "$@"; do
    case $word in
        --yes | -y | --dry-run) exec "$migrate" deploy "$@" ;;
    esac
done
plan=$("$migrate" deploy "$@" --dry-run)
printf '%s\n' "$plan"
case $plan in 'Up to date'*) exit 0 ;; esac
printf 'Run this on public and on every tenant? Type yes: '
read -r reply || reply=
case $reply in
    y | Y | yes | Yes | YES) ;;
    *) echo 'Nothing was changed.' >&2; exit 9 ;;
esac
exec "$migrate" deploy "$@" --yes
