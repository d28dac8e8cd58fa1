# SPDX-License-Identifier: Apache-2.0
# edgecore_symbol_order(TARGET): lays out what an idle node runs on few pages (symbol-order.txt, made by
# scripts/symbol-order.py). lld can; without it the program is the same, and an idle node holds more of it in memory.
find_program(EDGECORE_LLD ld.lld HINTS /usr/lib/llvm-16/bin)
function(edgecore_symbol_order target)
  set(order ${PROJECT_SOURCE_DIR}/cmake/symbol-order.txt)
  if(NOT EDGECORE_LLD OR NOT CMAKE_BUILD_TYPE STREQUAL "Release")
    return()
  endif()
  cmake_path(GET EDGECORE_LLD PARENT_PATH lld_folder)
  # As libraries, so that they come after the linker that cmake/toolchain.cmake names.
  target_link_libraries(${target} PRIVATE -fuse-ld=lld -B${lld_folder}
    -Wl,--symbol-ordering-file=${order} -Wl,--no-warn-symbol-ordering
    -Wl,-z,pack-relative-relocs)  # 0.4 MB less to map; glibc 2.36 and later reads it
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${order})
endfunction()
