#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the wheel of the Python package and holds it against what it promises: one file for all CPythons from 3.9 on (abi3audit), no library
# but the C library's (auditwheel), below 4 MB (half of it libcrypto), one exported symbol.
#
#   bindings/python/build_wheel.sh OUT        needs tests/interop/setup.sh python-build
#
# OUT then holds the wheel, tagged with the oldest glibc that it runs on. 77: the environment is not there.
set -euo pipefail
most_bytes=4000000
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
tools=${TARN_PEERS:-$here/../../build/peers}/python-build/bin
if [ ! -x "$tools/python" ]; then
    echo "not run: $tools is not there (tests/interop/setup.sh python-build)"
    exit 77
fi
export PATH="$tools:$PATH"

rm -rf "${out:?}"/*.whl "$out/built" "$out/module"
"$tools/python" -m build --wheel --no-isolation --outdir "$out/built" "$here" >"$out/build.log" 2>&1 || { tail -n 40 "$out/build.log"; exit 1; }
auditwheel repair --wheel-dir "$out" "$out"/built/*.whl >"$out/audit.log" 2>&1 || { cat "$out/audit.log"; exit 1; }
wheel=$(compgen -G "$out/*.whl")
abi3audit --strict "$wheel"

case $wheel in *-cp39-abi3-manylinux*) ;; *) echo "$wheel is not tagged for every CPython from 3.9 on" && exit 1 ;; esac
size=$(stat -c %s "$wheel")
"$tools/python" -m zipfile -e "$wheel" "$out/module"
echo "$(basename "$wheel"): $size bytes; the module $(stat -c %s "$out"/module/tarn/_tarn.abi3.so)"
[ "$size" -lt "$most_bytes" ] || { echo "over $most_bytes bytes"; exit 1; }
if [ -d "$out/module/tarn.libs" ]; then
    echo "libraries came along that should be inside:" "$out"/module/tarn.libs/*
    exit 1
fi
symbols=$(nm -D --defined-only "$out/module/tarn/_tarn.abi3.so" | awk '{print $3}')
[ "$symbols" = PyInit__tarn ] || { echo "exported: $symbols"; exit 1; }
for file in tarn/__init__.py tarn/__init__.pyi tarn/py.typed; do
    [ -f "$out/module/$file" ] || { echo "$file is missing"; exit 1; }
done
for licence in LICENSE NOTICE libzstd-dev.txt liblz4-dev.txt libdeflate-dev.txt libbrotli-dev.txt; do
    compgen -G "$out/module/*.dist-info/licenses/$licence" >/dev/null || { echo "the licence $licence is missing"; exit 1; }
done
