# Tests of the Python package: the wheel is built and audited once, then tested with each CPython. 77: not run, that CPython is not there.
set(wheel ${CMAKE_BINARY_DIR}/python-wheel)
add_test(NAME python/wheel COMMAND ${CMAKE_SOURCE_DIR}/bindings/python/build_wheel.sh ${wheel})
set_tests_properties(python/wheel PROPERTIES LABELS python TIMEOUT 600 SKIP_RETURN_CODE 77 FIXTURES_SETUP python_wheel)
foreach(version 39 311 313)
    add_test(NAME python/cpython${version} COMMAND ${CMAKE_SOURCE_DIR}/bindings/python/run_tests.sh ${version} ${wheel})
    set_tests_properties(python/cpython${version} PROPERTIES LABELS python TIMEOUT 300 SKIP_RETURN_CODE 77 FIXTURES_REQUIRED python_wheel)
endforeach()

# The same tests on a module with sanitizers; longer than all the others together.
add_test(NAME python/memory COMMAND ${CMAKE_SOURCE_DIR}/bindings/python/check_memory.sh)
set_tests_properties(python/memory PROPERTIES LABELS long TIMEOUT 1800 SKIP_RETURN_CODE 77)
