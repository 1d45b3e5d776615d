#!/usr/bin/env bash
# Makes sure that the Debian packages for a purpose are installed.
#
#   tools/setup.sh build      what building and using tarn needs
#   tools/setup.sh test       build, and what the tests need
#   tools/setup.sh interop    test, and what the foreign engines need (Java and Maven, for Spark)
#   tools/setup.sh develop    interop, and what .ci/run needs beside (clang, analysers)
#
# As root it installs what is missing. Otherwise it prints the line to run, changes nothing and exits 1.
set -euo pipefail

build=(gcc libc6-dev cmake ninja-build pkg-config libzstd-dev liblz4-dev libdeflate-dev libbrotli-dev libxxhash-dev libedit-dev libutf8proc-dev
    libmicrohttpd-dev libsodium-dev libssl-dev libsqlite3-dev)
tests=(g++ check libthrift-c-glib-dev libglib2.0-dev libsnappy-dev python3 python3-venv git jq util-linux)
interop=(ca-certificates openjdk-17-jre-headless maven python3-dev)
develop=(clang-14 clang-format-14 clang-tidy-14 libclang-rt-14-dev llvm-14 ccache shellcheck valgrind)

case ${1:-} in
build) wanted=("${build[@]}") ;;
test) wanted=("${build[@]}" "${tests[@]}") ;;
interop) wanted=("${build[@]}" "${tests[@]}" "${interop[@]}") ;;
develop) wanted=("${build[@]}" "${tests[@]}" "${interop[@]}" "${develop[@]}") ;;
*)
    sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac

missing=()
for package in "${wanted[@]}"; do
    if ! dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed'; then
        missing+=("$package")
    fi
done
# A tool that came another way than as a package is as good.
have() {
    command -v "$1" >/dev/null 2>&1
}
kept=()
for package in "${missing[@]}"; do
    case $package in
    gcc | cmake | git | python3) have "$package" && continue ;;
    g++) have g++ && continue ;;
    maven) have mvn && continue ;;
    openjdk-17-jre-headless) have java && continue ;;
    python3-dev) have python3 && python3 -c 'import os, sysconfig; os.stat(sysconfig.get_path("include") + "/Python.h")' 2>/dev/null && continue ;;
    python3-venv) have python3 && python3 -c 'import venv, ensurepip' 2>/dev/null && continue ;;
    esac
    kept+=("$package")
done
[ ${#kept[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "These packages are missing. Run this, then this script again:" >&2
    echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${kept[*]}" >&2
    exit 1
fi
echo "installing ${kept[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -q >/dev/null
apt-get install -y -q --no-install-recommends "${kept[@]}" >/dev/null
