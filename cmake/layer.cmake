# tarn_layer(<name> SEES <folder>... DEPENDS <layer>... [SOURCES <file>...] [EXTRA_OBJECTS <target>...])
#
# One layer of the library: every .c below the calling folder, compiled against an include root of its own that holds links to
# exactly the folders the layer may use. `#include "writer/..."` in reader is then a missing file, whoever wrote it.
#   SEES     internal folders, relative to the source tree, beside the layer's own
#   DEPENDS  layers below: their public headers (<tarn/...>) and, at link time, their archives
# Makes tarn_<name>_objects, the archive tarn_<name> (alias tarn::<name>) and, with tests, closure_<name>.

# tarn_include_root(<variable> <key> <folder>...): the include root that shows exactly these folders of the source tree.
function(tarn_include_root variable key)
    set(root ${CMAKE_BINARY_DIR}/include-roots/${key})
    file(REMOVE_RECURSE ${root})
    foreach(folder IN LISTS ARGN)
        cmake_path(GET folder PARENT_PATH parent)
        file(MAKE_DIRECTORY ${root}/${parent})
        file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${folder} ${root}/${folder} SYMBOLIC)
    endforeach()
    set(${variable} ${root} PARENT_SCOPE)
endfunction()

# tarn_layer_part(<layer> <part> SEES <folder>... DEPENDS <layer>...): the folder <layer>/<part> as objects of its own, with an include
# root of its own: parts of one layer that must not see each other. Makes tarn_<layer>_<part>_objects, for EXTRA_OBJECTS.
function(tarn_layer_part layer part)
    cmake_parse_arguments(PARSE_ARGV 2 part "" "" "SEES;DEPENDS" )
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${part}/*.c)
    tarn_include_root(root ${layer}_${part} ${part_SEES})
    set(objects tarn_${layer}_${part}_objects)
    add_library(${objects} OBJECT ${sources})
    target_include_directories(${objects} PRIVATE ${root} ${CMAKE_CURRENT_SOURCE_DIR}/include)
    foreach(below IN LISTS part_DEPENDS)
        target_include_directories(${objects} PRIVATE ${CMAKE_SOURCE_DIR}/${below}/include)
    endforeach()
    target_link_libraries(${objects} PRIVATE tarn_flags ${TARN_LIBRARIES})
    target_compile_definitions(${objects} PRIVATE TARN_BUILDING=1 ${TARN_DEFINITIONS})
endfunction()

function(tarn_layer name)
    cmake_parse_arguments(PARSE_ARGV 1 layer "" "" "SEES;DEPENDS;LIBRARIES;EXTRA_OBJECTS;SOURCES")
    cmake_path(RELATIVE_PATH CMAKE_CURRENT_SOURCE_DIR BASE_DIRECTORY ${CMAKE_SOURCE_DIR} OUTPUT_VARIABLE own)
    set(sources ${layer_SOURCES})
    if(NOT sources)
        file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.c)
    endif()
    if(NOT sources)
        return()
    endif()
    file(GLOB public CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/include/tarn/*.h)
    if(NOT layer_SEES)
        set(layer_SEES ${own})
    endif()
    tarn_include_root(root ${name} ${layer_SEES})

    add_library(tarn_${name}_objects OBJECT ${sources})
    target_include_directories(tarn_${name}_objects PRIVATE ${root})
    target_link_libraries(tarn_${name}_objects PRIVATE tarn_flags ${TARN_LIBRARIES} ${layer_LIBRARIES})
    target_compile_definitions(tarn_${name}_objects PRIVATE TARN_BUILDING=1 ${TARN_DEFINITIONS})

    add_library(tarn_${name} STATIC $<TARGET_OBJECTS:tarn_${name}_objects>)
    foreach(extra IN LISTS layer_EXTRA_OBJECTS)
        target_sources(tarn_${name} PRIVATE $<TARGET_OBJECTS:${extra}>)
    endforeach()
    set_target_properties(tarn_${name} PROPERTIES LINKER_LANGUAGE C EXPORT_NAME ${name})
    target_sources(tarn_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_CURRENT_SOURCE_DIR}/include FILES ${public})
    target_link_libraries(tarn_${name} PUBLIC ${TARN_LIBRARIES})
    foreach(below IN LISTS layer_DEPENDS)
        target_include_directories(tarn_${name}_objects PRIVATE ${CMAKE_SOURCE_DIR}/${below}/include)
        if(TARGET tarn_${below})
            target_link_libraries(tarn_${name} PUBLIC tarn_${below})
        else() # no code yet
            target_include_directories(tarn_${name} PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/${below}/include>)
        endif()
    endforeach()
    target_include_directories(tarn_${name}_objects PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/include)
    add_library(tarn::${name} ALIAS tarn_${name})
    set_property(GLOBAL APPEND PROPERTY TARN_LAYERS ${name})
    set_property(GLOBAL APPEND PROPERTY TARN_OBJECTS tarn_${name}_objects ${layer_EXTRA_OBJECTS})
endfunction()
