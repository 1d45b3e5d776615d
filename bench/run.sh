#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs tarn and its peers side by side on the same files and reports ratios with their spread. See bench/README.md.
#
#   bench/run.sh --suite NAME [--peers duckdb,polars] [--runs N] [--out DIR] [--threads N] [--set scale=1] [--data DIR]
#
# Builds what it needs in build/release; --build DIR takes what is built there. Peers are in $TARN_PEERS (tests/interop/setup.sh peers).
# Exit code: 0 done; 1 an engine failed or the answers differ; 77 tarn or every peer is absent, nothing compared.
set -euo pipefail
bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

for word in "$@"; do
    if [ "$word" = --build ]; then
        exec python3 "$bench/harness/measure_suite.py" "$@"
    fi
done

cd "$bench/.."
if [ -z "${TARN_PEERS:-}" ] && [ ! -d build/peers ]; then
    echo "bench: no peers in build/peers; tests/interop/setup.sh peers makes them" >&2
fi
mkdir -p build
if ! { cmake --preset release && cmake --build build/release --target bench tarn; } >build/bench-build.log 2>&1; then
    tail -n 20 build/bench-build.log >&2
    exit 1
fi
case " $* " in
*borders_handover*) TARN_COMPILER_LAUNCHER=${TARN_COMPILER_LAUNCHER:-} bindings/python/build_wheel.sh build/release/python-wheel >>build/bench-build.log 2>&1 || true ;; # absent: the suite says so
esac
cd - >/dev/null
exec python3 "$bench/harness/measure_suite.py" --build "$bench/../build/release" "$@"
