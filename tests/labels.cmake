# Labels of test executables other than quick.
set_tests_properties(format/test_store_races PROPERTIES LABELS "quick;concurrent")
set_tests_properties(txlog/test_delta_corpus PROPERTIES LABELS full)
set_tests_properties(txlog/test_iceberg_corpus PROPERTIES LABELS full)
set_tests_properties(reader/test_hostile_parquet PROPERTIES LABELS full)
set_tests_properties(reader/test_bloom_corpus PROPERTIES LABELS full)
set_tests_properties(conformance/test_large_strings PROPERTIES LABELS long)
set_tests_properties(conformance/test_parquet_conformance PROPERTIES LABELS full FIXTURES_SETUP conformance_results)
set_tests_properties(reader/test_large_pages PROPERTIES LABELS long RUN_SERIAL ON) # 5 GB of memory
set_tests_properties(txlog/test_table_concurrent PROPERTIES LABELS "quick;concurrent")
set_tests_properties(txlog/test_delta_million PROPERTIES LABELS full)
if(TARN_HAS_SQLCATALOG)
    set_tests_properties(sqlcatalog/test_sql_catalog_races PROPERTIES LABELS "quick;concurrent")
endif()
