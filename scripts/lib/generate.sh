# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# generate: a new migration file with its sections to fill in.

cmd_generate() {
    name=
    scope=tenant
    while [ $# -gt 0 ]; do
        case $1 in
            --scope) [ $# -gt 1 ] || usage "--scope needs public, tenant or both"; scope=$2; shift ;;
            --scope=*) scope=${1#*=} ;;
            -*) usage "generate: unknown option $1" ;;
            *) [ -z "$name" ] || usage "generate takes one NAME"; name=$1 ;;
        esac
        shift
    done
    case $scope in
        public | tenant) scopes=$scope ;;
        both) scopes='public tenant' ;;
        *) usage "generate: the scope is public, tenant or both, not '$scope'" ;;
    esac
    name=$(printf '%s' "$name" | LC_ALL=C tr 'A-Z -' 'a-z__')
    printf '%s\n' "$name" | LC_ALL=C grep -Eqx '[a-z0-9_]{1,80}' || usage "generate needs a NAME of letters, digits, - and _"
    [ -d "$dir" ] || fail "$exit_usage" "there is no folder $dir"
    # Always after the newest file: a clock that is behind must not put the change into the past.
    stamp=$(date -u +%Y%m%d%H%M%S)
    newest=$(for path in "$dir"/[0-9]*; do printf '%s\n' "${path##*/}"; done | sed -n 's/^\([0-9]\{14\}\)_.*/\1/p' | sort | tail -n 1)
    if [ -n "$newest" ] && [ "$stamp" -le "$newest" ]; then
        stamp=$((newest + 1))
    fi
    path=$dir/${stamp}_$name.sql
    (
        umask 022
        set -C
        {
            printf -- '-- What changes, and why, in one sentence.\n'
            for one in $scopes; do
                printf -- '-- migrate:up scope:%s\n\n-- migrate:down scope:%s\n\n-- migrate:verify scope:%s\n\n' "$one" "$one" "$one"
            done
        } >"$path"
    ) || fail "$exit_usage" "cannot write $path"
    say "$path"
}
