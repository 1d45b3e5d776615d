#!/usr/bin/env bash
# Long proofs of what commits promise, in slices that add up: tests/reliability.sh [--budget 60m] [--resume] [--once] [TEST...]
#
#   T1   processes add and delete rows of one table: nothing lost, doubled or dropped (Delta and Iceberg in turn)
#   T2   the same while processes are killed with SIGKILL at random moments and started again
#   T5   every store operation fails, once and for ever            T6  the disk is full at every 64 KiB
#   T7   every allocation fails, once and for ever
#   T10  each process has a clock of its own that jumps by up to ten years at every look: in-commit timestamps rise all the same
#   T14  processes read a list and write what follows from it, killed meanwhile: a history that some order of them explains
#   T18  pairs of operations at every interleaving, and random histories from seeds
#
# Runs the tests in turn, the least run first, until the budget is spent. Totals are kept in tests/reliability/totals.tsv, so that runs on
# any number of days add up; without --resume the table is only shown at the end and not changed. --once: each test once, small.
# A find ends the run with exit code 1, and says the seed. $TARN_BUILD is the build folder (build/dev).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds() {
    case $1 in
    *h) echo $((${1%h} * 3600)) ;;
    *m) echo $((${1%m} * 60)) ;;
    *) echo "${1%s}" ;;
    esac
}

budget=3600 resume=no once=no tests=()
while [ $# -gt 0 ]; do
    case $1 in
    --budget) budget=$(seconds "$2"); shift 2 ;;
    --resume) resume=yes; shift ;;
    --once) once=yes; shift ;;
    T1 | T2 | T5 | T6 | T7 | T10 | T14 | T18) tests+=("$1"); shift ;;
    *) echo "unknown option $1" >&2; exit 2 ;;
    esac
done
[ ${#tests[@]} -gt 0 ] || tests=(T1 T2 T5 T6 T7 T10 T14 T18)
[ "$once" = no ] || [ ${#tests[@]} -lt 8 ] || tests=(T1 T2 T10 T14) # the others are tests of their own in the suite

build=${TARN_BUILD:-build/dev}
totals=tests/reliability/totals.tsv
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ "$resume" = yes ] || { cp "$totals" "$work/totals.tsv" 2>/dev/null || true; totals=$work/totals.tsv; }
[ -f "$totals" ] || printf 'test\truns\tcases\tkills\tunknown\tseconds\n' >"$totals"

total() { awk -F '\t' -v test="$1" -v column="$2" '$1 == test { print $column; found = 1 } END { if (!found) print 0 }' "$totals"; }

# add TEST CASES KILLS UNKNOWN SECONDS
add() {
    local rest
    rest=$(awk -F '\t' -v test="$1" 'NR > 1 && $1 != test' "$totals")
    {
        printf 'test\truns\tcases\tkills\tunknown\tseconds\n'
        {
            [ -z "$rest" ] || printf '%s\n' "$rest"
            printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$1" $(($(total "$1" 2) + 1)) $(($(total "$1" 3) + $2)) $(($(total "$1" 4) + $3)) \
                $(($(total "$1" 5) + $4)) $(($(total "$1" 6) + $5))
        } | LC_ALL=C sort -V
    } >"$totals.new"
    mv "$totals.new" "$totals"
}

field() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" "$work/answer"; }

# hammer TEST SEED WORK OPTIONS...: one run of the hammer; its numbers go to the totals
hammer() {
    local test=$1 seed=$2 kind=$3 begun=$SECONDS
    shift 3
    rm -rf "$work/table"
    if ! "$build/tests/hammer" "$kind" "$work/table" --seed "$seed" "$@" >"$work/answer"; then
        echo "$test failed: hammer $kind --seed $seed $*" >&2
        cat "$work/answer" >&2
        exit 1
    fi
    [ "$once" = no ] || cat "$work/answer"
    add "$test" "$(field acknowledged)" "$(field kills)" "$(field unknown)" $((SECONDS - begun))
}

# program TEST NAME...: test programs with all that they have
programs() {
    local test=$1 begun=$SECONDS checks=0 name
    shift
    for name in "$@"; do
        if ! TARN_TEST_LONG=1 "$build/tests/$name" >"$work/answer" 2>&1; then
            echo "$test failed: $name" >&2
            tail -n 20 "$work/answer" >&2
            exit 1
        fi
        checks=$((checks + $(sed -n 's/.*Checks: \([0-9]*\).*/\1/p' "$work/answer" | head -1)))
    done
    add "$test" "$checks" 0 0 $((SECONDS - begun))
}

run() {
    local test=$1 runs seed format
    runs=$(total "$1" 2)
    seed=$((runs + 1))
    format=$([ $((runs % 3)) -eq 2 ] && echo iceberg || echo delta)
    case $test in
    T1) if [ "$once" = yes ]; then hammer T1 "$seed" rows --processes 4 --commits 40; else hammer T1 "$seed" rows --processes $((8 << (runs % 4))) --commits 200 --format "$format"; fi ;;
    T2) if [ "$once" = yes ]; then hammer T2 "$seed" rows --processes 4 --commits 60 --kills 20; else hammer T2 "$seed" rows --processes 16 --commits 200 --kills 300 --format "$format"; fi ;;
    T5) programs T5 test_table_faults test_table_replace ;;
    T6) python3 tests/tools/test_full_disk.py >"$work/answer" 2>&1 || { tail -n 20 "$work/answer" >&2; exit 1; }; add T6 1 0 0 0 ;;
    T7) programs T7 test_table_faults test_table_replace test_import_faults ;;
    T10) if [ "$once" = yes ]; then hammer T10 "$seed" rows --processes 4 --commits 30 --wild-clock; else hammer T10 "$seed" rows --processes 8 --commits 250 --wild-clock; fi ;;
    T14) if [ "$once" = yes ]; then hammer T14 "$seed" lists --processes 3 --commits 15 --kills 4; else hammer T14 "$seed" lists --processes 16 --commits 40 --kills 40; fi ;;
    T18) TARN_TEST_SEED=$((runs * 1000 + 1)) programs T18 test_commit_simulator test_commit_pairs ;;
    esac
}

if [ "$once" = yes ]; then
    for test in "${tests[@]}"; do
        run "$test"
    done
    exit 0
fi
ends=$((SECONDS + budget))
while [ "$SECONDS" -lt "$ends" ]; do
    next=$(for test in "${tests[@]}"; do printf '%s %s\n' "$(total "$test" 6)" "$test"; done | sort -n | sed -n '1s/.* //p')
    before=$(total "$next" 6)
    run "$next"
    # A test that takes less than a second counts as one, or it would be the least run for ever.
    [ "$(total "$next" 6)" -gt "$before" ] || awk -F '\t' -v OFS='\t' -v test="$next" '$1 == test { $6 += 1 } { print }' "$totals" >"$totals.new"
    [ ! -f "$totals.new" ] || mv "$totals.new" "$totals"
done
column -t "$totals"
