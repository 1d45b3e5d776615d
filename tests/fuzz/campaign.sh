#!/usr/bin/env bash
# Fuzzes for a while and remembers how long: tests/fuzz/campaign.sh [--budget 60m] [--slice 60s] [TARGET...]
#
# Runs the targets (all, or those named) in turn, the least tried first, a slice of time each, until the budget is spent. Totals are kept in
# tests/fuzz/totals.tsv, so that runs on any number of days add up to the hour that each target is to have: seconds are those that the
# target computed, not those that it waited for a busy machine. Inputs that reached something new are kept in build/fuzz-corpus. A find ends the run with exit code 1: the input lies in build/fuzz-finds, and belongs into
# tests/fuzz/corpus/TARGET together with the repair. Needs clang 14.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

seconds() {
    case $1 in
    *h) echo $((${1%h} * 3600)) ;;
    *m) echo $((${1%m} * 60)) ;;
    *) echo "${1%s}" ;;
    esac
}

budget=3600 slice=60 targets=()
while [ $# -gt 0 ]; do
    case $1 in
    --budget) budget=$(seconds "$2"); shift 2 ;;
    --slice) slice=$(seconds "$2"); shift 2 ;;
    --*) echo "unknown option $1" >&2; exit 2 ;;
    *) targets+=("$1"); shift ;;
    esac
done
totals=tests/fuzz/totals.tsv
[ -f "$totals" ] || printf 'target\tseconds\truns\n' >"$totals"
if [ ${#targets[@]} -eq 0 ]; then
    for source in tests/fuzz/fuzz_*.c; do
        targets+=("$(basename "$source" .c)")
    done
fi

cmake --preset fuzz >/dev/null
cmake --build build/fuzz -j "$(nproc)" --target "${targets[@]}" >/dev/null
total() { awk -F '\t' -v target="$1" -v column="$2" '$1 == target { print $column; found = 1 } END { if (!found) print 0 }' "$totals"; }

add() {
    local target=$1 spent=$(($(total "$1" 2) + $2)) runs=$(($(total "$1" 3) + $3)) rest
    rest=$(awk -F '\t' -v target="$target" 'NR > 1 && $1 != target' "$totals")
    { printf 'target\tseconds\truns\n'; { [ -z "$rest" ] || printf '%s\n' "$rest"; printf '%s\t%s\t%s\n' "$target" "$spent" "$runs"; } | LC_ALL=C sort; } >"$totals.new"
    mv "$totals.new" "$totals"
}

# Seconds that the children of this shell have computed so far.
computed() { awk -v ticks="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print int(($14 + $15) / ticks) }' "/proc/$$/stat"; }

least_tried() {
    for target in "${targets[@]}"; do
        printf '%s %s\n' "$(total "$target" 2)" "$target"
    done | sort -n | sed -n '1s/.* //p'
}

ends=$((SECONDS + budget))
while [ "$SECONDS" -lt "$ends" ]; do
    target=$(least_tried)
    mkdir -p "build/fuzz-corpus/$target" build/fuzz-finds "tests/fuzz/corpus/$target"
    left=$((ends - SECONDS))
    time=$((left < slice ? left : slice)) code=0
    before=$(computed)
    "build/fuzz/tests/$target" -max_total_time="$time" -timeout=20 -rss_limit_mb=2048 -artifact_prefix="build/fuzz-finds/$target-" -print_final_stats=1 \
        "build/fuzz-corpus/$target" "tests/fuzz/corpus/$target" >build/fuzz-finds/log 2>&1 || code=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' build/fuzz-finds/log)
    add "$target" $(($(computed) - before)) "${runs:-0}"
    if [ "$code" -ne 0 ]; then
        grep -E 'ERROR|SUMMARY|Test unit written' build/fuzz-finds/log >&2 || tail -n 20 build/fuzz-finds/log >&2
        exit 1
    fi
done
column -t "$totals"
