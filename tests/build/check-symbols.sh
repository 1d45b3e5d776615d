#!/usr/bin/env bash
# Only tarn_ symbols leave libtarn.so, and none of its internals (tarn__).
#   check-symbols.sh LIBTARN SOURCE_DIR
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

# What a public header declares is there: no promise without a function.
missing=0
for name in $(cat "$2"/*/include/tarn/*.h | grep -oE '\btarn_[a-z0-9_]+\(' | tr -d '(' | sort -u); do
    if ! grep -qx "$name" <<<"$symbols" && grep -hE "TARN_(API|CALL)[^;]*\b$name\(" "$2"/*/include/tarn/*.h | grep -qv '^ *\*'; then
        echo "declared, and not in the library: $name" >&2
        missing=1
    fi
done
exit $missing
