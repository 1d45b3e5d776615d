#!/usr/bin/env bash
# The installed package works for a stranger: the examples are built against it through find_package and through pkg-config, and run.
#   check-install.sh BUILD_DIR SOURCE_DIR
set -euo pipefail
build=$1
source_dir=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/prefix" >/dev/null
data=$source_dir/tests/data/birdstrikes.csv
libraries=$(dirname "$(find "$work/prefix" -name libtarn.so | head -n 1)")
export LD_LIBRARY_PATH=$libraries

expect() {
    local got
    got=$("$@" "$data")
    if [ "$got" != 10000 ]; then
        echo "$1 says $got rows, not 10000" >&2
        exit 1
    fi
}

cmake -G Ninja -S "$source_dir/examples" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$work/prefix" >/dev/null
cmake --build "$work/cmake" >/dev/null
expect "$work/cmake/embed"
expect "$work/cmake/embed_cpp"

export PKG_CONFIG_PATH=$libraries/pkgconfig
read -ra flags < <(pkg-config --cflags --libs tarn)
gcc -std=c11 -Wall -Wextra -Werror "$source_dir/examples/embed.c" -o "$work/embed" "${flags[@]}"
expect "$work/embed"
if [ -e "$libraries/libtarn-sqlcatalog.so" ]; then
    read -ra flags < <(pkg-config --cflags --libs tarn-sqlcatalog)
    gcc -std=c11 -Wall -Wextra -Werror "$source_dir/examples/list_lake.c" -o "$work/list_lake" "${flags[@]}"
    for program in "$work/list_lake" "$work/cmake/list_lake"; do
        answer=$("$program" "sqlite:$work/missing.db" 2>&1 || true)
        if [[ $answer != INVALID.catalog_uri:* ]]; then
            echo "$program says: $answer" >&2
            exit 1
        fi
    done
fi
if [ "$(wc -l <"$source_dir/examples/embed.c")" -ge 40 ]; then
    echo "embed.c is to stay under 40 lines" >&2
    exit 1
fi
echo "installed, found both ways, run"
