#!/usr/bin/env bash
# What libtarn.so needs is on the list, and no more: no C++ runtime, GLib or curl, directly or through another library.
#   check-ldd.sh LIBTARN
set -euo pipefail
allowed='linux-vdso|ld-linux[-a-z0-9]*|libc|libm|libpthread|libzstd|liblz4|libbrotli(common|dec|enc)|libdeflate|libxxhash|libsodium|libcrypto'
bad=$(ldd "$1" | awk '{print $1}' | sed 's,.*/,,' | grep -Ev "^($allowed)\.so" || true)
if [ -n "$bad" ]; then
    echo "libtarn.so needs what is not on the list: $bad" >&2
    exit 1
fi
ldd "$1" | awk '{print $1}' | sed 's,.*/,,' | sort | tr '\n' ' '
