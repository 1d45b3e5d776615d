#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the tests of the Python package on a module built with the address and undefined-behaviour sanitizers, with CPython's own allocator
# out of the way. Fails on any report, and on memory that the module or tarn took and never gave back; what CPython and other libraries
# leave behind when they end is theirs.
#
#   bindings/python/check_memory.sh [pytest arguments]        needs tests/interop/setup.sh python311; 77: not there
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$here/../..
python=${TARN_PEERS:-$root/build/peers}/python311/bin/python
build=$root/build/python-asan
if [ ! -x "$python" ]; then
    echo "not run: $python is not there (tests/interop/setup.sh python311)"
    exit 77
fi
{
    cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug "-DCMAKE_C_FLAGS_DEBUG=-O1 -g" -DTARN_SANITIZE=address,undefined \
        -DTARN_PYTHON=ON -DTARN_STATIC_LIBRARIES=ON -DTARN_TESTS=OFF -DTARN_TOOLS=OFF -DTARN_BENCH=OFF -DPython_EXECUTABLE="$python" \
        -DCMAKE_C_COMPILER_LAUNCHER="${TARN_COMPILER_LAUNCHER:-}" && cmake --build "$build" --target _tarn
} >"$build.log" 2>&1 || { tail -n 30 "$build.log"; exit 1; }

site=$build/site
logs=$build/reports
rm -rf "$site" "$logs"
mkdir -p "$site"
cp -r "$here/tarn" "$site/"
cp "$build"/bindings/python/_tarn.abi3.so "$site/tarn/"

# checked FOLDER ARGUMENT...: Python with the sanitizers, whose reports go to FOLDER.
checked() {
    local reports=$1
    shift
    mkdir -p "$reports"
    LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)" PYTHONPATH=$site PYTHONMALLOC=malloc \
        ASAN_OPTIONS="log_path=$reports/asan:detect_leaks=1:allocator_may_return_null=1:detect_odr_violation=0" \
        LSAN_OPTIONS="exitcode=0" UBSAN_OPTIONS="print_stacktrace=1:log_path=$reports/ubsan" "$python" "$@"
}

# ours FOLDER: what reports there are of the module and of tarn; fails when there is one.
ours() {
    "$python" - "$1" <<'PY'
import pathlib
import re
import sys

OURS = re.compile(r"_tarn\.abi3\.so|/(bindings|format|reader|writer|txlog|query)/")
bad, leaks = [], 0
for log in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    text = log.read_text(errors="replace")
    if "ERROR: AddressSanitizer" in text or "runtime error" in text:
        bad.append(text[:8000])
    for record in re.findall(r"(?:Direct|Indirect) leak of .*?(?=\n\n|\Z)", text, re.DOTALL):
        leaks += 1
        frames = [line for line in record.splitlines()[1:] if "asan" not in line and "interceptor" not in line]
        if frames and OURS.search(frames[0]):  # who asked for the memory
            bad.append(record)
print(f"{leaks} blocks were left at the end of processes, {len(bad)} reports are ours")
print("\n\n".join(bad))
sys.exit(bool(bad))
PY
}

# First it must see a leak that is made on purpose, so that reports that nobody finds cannot pass for none.
checked "$logs/leaking" -c 'import ctypes, tarn; ctypes.pythonapi.Py_IncRef(ctypes.py_object(tarn.sql("SELECT 1").__arrow_c_stream__()))'
if ours "$logs/leaking" >/dev/null; then
    echo "a leak made on purpose was not seen"
    exit 1
fi

failed=0
checked "$logs/tests" -m pytest -q -p no:cacheprovider --rootdir "$here/tests" "$here/tests" --ignore "$here/tests/test_types.py" "$@" || failed=1
ours "$logs/tests" || failed=1
exit "$failed"
