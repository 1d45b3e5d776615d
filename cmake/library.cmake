# libtarn.so of all layers, and the installed package: find_package(tarn) and pkg-config.
get_property(TARN_LAYERS GLOBAL PROPERTY TARN_LAYERS)
get_property(TARN_OBJECTS GLOBAL PROPERTY TARN_OBJECTS)

add_library(tarn_shared SHARED)
foreach(objects IN LISTS TARN_OBJECTS)
    target_sources(tarn_shared PRIVATE $<TARGET_OBJECTS:${objects}>)
endforeach()
set_target_properties(tarn_shared PROPERTIES OUTPUT_NAME tarn VERSION ${PROJECT_VERSION} SOVERSION 0 LINKER_LANGUAGE C EXPORT_NAME tarn)
target_link_libraries(tarn_shared PRIVATE tarn_flags ${TARN_LIBRARIES} m)
target_link_options(tarn_shared PRIVATE -Wl,--no-undefined -Wl,--as-needed)
foreach(layer IN ITEMS format reader writer txlog query) # all: a header may name one whose layer has no code yet
    target_include_directories(tarn_shared INTERFACE $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/${layer}/include>)
endforeach()
target_include_directories(tarn_shared INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
add_library(tarn::tarn ALIAS tarn_shared)

foreach(layer IN LISTS TARN_LAYERS)
    install(TARGETS tarn_${layer} EXPORT tarn ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} FILE_SET HEADERS)
endforeach()
install(TARGETS tarn_shared EXPORT tarn LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT tarn NAMESPACE tarn:: FILE tarn-targets.cmake DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/tarn)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/tarn-config.cmake.in ${CMAKE_BINARY_DIR}/tarn-config.cmake
    INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/tarn)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/tarn-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/tarn-config.cmake ${CMAKE_BINARY_DIR}/tarn-config-version.cmake
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/tarn)
# Relative to the .pc file itself, so that the installed tree can be moved.
file(RELATIVE_PATH TARN_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${CMAKE_CURRENT_LIST_DIR}/tarn.pc.in ${CMAKE_BINARY_DIR}/tarn.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/tarn.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
