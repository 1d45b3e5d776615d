# Tests that run foreign engines: each is a Python script, run with the environment `peers`, or the one named behind it. 77: not run.
find_package(Python3 COMPONENTS Interpreter)
if(DEFINED ENV{TARN_PEERS})
    set(peers $ENV{TARN_PEERS})
else()
    set(peers ${CMAKE_SOURCE_DIR}/build/peers)
endif()

function(interop_test name)
    set(environment ${ARGV1})
    if(NOT environment)
        set(environment peers)
    endif()
    set(python "\"\${TARN_PEERS:-${peers}}/${environment}/bin/python\"")
    add_test(NAME interop/${name} COMMAND sh -c "test -x ${python} || exit 77; exec ${python} ${CMAKE_SOURCE_DIR}/tests/interop/test_${name}.py")
    set_tests_properties(interop/${name} PROPERTIES LABELS interop TIMEOUT 600 SKIP_RETURN_CODE 77
        ENVIRONMENT "TARN=$<TARGET_FILE:tarn>;TARN_BINARY_DIR=${CMAKE_BINARY_DIR}")
endfunction()

# Parquet files of every type and shape, read by pyarrow, DuckDB and Polars.
set(samples ${CMAKE_BINARY_DIR}/tests/parquet_samples)
add_test(NAME interop/parquet_written COMMAND sh -c "rm -rf ${samples} && $<TARGET_FILE:write_samples> ${samples} && exec \"\${TARN_PEERS:-${peers}}/peers/bin/python\" ${CMAKE_SOURCE_DIR}/tests/interop/check_parquet_written.py ${samples}")
set_tests_properties(interop/parquet_written PROPERTIES LABELS interop TIMEOUT 600 SKIP_RETURN_CODE 77)

# Random Parquet files of three writers, read by tarn and by three readers: a short fixed run, and a campaign.
foreach(run parquet_random:interop:60 parquet_random_campaign:campaign:500)
    string(REPLACE ":" ";" run ${run})
    list(GET run 0 name)
    list(GET run 1 label)
    list(GET run 2 count)
    add_test(NAME interop/${name} COMMAND sh -c "test -x \"\${TARN_PEERS:-${peers}}/peers/bin/python\" || exit 77; exec \"\${TARN_PEERS:-${peers}}/peers/bin/python\" ${CMAKE_SOURCE_DIR}/tests/interop/random_parquet.py --seed 3 --count ${count} --list")
    set_tests_properties(interop/${name} PROPERTIES LABELS ${label} TIMEOUT 3600 SKIP_RETURN_CODE 77 ENVIRONMENT "TARN=$<TARGET_FILE:tarn>")
endforeach()

# Delta tables of every type and shape, read by deltalake, Polars and DuckDB's delta extension.
set(tables ${CMAKE_BINARY_DIR}/tests/delta_tables)
foreach(pair peers:deltalake peers:polars duckdb-lake:duckdb)
    string(REPLACE ":" ";" pair ${pair})
    list(GET pair 0 environment)
    list(GET pair 1 engine)
    add_test(NAME interop/delta_written_${engine} COMMAND sh -c "rm -rf ${tables}_${engine} && $<TARGET_FILE:write_tables> ${tables}_${engine} && exec \"\${TARN_PEERS:-${peers}}/${environment}/bin/python\" ${CMAKE_SOURCE_DIR}/tests/interop/check_delta_written.py ${tables}_${engine} ${engine}")
    set_tests_properties(interop/delta_written_${engine} PROPERTIES LABELS interop TIMEOUT 600 SKIP_RETURN_CODE 77)
endforeach()

# Random histories of Delta logs, replayed by a few lines of Python beside tarn: a short fixed run, and a campaign.
foreach(run delta_histories:interop:60 delta_histories_campaign:campaign:1000)
    string(REPLACE ":" ";" run ${run})
    list(GET run 0 name)
    list(GET run 1 label)
    list(GET run 2 count)
    add_test(NAME interop/${name} COMMAND sh -c "test -x \"\${TARN_PEERS:-${peers}}/peers/bin/python\" || exit 77; exec \"\${TARN_PEERS:-${peers}}/peers/bin/python\" ${CMAKE_SOURCE_DIR}/tests/interop/test_delta_histories.py $<TARGET_FILE:print_delta_files> --seed 1 --count ${count}")
    set_tests_properties(interop/${name} PROPERTIES LABELS ${label} TIMEOUT 3600 SKIP_RETURN_CODE 77)
endforeach()

# SQL: every statement of flights.sql over tarn's table and over the CSV in DuckDB.
add_test(NAME interop/sql_duckdb COMMAND sh -c "test -n \"\$TARN_CORPUS\" || exit 77; exec \"\${TARN_PEERS:-${peers}}/peers/bin/python\" ${CMAKE_SOURCE_DIR}/tests/interop/check_sql_duckdb.py $<TARGET_FILE:tarn> \"\$TARN_CORPUS/real/nycflights13-flights.csv.gz\"")
set_tests_properties(interop/sql_duckdb PROPERTIES LABELS interop TIMEOUT 600 SKIP_RETURN_CODE 77)

