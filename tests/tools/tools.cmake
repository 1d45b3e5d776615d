# Tests of the command line, in Python without packages.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
function(tool_test name)
    add_test(NAME tools/${name} COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tests/tools/test_${name}.py)
    set_tests_properties(tools/${name} PROPERTIES LABELS quick TIMEOUT 300 ENVIRONMENT "TARN=$<TARGET_FILE:tarn>")
endfunction()
