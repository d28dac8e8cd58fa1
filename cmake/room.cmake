# SPDX-License-Identifier: Apache-2.0
# edgecore_room(NAME [PCH pure|async] [DEPS targets...] [SOURCES files...])
# One library per room: every *.cpp of this folder and of the folders in it, unless SOURCES says which. Its door is
# include/edgecore/NAME.
function(edgecore_room name)
  cmake_parse_arguments(ROOM "" "PCH" "DEPS;SOURCES" ${ARGN})
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
  edgecore_pch(edgecore_${name} "${ROOM_PCH}")
endfunction()

# Precompiled headers come in two sizes: `pure` (standard library and JSON) and `async` (also Asio).
function(edgecore_pch target kind)
  if(kind STREQUAL "pure")
    target_precompile_headers(${target} REUSE_FROM edgecore_pch_pure)
    target_link_libraries(${target} PUBLIC nlohmann_json::nlohmann_json spdlog::spdlog)
  elseif(kind STREQUAL "async")
    target_precompile_headers(${target} REUSE_FROM edgecore_pch_async)
    target_link_libraries(${target} PUBLIC edgecore_asio_headers nlohmann_json::nlohmann_json spdlog::spdlog
      OpenSSL::SSL)
  endif()
endfunction()

# edgecore_unit_test(ROOM [PCH pure|async] DEPS targets...): every *.cpp of tests/unit/ROOM and of the folders in it in one
# program; a folder that needs gRPC is called `grpc` and is a program of its own.
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
  edgecore_pch(${room}_test "${TEST_PCH}")
  gtest_discover_tests(${room}_test TEST_PREFIX "unit/" DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 120)
endfunction()
