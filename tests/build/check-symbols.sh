#!/usr/bin/env bash
# Only tarn_ symbols leave libtarn.so, and none of its internals (tarn__).
#   check-symbols.sh LIBTARN
set -euo pipefail
symbols=$(nm -D --defined-only "$1" | awk '{print $3}')
foreign=$(grep -v '^tarn_' <<<"$symbols" || true)
internal=$(grep '^tarn__' <<<"$symbols" || true)
if [ -n "$foreign$internal" ]; then
    echo "symbols that must not leave:" "$foreign" "$internal" >&2
    exit 1
fi
count=$(wc -l <<<"$symbols")
if [ "$count" -lt 50 ]; then
    echo "only $count symbols leave: is visibility broken?" >&2
    exit 1
fi
echo "$count symbols, all tarn_"
