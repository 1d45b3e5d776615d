#!/usr/bin/env bash
# From a fresh clone to a lake: installs packages (as root), builds, and does tarn's main job once, on a real CSV file: a durable table, SQL,
# an update, a delete, time travel, restore. Says what it does as it goes.
#
#   tools/quickstart.sh               everything
#   tools/quickstart.sh --transcript  only the tour, with the tarn that is on PATH or was built: what README shows
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD

# What the reader would type, then what it prints.
run() {
    printf '\n$ %s\n' "$1"
    eval "$1"
}

tour() {
    local work
    work=$(mktemp -d)
    trap 'rm -rf "${work:-}"' RETURN
    cp tests/data/birdstrikes.csv "$work"
    cd "$work"
    run "tarn import birdstrikes.csv lake/birdstrikes"
    run "tarn query --lake lake 'SELECT \"Wildlife Size\" AS size, count(*) AS strikes, sum(\"Cost Total \$\") AS cost FROM birdstrikes GROUP BY size ORDER BY strikes DESC'"
    run "tarn query --lake lake \"UPDATE birdstrikes SET \\\"Origin State\\\" = 'District of Columbia' WHERE \\\"Origin State\\\" = 'DC'\""
    run "tarn query --lake lake \"DELETE FROM birdstrikes WHERE \\\"Aircraft Airline Operator\\\" = 'MILITARY'\""
    run "tarn count lake/birdstrikes"
    run "tarn log lake/birdstrikes"
    run "tarn count lake/birdstrikes@v0"
    run "tarn restore lake/birdstrikes 0"
    run "tarn count lake/birdstrikes"
    cd "$root"
}

if [ "${1:-}" = --transcript ]; then
    PATH="${TARN:+$(dirname "$TARN"):}$root/build/release/tools:$PATH"
    tour
    exit 0
fi

tools/setup.sh build
echo "building (the log is in build/quickstart.log)"
mkdir -p build
{ cmake --preset release -DTARN_TESTS=OFF -DTARN_BENCH=OFF && cmake --build --preset release; } >build/quickstart.log 2>&1 || {
    tail -n 30 build/quickstart.log >&2
    exit 1
}
export PATH="$root/build/release/tools:$PATH"
tarn --version
tour
printf '\nThat is a Delta table: DuckDB, Spark, Polars and deltalake open the same folder. To go on:\n'
printf "export PATH='%s':\"\$PATH\"\n" "$root/build/release/tools"
