#!/bin/sh
# Runs fuzz targets for some seconds each, from the inputs in tests/fuzz/corpus and those found before.
# Usage: tests/fuzz.sh BUILD SECONDS [NAME]...; ends with 1 at the first crash, whose input stays in BUILD/corpus.
set -eu

[ $# -ge 2 ] || { echo 'usage: tests/fuzz.sh BUILD SECONDS [NAME]...' >&2; exit 2; }
top=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "$1" && pwd)
seconds=$2
shift 2
[ $# -gt 0 ] || set -- "$build"/fuzz-*
for name in "$@"; do
    name=${name##*/fuzz-}
    found=$build/corpus/$name
    mkdir -p "$found"
    seeds=$top/tests/fuzz/corpus/$name
    [ -d "$seeds" ] || seeds=
    words=$top/tests/fuzz/$name.dict
    [ -e "$words" ] || words=
    log=$build/corpus/$name.log
    if "$build/fuzz-$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
        -artifact_prefix="$found-" ${words:+-dict="$words"} "$found" ${seeds:+"$seeds"} >"$log" 2>&1; then
        echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs in $seconds s, no fault"
    else
        tail -n 60 "$log"
        echo "$name: FAULT, see above; its input is beside $found"
        exit 1
    fi
done
