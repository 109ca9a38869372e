# shellcheck shell=sh disable=SC2154,SC2034 # the parts of scripts/migrate share their variables
# prune: removes old backups; never the newest whole one of a database, nor one of a dropped tenant unless its age is named.

cmd_prune() {
    keep=
    days=
    yes=
    while [ $# -gt 0 ]; do
        case $1 in
            --keep) [ $# -gt 1 ] || usage "--keep needs a number"; keep=$2; shift ;;
            --keep=*) keep=${1#*=} ;;
            --older-than) [ $# -gt 1 ] || usage "--older-than needs a number of days"; days=$2; shift ;;
            --older-than=*) days=${1#*=} ;;
            --yes | -y) yes=yes ;;
            *) usage "prune: unknown option $1" ;;
        esac
        shift
    done
    [ -n "$keep$days" ] || usage "prune needs --keep N (the newest of each database), --older-than DAYS, or both"
    [ -z "$keep" ] || whole_number --keep "$keep" 1
    [ -z "$days" ] || whole_number --older-than "$days" 0
    make_work
    read_backups
    old=
    [ -z "$days" ] || old=$(date -u -d "-$days days" +%Y-%m-%dT%H:%M:%SZ)
    # Newest first. What goes must be beyond --keep and older than --older-than, where they are given.
    awk -F '\t' -v keep="${keep:-1}" -v old="$old" '
        $8 == "unfinished or not ours" { next }
        $5 ~ /^tenant / { if (old != "" && $1 < old) print; next }
        $8 != "whole" { next }
        { n = ++count[$4] }
        n > keep && n > 1 && (old == "" || $1 < old)' "$work/backups" >"$work/pruned"
    if [ ! -s "$work/pruned" ]; then
        say "Nothing to remove in $folder: $(plural "$(wc -l <"$work/backups")" file), and the newest backup of each database always stays."
        return 0
    fi
    awk -F '\t' '{ printf "  %s  %s (%s)\n", $1, $2, $5; total += $3 } END { printf "%s, %.1f MiB\n", (NR == 1 ? "1 backup" : NR " backups"), total / 1048576 }' "$work/pruned"
    confirm remove "These files in $folder are removed for good."
    while IFS='	' read -r taken name rest; do
        # The manifest goes first: without it nobody takes the dump for a whole one.
        rm -f "$folder/$name.manifest" "$folder/$name" "$folder/$name.rows" || fail "$exit_failed" "cannot remove $folder/$name"
    done <"$work/pruned"
    say "Removed $(plural "$(wc -l <"$work/pruned")" backup)."
}
