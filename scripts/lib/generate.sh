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
    # Of a name with a line break grep would look at each line by itself.
    case $name in
        *"
"*) fits= ;;
        *) fits=$(printf '%s\n' "$name" | LC_ALL=C grep -Ex '[a-z0-9][a-z0-9_]{0,79}') || fits= ;;
    esac
    [ -n "$fits" ] ||
        usage "generate needs a NAME of letters, digits, - and _, beginning with a letter or digit, at most 80"
    [ -d "$dir" ] || fail "$exit_usage" "there is no folder $dir"
    # Two of one name would be told apart by their time only.
    twin=$(for path in "$dir"/[0-9]*; do printf '%s\n' "${path##*/}"; done | sed 's/\.sql$//' | grep -Ex "[0-9]+_$name" | tail -n 1) || twin=
    [ -z "$twin" ] || usage "there is a migration of that name already, $twin"
    # Always after the newest file: a clock that is behind must not put the change into the past.
    stamp=$(date -u +%Y%m%d%H%M%S)
    newest=$(for path in "$dir"/[0-9]*; do printf '%s\n' "${path##*/}"; done | sed -n 's/^\([0-9]\{14\}\)_.*/\1/p' | sort | tail -n 1)
    if [ -n "$newest" ] && [ "$stamp" -le "$newest" ]; then
        second=$(printf '%s' "$newest" | sed 's/^\(....\)\(..\)\(..\)\(..\)\(..\)\(..\)$/\1-\2-\3 \4:\5:\6 UTC + 1 second/')
        stamp=$(date -u -d "$second" +%Y%m%d%H%M%S 2>/dev/null) || stamp=$((newest + 1))
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
