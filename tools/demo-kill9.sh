#!/usr/bin/env bash
# Imports are killed with SIGKILL at random moments; after each the table must be the old version or the new one, whole.
#
#   tools/demo-kill9.sh [COUNT [CSV]]      default: 50 kills of imports of tests/data/birdstrikes.csv
#
# Ends with `killed 50, lost 0, half-written 0` and exit code 0; anything else is a fault of tarn.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
wanted=${1:-50}
csv=${2:-$root/tests/data/birdstrikes.csv}
PATH="$root/build/release/tools:$PATH"
tarn=${TARN:-tarn}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$tarn" import "$csv" "$work/table" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
each=$("$tarn" count "$work/table")
# How long one import takes decides where the kills fall: from before its first byte to after its commit.
begun=$(date +%s%N)
"$tarn" import "$csv" "$work/table" --mode append >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
whole=$((($(date +%s%N) - begun) / 1000))

acknowledged=2 killed=0 lost=0 half=0 late=0
while [ "$killed" -lt "$wanted" ]; do
    "$tarn" import "$csv" "$work/table" --mode append >"$work/log" 2>&1 &
    job=$!
    pause=$((((RANDOM << 15) | RANDOM) % (whole * 11 / 10 + 1)))
    sleep "$(printf '0.%06d' $((pause % 1000000)))"
    kill -9 "$job" 2>/dev/null
    wait "$job" 2>/dev/null
    code=$?

    rows=$("$tarn" count "$work/table") || { half=$((half + 1)); break; }
    commits=$((rows / each))
    if [ "$code" -eq 0 ]; then
        late=$((late + 1))
        acknowledged=$((acknowledged + 1))
    else
        killed=$((killed + 1))
    fi
    if [ $((rows % each)) -ne 0 ] || [ "$commits" -gt $((acknowledged + 1)) ]; then
        half=$((half + 1))
    elif [ "$commits" -lt "$acknowledged" ]; then
        lost=$((lost + acknowledged - commits))
    fi
    acknowledged=$commits # a commit that landed before the kill stays
    if [ -t 1 ]; then
        printf '\rkilled %d, lost %d, half-written %d ' "$killed" "$lost" "$half"
    fi
done
[ ! -t 1 ] || printf '\r'
"$tarn" verify "$work/table" >"$work/verify" 2>&1 || { half=$((half + 1)); tail -n 5 "$work/verify" >&2; }
printf 'killed %d, lost %d, half-written %d\n' "$killed" "$lost" "$half"
printf '%d imports finished before their kill; %d commits, %d rows\n' "$late" "$acknowledged" "$((acknowledged * each))"
[ "$lost" -eq 0 ] && [ "$half" -eq 0 ]
