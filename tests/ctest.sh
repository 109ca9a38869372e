#!/bin/sh
# Writes CTestTestfile.cmake into a folder: every test there is, with its label and its time limit, which a machine many times slower keeps.
# Labels: unit, http, scripts, browser, faults. Usage: tests/ctest.sh FOLDER
set -eu

[ $# = 1 ] || { echo 'usage: tests/ctest.sh FOLDER' >&2; exit 2; }
top=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
out=$1/CTestTestfile.cmake
python=/usr/bin/python3 # Debian's, which has the packages that scripts/deps installs

# Databases and sites of the tests are kept in memory where there is plenty of it: on a disk, copying one costs seconds.
temporary=/tmp
if [ "$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print ($4 > 6000000) }')" = 1 ] && ! grep -q '^[^ ]* /dev/shm [^ ]* [^ ]*noexec' /proc/mounts; then
    temporary=/dev/shm
fi
processors=1

# test_is NAME LABEL SECONDS COST "VARIABLE=VALUE;…" COMMAND...; what costs most starts first
test_is() {
    name=$1 label=$2 seconds=$3 cost=$4 environment=$5
    shift 5
    printf 'add_test([==[%s]==]' "$name"
    printf ' [==[%s]==]' "$@"
    printf ')\nset_tests_properties([==[%s]==] PROPERTIES LABELS %s TIMEOUT %s COST %s PROCESSORS %s WORKING_DIRECTORY [==[%s]==] ENVIRONMENT [==[%s;TMPDIR=%s]==])\n' \
        "$name" "$label" "$seconds" "$cost" "$processors" "$top" "$environment" "$temporary"
}

has() { [ -n "$(find "$top/tests/$1" -name "$2" 2>/dev/null | head -n 1)" ]; }

# Two processes, with a site each that its files share. make test runs twice as much at once as there are processors: half of it waits.
pytest() { # NAME LABEL SECONDS COST FOLDER MODE VARIANT
    has "$5" '*_test.py' || return 0
    processors=2
    test_is "$1" "$2" "$3" "$4" "LUNAXCODE_TEST_MODE=$6;BUILD=$top/build/$7;PYTHONDONTWRITEBYTECODE=1" \
        "$python" -m pytest -n 2 --dist loadfile "tests/$5"
    processors=1
}

{
    echo "# Written by tests/ctest.sh."
    test_is lint unit 600 1 '' "$top/tests/lint.sh"
    if has unit '*.cpp'; then
        test_is unit unit 900 110 '' "$top/build/release/unit-tests" --gtest_brief=1
        test_is unit-asan unit 1800 120 '' "$top/build/asan/unit-tests" --gtest_brief=1
    fi
    for file in "$top"/tests/fuzz/*.cpp; do
        [ -e "$file" ] || continue
        name=$(basename "$file" .cpp)
        test_is "fuzz-$name" unit 300 5 '' "$top/tests/fuzz.sh" "$top/build/fuzz" 5 "$name"
    done
    pytest stand-ins unit 600 5 stand_ins fcgi release
    pytest http-fcgi http 3600 300 http fcgi release
    pytest http-cgi http 3600 150 http cgi release
    pytest http-asan http 4800 380 http fcgi asan
    pytest faults faults 4800 290 faults fcgi release
    pytest browser browser 4800 400 browser fcgi release
    for file in "$top"/tests/scripts/*.bats; do
        [ -e "$file" ] || continue
        test_is "scripts-$(basename "$file" .bats)" scripts 2700 100 "BUILD=$top/build/release" bats "$file"
    done
} >"$out"
