# The libraries that tarn uses, by layer of need: libtarn's own, then those of the tool and the tests.
# Static initialisers, GLib and C++ stay out of libtarn; tests/build/check-ldd.sh holds libtarn.so against this list.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(LZ4 REQUIRED IMPORTED_TARGET liblz4)
set(TARN_LIBRARIES PkgConfig::ZSTD PkgConfig::LZ4 Threads::Threads)
set(TARN_PC_REQUIRES "libzstd, liblz4")
set(TARN_DEFINITIONS "")
if(TARN_MINIMAL)
    list(APPEND TARN_DEFINITIONS TARN_MINIMAL=1)
else()
    pkg_check_modules(DEFLATE REQUIRED IMPORTED_TARGET libdeflate)
    list(APPEND TARN_LIBRARIES PkgConfig::DEFLATE)
    string(APPEND TARN_PC_REQUIRES ", libdeflate")
endif()

# Optional modules: each is left out, and says so, where its library is missing.
set(TARN_HAS_SQLCATALOG OFF)
if(TARN_SQLCATALOG AND NOT TARN_MINIMAL)
    pkg_check_modules(SQLITE3 IMPORTED_TARGET sqlite3)
    if(SQLITE3_FOUND)
        set(TARN_HAS_SQLCATALOG ON)
    else()
        message(STATUS "tarn-sqlcatalog is left out: sqlite3 is missing (Debian: libsqlite3-dev)")
    endif()
endif()
