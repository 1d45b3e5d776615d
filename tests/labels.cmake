# Labels of test executables other than quick.
set_tests_properties(format/test_store_races PROPERTIES LABELS "quick;concurrent")
set_tests_properties(txlog/test_delta_corpus PROPERTIES LABELS full)
set_tests_properties(txlog/test_iceberg_corpus PROPERTIES LABELS full)
set_tests_properties(reader/test_parquet_corpus PROPERTIES LABELS full)
set_tests_properties(txlog/test_table_concurrent PROPERTIES LABELS "quick;concurrent")
set_tests_properties(txlog/test_delta_million PROPERTIES LABELS full)
