# Labels of test executables other than quick.
set_tests_properties(format/test_store_races PROPERTIES LABELS "quick;concurrent")
