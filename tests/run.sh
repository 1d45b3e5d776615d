#!/usr/bin/env bash
# The test command: installs what the tests need (as root), builds, runs every test, the foreign engines included.
#
#   tests/run.sh            everything
#   tests/run.sh quick      without the long and the foreign-engine tests
#
# $TARN_CORPUS names the conformance corpus; without it those tests say "not run". $TARN_PEERS is where the engines are kept.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ "${1:-}" = quick ]; then
    tools/setup.sh test
else
    tools/setup.sh interop
fi
if [ -z "${TARN_COMPILER_LAUNCHER:-}" ] && command -v ccache >/dev/null; then
    export TARN_COMPILER_LAUNCHER=ccache
fi
cmake --preset dev >/dev/null
cmake --build --preset dev
if [ "${1:-}" = quick ]; then
    exec ctest --preset dev -L quick -j "$(nproc)" --no-tests=error
fi
ctest --preset dev -LE 'interop|python|long|campaign' -j "$(nproc)" --no-tests=error
tests/interop/setup.sh
TARN_PEERS=${TARN_PEERS:-$PWD/build/peers} ctest --preset dev -L 'interop|python' --no-tests=error
