#!/usr/bin/env bash
# Makes the virtual environments of the foreign engines, versions pinned in versions.env. Safe to run again: what is there stays.
#
#   tests/interop/setup.sh [peers] [duckdb-lake] [pyiceberg] [spark] [tpch] [python39] [serve] ...     (none named: all)
#
# They live in $TARN_PEERS (default: build/peers), one folder each, since they disagree about their dependencies:
#   peers        pyarrow, polars, duckdb, deltalake
#   duckdb-lake  the DuckDB whose delta and iceberg extensions are packaged
#   pyiceberg    pyiceberg with its SQL catalog, fastavro
#   spark        pyspark, with Delta's jars in spark/jars, Iceberg's and SQLite's in spark/iceberg-jars (needs Java 17 and Maven)
#   tpch         tpchgen-cli, the other generator that bench/gen is checked against
#   python39, python311, python313   what the Python package is tested with, a CPython each; passed over where that CPython is not there
#   python-build what makes and audits its wheel
#   serve        clients of `tarn serve`: httpx, and schemathesis, which asks what its OpenAPI description promises
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
    "${interpreter:-python3}" -m venv "$root/$name"
    "$root/$name/bin/pip" install --quiet --disable-pip-version-check "$@"
    echo "$*" >"$stamp"
}

# venv_for MINOR NAME REQUIREMENT...: with CPython 3.MINOR.
venv_for() {
    local minor=$1 interpreter
    shift
    interpreter=$(command -v "python3.$minor" || true)
    if [ -z "$interpreter" ] || ! "$interpreter" -c '' 2>/dev/null; then
        interpreter=$(compgen -G "$(pyenv root 2>/dev/null || echo /nowhere)/versions/3.$minor.*/bin/python3" | head -n 1 || true)
    fi
    if [ -z "$interpreter" ]; then
        echo "CPython 3.$minor is not here: no $1"
        return
    fi
    venv "$@"
}

# spark_jars FOLDER GROUPS ARTIFACT...: jars of these artifacts and of what they need from GROUPS; pyspark has the rest.
spark_jars() {
    local jars="$root/spark/$1" groups=$2
    shift 2
    if [ -f "$jars/.complete" ] && [ "$(cat "$jars/.complete")" = "$*" ]; then
        return
    fi
    rm -rf "${jars:?}"
    mkdir -p "$jars"
    local one group artifact version dependencies=
    for one in "$@"; do
        IFS=: read -r group artifact version <<<"$one"
        dependencies+="<dependency><groupId>$group</groupId><artifactId>$artifact</artifactId><version>$version</version></dependency>"
    done
    cat >"$jars/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>tarn</groupId><artifactId>peers</artifactId><version>1</version>
  <dependencies>$dependencies</dependencies>
</project>
POM
    (cd "$jars" && mvn -q -B dependency:copy-dependencies -DoutputDirectory="$jars" -DincludeScope=runtime -DincludeGroupIds="$groups")
    echo "$*" >"$jars/.complete"
}

wanted=("$@")
[ ${#wanted[@]} -gt 0 ] || wanted=(peers duckdb-lake pyiceberg spark tpch python39 python311 python313 python-build serve)
for name in "${wanted[@]}"; do
    case $name in
    peers) venv peers "pyarrow==$PYARROW" "polars==$POLARS" "duckdb==$DUCKDB" "deltalake==$DELTALAKE" "pandas==$PANDAS" "pytz==$PYTZ" ;;
    duckdb-lake) venv duckdb-lake "duckdb==$DUCKDB_LAKE" "duckdb-extension-delta==$DUCKDB_LAKE" "duckdb-extension-iceberg==$DUCKDB_LAKE" \
        "duckdb-extension-avro==$DUCKDB_LAKE" "pyarrow==$PYARROW" ;;
    pyiceberg) venv pyiceberg "pyiceberg[sql-sqlite,pyiceberg-core]==$PYICEBERG" "pyarrow==$PYARROW" "polars==$POLARS" "fastavro==$FASTAVRO" ;;
    spark)
        venv spark "pyspark==$PYSPARK"
        spark_jars jars io.delta,io.unitycatalog "$DELTA_SPARK"
        spark_jars iceberg-jars org.apache.iceberg,org.xerial "$ICEBERG_SPARK" "$SQLITE_JDBC"
        ;;
    tpch) venv tpch "tpchgen-cli==$TPCHGEN" ;;
    python39) venv_for 9 python39 "${PYTHON39[@]}" ;;
    python311) venv_for 11 python311 "${PYTHON311[@]}" ;;
    python313) venv_for 13 python313 "${PYTHON313[@]}" ;;
    python-build) venv_for 11 python-build "${PYTHON_BUILD[@]}" ;;
    serve) venv serve "httpx==$HTTPX" "schemathesis==$SCHEMATHESIS" ;;
    *)
        echo "setup.sh: unknown environment '$name'" >&2
        exit 2
        ;;
    esac
done
echo "peers are in $root"
