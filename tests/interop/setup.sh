#!/usr/bin/env bash
# Makes the virtual environments of the foreign engines, versions pinned in versions.env. Safe to run again: what is there stays.
#
#   tests/interop/setup.sh [peers] [duckdb-lake] [spark] [tpch]     (none named: all)
#
# They live in $TARN_PEERS (default: build/peers), one folder each, since they disagree about their dependencies:
#   peers        pyarrow, polars, duckdb, deltalake
#   duckdb-lake  the DuckDB whose delta extension is packaged
#   spark        pyspark, with Delta's jars in spark/jars (needs Java 17 and Maven)
#   tpch         tpchgen-cli, the other generator that bench/gen is checked against
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=${TARN_PEERS:-$here/../../build/peers}
# shellcheck source=tests/interop/versions.env
source "$here/versions.env"
mkdir -p "$root"
root=$(cd "$root" && pwd)

# venv NAME REQUIREMENT...: made once for these exact requirements.
venv() {
    local name=$1
    shift
    local stamp="$root/$name/.requirements"
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$*" ]; then
        return
    fi
    rm -rf "${root:?}/$name"
    python3 -m venv "$root/$name"
    "$root/$name/bin/pip" install --quiet --disable-pip-version-check "$@"
    echo "$*" >"$stamp"
}

spark_jars() {
    local jars="$root/spark/jars"
    if [ -f "$jars/.complete" ]; then
        return
    fi
    mkdir -p "$jars"
    local group artifact version
    IFS=: read -r group artifact version <<<"$DELTA_SPARK"
    cat >"$jars/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>tarn</groupId><artifactId>peers</artifactId><version>1</version>
  <dependencies><dependency><groupId>$group</groupId><artifactId>$artifact</artifactId><version>$version</version></dependency></dependencies>
</project>
POM
    (cd "$jars" && mvn -q -B dependency:copy-dependencies -DoutputDirectory="$jars" -DincludeScope=runtime \
        -DincludeGroupIds=io.delta,io.unitycatalog)
    touch "$jars/.complete"
}

wanted=("$@")
[ ${#wanted[@]} -gt 0 ] || wanted=(peers duckdb-lake spark tpch)
for name in "${wanted[@]}"; do
    case $name in
    peers) venv peers "pyarrow==$PYARROW" "polars==$POLARS" "duckdb==$DUCKDB" "deltalake==$DELTALAKE" "pandas==$PANDAS" "pytz==$PYTZ" ;;
    duckdb-lake) venv duckdb-lake "duckdb==$DUCKDB_LAKE" "duckdb-extension-delta==$DUCKDB_LAKE" "pyarrow==$PYARROW" ;;
    spark)
        venv spark "pyspark==$PYSPARK"
        spark_jars
        ;;
    tpch) venv tpch "tpchgen-cli==$TPCHGEN" ;;
    *)
        echo "setup.sh: unknown environment '$name'" >&2
        exit 2
        ;;
    esac
done
echo "peers are in $root"
