#!/usr/bin/env bash
# An optional module exports what its header declares and nothing else, and has its symbols of tarn from libtarn.so alone.
#   check-module.sh LIBRARY SYMBOL...
set -euo pipefail
library=$1
shift
exported=$(nm -D --defined-only "$library" | awk '{print $3}' | sort)
wanted=$(printf '%s\n' "$@" | sort)
if [ "$exported" != "$wanted" ]; then
    printf '%s exports:\n%s\nand is to export:\n%s\n' "$library" "$exported" "$wanted" >&2
    exit 1
fi
undefined=$(nm -D --undefined-only "$library")
if [[ $undefined == *tarn__* ]]; then
    echo "the module uses what is internal to tarn" >&2
    exit 1
fi
needed=$(ldd "$library")
[[ $needed == *libtarn.so* ]] || { echo "$library does not need libtarn.so" >&2; exit 1; }
