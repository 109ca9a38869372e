#!/bin/bash
# Holds what the house says of its files: shell is clean, and each file includes only what it may.
# Ends with 1 and a line for every breach.
set -euo pipefail
cd "$(dirname "$0")/.."
breaches=0
breach() {
    printf '%s\n' "$*"
    breaches=$((breaches + 1))
}

# Shell.
mapfile -t shell < <(find scripts tests .ci -type f ! -path '*/__pycache__/*' | sort | while read -r file; do
    if [[ $file == *.sh ]] || head -n 1 "$file" | grep -qE '^#!.*/(env )?(ba)?sh'; then echo "$file"; fi
done)
mapfile -t cases < <(find tests -name '*.bats' | sort)
shellcheck "${shell[@]}" || breach 'shellcheck has something to say, above'
# What a .bats file loads, shellcheck does not see.
[[ ${#cases[@]} == 0 ]] || shellcheck -e SC2154,SC2034,SC2030,SC2031 "${cases[@]}" || breach 'shellcheck has something to say of the tests, above'

# Arrows: routes, worker → gateways, domain → core. A layer may include itself.
declare -A may=(
    [core]='core' [domain]='core domain' [gateways]='core gateways' [routes]='core domain gateways' [worker]='core domain gateways worker'
    [tools]='core domain tools'
)
while IFS=: read -r file line; do
    layer=${file#src/} layer=${layer%%/*}
    target=${line#*\"} target=${target%%\"*}
    if [[ $target != */* ]]; then
        breach "$file: \"$target\" is included without its layer's name"
    elif [[ " ${may[$layer]-} " != *" ${target%%/*} "* ]]; then
        breach "$file: $layer must not include $target"
    fi
done < <(grep -rE '^ *# *include *"' src --include='*.h' --include='*.cpp' || true)

# Each library's header is included by one pair of files; only its .cpp, where that can be.
for header in fcgiapp.h fcgi_config.h libpq-fe.h curl/curl.h jansson.h sodium.h md4c pg_query.h openssl magic.h gd.h hpdf.h qrencode.h; do
    mapfile -t pairs < <(grep -rlE "^ *# *include *[<\"]([a-z]+/)?${header//./\\.}" src | sed 's/\.[^.]*$//' | sort -u)
    [[ ${#pairs[@]} -le 1 ]] || breach "$header is included by more than one pair: ${pairs[*]}"
    while read -r file; do
        breach "$file: a header must not drag $header in"
    done < <(grep -rlE "^ *# *include *[<\"]([a-z]+/)?${header//./\\.}" src --include='*.h' || true)
done

# One place names the environment.
while IFS=: read -r file _; do
    breach "$file: settings come from core/config.cpp alone; only core/serve.cpp looks at what started it"
done < <(grep -rE '\b(secure_)?getenv *\(' src --include='*.cpp' --include='*.h' | grep -vE '^src/core/(config|serve)\.cpp:' || true)

# Size: a route group stays one group of routes, a header a contract.
while read -r lines file; do
    [[ $file == total ]] || [[ $lines -le 300 ]] || breach "$file has $lines lines: is it one group of routes?"
done < <(wc -l src/routes/*.cpp)

# Pages work under a policy that allows neither inline scripts nor inline styles.
while IFS=: read -r file line _; do
    breach "$file:$line: inline script, style or handler, which the policy of nginx/lunaxcode/server.conf refuses"
done < <(grep -rnEi '<style|<script(>| [^>]*[^/]>[^<])|[[:space:]](style|on[a-z]+)=' src/web --include='*.html' || true)

[[ $breaches == 0 ]] || { echo "$breaches breaches"; exit 1; }
echo "lint: $((${#shell[@]} + ${#cases[@]})) shell files and $(find src -name '*.cpp' -o -name '*.h' | wc -l) source files hold the rules"
