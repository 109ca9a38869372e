#!/bin/sh
# Writes a new migration file and prints its path; its arguments are those of `migrate generate`.
# Exit codes: those of `scripts/migrate help`.
set -eu
exec "$(dirname -- "$(readlink -f -- "$0")")/migrate" generate "$@"