# SQL of random statements: a short fixed run, and a campaign.
foreach(run sql_random:interop:150:20 sql_random_campaign:campaign:5000:200)
    string(REPLACE ":" ";" run ${run})
    list(GET run 0 name)
    list(GET run 1 label)
    list(GET run 2 count)
    list(GET run 3 dml)
    add_test(NAME interop/${name} COMMAND sh -c "exec \"\${TARN_PEERS:-${peers}}/peers/bin/python\" ${CMAKE_SOURCE_DIR}/tests/interop/random_sql.py --seed 5 --count ${count} --dml ${dml}")
    set_tests_properties(interop/${name} PROPERTIES LABELS ${label} TIMEOUT 3600 SKIP_RETURN_CODE 77 ENVIRONMENT "TARN=$<TARGET_FILE:tarn>")
endforeach()

# Iceberg manifests and manifest lists, both ways, beside fastavro and PyIceberg.
add_test(NAME interop/iceberg_manifests COMMAND sh -c "test -x \"\${TARN_PEERS:-${peers}}/pyiceberg/bin/python\" || exit 77; exec \"\${TARN_PEERS:-${peers}}/pyiceberg/bin/python\" ${CMAKE_SOURCE_DIR}/tests/interop/test_iceberg_manifests.py $<TARGET_FILE:dump_manifest> $<TARGET_FILE:write_manifests> ${CMAKE_BINARY_DIR}/tests/manifests")
set_tests_properties(interop/iceberg_manifests PROPERTIES LABELS interop TIMEOUT 600 SKIP_RETURN_CODE 77)

# Entries of SQL catalogs, by PyIceberg and by tarn-sqlcatalog.
if(TARN_HAS_SQLCATALOG)
    add_test(NAME interop/sql_catalog_entries COMMAND sh -c "test -x \"\${TARN_PEERS:-${peers}}/pyiceberg/bin/python\" || exit 77; exec \"\${TARN_PEERS:-${peers}}/pyiceberg/bin/python\" ${CMAKE_SOURCE_DIR}/tests/interop/test_sql_catalog_entries.py $<TARGET_FILE:tarn_shared> $<TARGET_FILE:tarn_sqlcatalog_shared>")
    set_tests_properties(interop/sql_catalog_entries PROPERTIES LABELS interop TIMEOUT 300 SKIP_RETURN_CODE 77)
endif()

# Partition transforms, single values and folder names of random values, beside PyIceberg's.
add_test(NAME interop/iceberg_transforms COMMAND sh -c "test -x \"\${TARN_PEERS:-${peers}}/pyiceberg/bin/python\" || exit 77; $<TARGET_FILE:print_transforms> 7 400 | \"\${TARN_PEERS:-${peers}}/pyiceberg/bin/python\" ${CMAKE_SOURCE_DIR}/tests/interop/check_transforms.py")
set_tests_properties(interop/iceberg_transforms PROPERTIES LABELS interop TIMEOUT 600 SKIP_RETURN_CODE 77)

# Iceberg tables partitioned by every transform: rows and files of random predicates, beside PyIceberg.
add_test(NAME interop/iceberg_pruning COMMAND sh -c "test -x \"\${TARN_PEERS:-${peers}}/pyiceberg/bin/python\" || exit 77; exec \"\${TARN_PEERS:-${peers}}/pyiceberg/bin/python\" ${CMAKE_SOURCE_DIR}/tests/interop/test_iceberg_pruning.py")
set_tests_properties(interop/iceberg_pruning PROPERTIES LABELS interop TIMEOUT 600 SKIP_RETURN_CODE 77 ENVIRONMENT "TARN=$<TARGET_FILE:tarn>")

# Files of tarn, filtered by pyarrow, DuckDB and Polars as the rows in memory are.
interop_test(parquet_pruning)
# Every type x encoding x nulls x nesting, by codec, page version and index: a choice of files, and all of them.
interop_test(parquet_matrix)
add_test(NAME interop/parquet_matrix_campaign COMMAND sh -c "test -x \"\${TARN_PEERS:-${peers}}/peers/bin/python\" || exit 77; exec \"\${TARN_PEERS:-${peers}}/peers/bin/python\" ${CMAKE_SOURCE_DIR}/tests/interop/test_parquet_matrix.py --all")
set_tests_properties(interop/parquet_matrix_campaign PROPERTIES LABELS campaign TIMEOUT 3600 SKIP_RETURN_CODE 77 ENVIRONMENT "TARN=$<TARGET_FILE:tarn>")
# Files made of the pages of foreign files.
interop_test(files_of_files)

# Change feeds, both ways, beside deltalake and Spark.
interop_test(delta_changes)

# Tables whose columns, properties and expressions tarn and Spark change in turn.
interop_test(delta_altered spark)
# Ids of rows, kept by both sides.
interop_test(delta_row_ids)

# Tables of which nothing but the checkpoint of tarn is left, read by foreign engines.
interop_test(delta_checkpoint)

# Tables after optimize, vacuum, restore, clone and adopt, read by deltalake, DuckDB and Spark, which then writes on.
interop_test(maintained)
