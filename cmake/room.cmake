# SPDX-License-Identifier: Apache-2.0
# edgecore_room(NAME [FAST] [PCH pure|async] [DEPS targets...] [SOURCES files...])
# One library per room: every *.cpp of this folder and its subfolders, or SOURCES. Its public headers are in
# include/edgecore/NAME. FAST: the release build compiles it for speed; for rooms that docs/benchmarks.md measures.
function(edgecore_room name)
  cmake_parse_arguments(ROOM "FAST" "PCH" "DEPS;SOURCES" ${ARGN})
  if(NOT ROOM_SOURCES)
    file(GLOB ROOM_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/*/*.cpp)
  endif()
  if(NOT ROOM_SOURCES)  # a room of headers only
    add_library(edgecore_${name} INTERFACE)
    target_include_directories(edgecore_${name} INTERFACE ${PROJECT_SOURCE_DIR}/include)
    target_link_libraries(edgecore_${name} INTERFACE edgecore_flags ${ROOM_DEPS})
    return()
  endif()
  add_library(edgecore_${name} STATIC ${ROOM_SOURCES})
  target_include_directories(edgecore_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(edgecore_${name} PUBLIC edgecore_flags ${ROOM_DEPS})
  set(variant "")
  if(ROOM_FAST AND CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_options(edgecore_${name} PRIVATE -O2)
    set(variant _fast)
  endif()
  edgecore_pch(edgecore_${name} "${ROOM_PCH}" ${variant})
endfunction()

# edgecore_pch(TARGET pure|async [_fast|_test]): precompiled headers. `pure` has the standard library and JSON, `async` also Asio.
function(edgecore_pch target kind)
  if(kind)
    target_precompile_headers(${target} REUSE_FROM edgecore_pch_${kind}${ARGN})
    target_link_libraries(${target} PUBLIC nlohmann_json::nlohmann_json spdlog::spdlog)
  endif()
  if(kind STREQUAL "async")
    target_link_libraries(${target} PUBLIC edgecore_asio_headers OpenSSL::SSL)
  endif()
endfunction()

# edgecore_unit_test(ROOM [PCH pure|async] DEPS targets...): one program of every *.cpp of tests/unit/ROOM and its
# subfolders; tests that need gRPC are in a subfolder `grpc`, which is a program of its own.
function(edgecore_unit_test room)
  cmake_parse_arguments(TEST "" "PCH" "DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/*/*.cpp)
  list(FILTER sources EXCLUDE REGEX "^${CMAKE_CURRENT_SOURCE_DIR}/grpc/")
  if(NOT sources)
    return()
  endif()
  add_executable(${room}_test ${sources})
  target_include_directories(${room}_test PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${room}_test PRIVATE edgecore_flags ${TEST_DEPS} GTest::gmock GTest::gtest GTest::gtest_main)
  set(variant "")
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    set_property(TARGET ${room}_test PROPERTY EDGECORE_TEST ON)
    set(variant _test)
  endif()
  edgecore_pch(${room}_test "${TEST_PCH}" ${variant})
  edgecore_add_unit_tests(${room}_test)
endfunction()

# edgecore_add_unit_tests(PROGRAM): a process for each test. With a sanitizer, which takes longer to start than
# most tests take to run, eight processes that share a program's tests; what each found is in
# gtest/PROGRAM.N.xml of the build folder, which scripts/test.sh reads.
function(edgecore_add_unit_tests program)
  add_dependencies(unit_tests ${program})
  if(EDGECORE_SANITIZE STREQUAL "")
    gtest_discover_tests(${program} TEST_PREFIX "unit/" DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 120)
    return()
  endif()
  foreach(shard RANGE 7)
    add_test(NAME unit/${program}.${shard} COMMAND ${program})
    set_tests_properties(unit/${program}.${shard} PROPERTIES TIMEOUT 600 ENVIRONMENT
      "GTEST_TOTAL_SHARDS=8;GTEST_SHARD_INDEX=${shard};GTEST_OUTPUT=xml:${CMAKE_BINARY_DIR}/gtest/${program}.${shard}.xml")
  endforeach()
endfunction()
