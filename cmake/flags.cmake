# Warnings, sanitizers and hardening: one interface target that every object of the project links.
add_library(tarn_flags INTERFACE)
target_compile_options(tarn_flags INTERFACE
    -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wundef -Wvla -Wwrite-strings
    -fno-strict-aliasing -fno-common)
target_compile_definitions(tarn_flags INTERFACE _GNU_SOURCE)
if(TARN_WERROR)
    target_compile_options(tarn_flags INTERFACE -Werror)
endif()
if(TARN_SANITIZE)
    target_compile_options(tarn_flags INTERFACE -fsanitize=${TARN_SANITIZE} -fno-omit-frame-pointer)
    if(TARN_SANITIZE MATCHES "undefined")
        target_compile_options(tarn_flags INTERFACE -fno-sanitize-recover=undefined)
    endif()
    target_link_options(tarn_flags INTERFACE -fsanitize=${TARN_SANITIZE})
    if(TARN_FUZZ)
        target_compile_options(tarn_flags INTERFACE -fsanitize=fuzzer-no-link) # the library's branches steer libFuzzer, not only the target's
    endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_options(tarn_flags INTERFACE -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
    target_link_options(tarn_flags INTERFACE -Wl,-z,relro,-z,now)
    # At -O3 gcc follows values into inlined calls that set them on success only, and warns; the other presets keep the warning.
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
        target_compile_options(tarn_flags INTERFACE -Wno-maybe-uninitialized -Wno-restrict)
    endif()
endif()
