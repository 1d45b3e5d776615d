#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the tests of the Python package with one CPython, on the wheel as it is installed, under CPython's checking allocator.
#
#   bindings/python/run_tests.sh 39|311|313 OUT [pytest arguments]     OUT: where build_wheel.sh put the wheel
#
# 77: that CPython's environment is not there (tests/interop/setup.sh python39 python311 python313).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=$1
out=$(cd "$2" && pwd)
shift 2
python=${TARN_PEERS:-$here/../../build/peers}/python$version/bin/python
if [ ! -x "$python" ]; then
    echo "not run: $python is not there (tests/interop/setup.sh python$version)"
    exit 77
fi
site=$out/site-$version
rm -rf "$site"
"$python" -m pip install --quiet --disable-pip-version-check --no-deps --no-index --target "$site" "$out"/*.whl
cd "$out"
PYTHONPATH=$site PYTHONMALLOC=debug exec "$python" -m pytest -q -p no:cacheprovider -W error::ResourceWarning \
    -W error::pytest.PytestUnraisableExceptionWarning -rs --rootdir "$here/tests" "$here/tests" "$@"
