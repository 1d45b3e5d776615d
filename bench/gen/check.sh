#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Is the generated lineitem that of TPC-H, byte for byte? Asks the other generator, tpchgen-cli (tests/interop/setup.sh tpch).
#
#   bench/gen/check.sh GENERATOR [SCALE...]     (default: 0.01)
#
# 77: not run, tpchgen-cli is not there.
set -euo pipefail

generator=$1
shift
[ $# -gt 0 ] || set -- 0.01
other=${TARN_PEERS:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/peers}/tpch/bin/tpchgen-cli
if [ ! -x "$other" ]; then
    echo "not run: $other is not there"
    exit 77
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for scale in "$@"; do
    "$other" csv -s "$scale" --tables=lineitem --no-progress --stdout >"$work/theirs"
    "$generator" lineitem --scale "$scale" --format csv --out "$work/ours"
    if ! cmp -s "$work/ours" "$work/theirs"; then
        echo "scale $scale differs; the first differing lines, theirs and ours:" >&2
        diff <(head -n 100000 "$work/theirs") <(head -n 100000 "$work/ours") | head -n 6 >&2 || true
        cmp "$work/ours" "$work/theirs" >&2 || true
        exit 1
    fi
    echo "scale $scale: $(wc -l <"$work/ours") lines, $(wc -c <"$work/ours") bytes, identical"
done
