# SPDX-License-Identifier: Apache-2.0
# Compiler and linker flags for all of our own code.
find_package(Threads REQUIRED)

set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
# -Os, because code size costs memory even on an idle node. Rooms that a benchmark measures are compiled with -O2
# (FAST in cmake/room.cmake).
set(CMAKE_CXX_FLAGS_RELEASE "-Os -DNDEBUG")
set(CMAKE_CXX_FLAGS_SANITIZE "-O0 -g1 -fno-omit-frame-pointer")  # compiles in half the time of -O1 and optimises no fault away

add_library(edgecore_flags INTERFACE)
target_compile_options(edgecore_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
  -ffunction-sections -fdata-sections)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 warns wrongly about coroutine frames and inlined std::string/variant code at -O2.
  target_compile_options(edgecore_flags INTERFACE -fcoroutines -Wno-maybe-uninitialized -Wno-restrict
    -Wno-stringop-overflow -Wno-array-bounds -Wno-dangling-pointer -Wno-mismatched-new-delete)
  if(EDGECORE_UNITY)
    # It warns about headers with anonymous namespaces, and takes a batch's files for headers. The preset dev keeps it.
    target_compile_options(edgecore_flags INTERFACE -Wno-subobject-linkage)
  endif()
endif()
if(NOT EDGECORE_SANITIZE STREQUAL "")
  target_compile_options(edgecore_flags INTERFACE -fsanitize=${EDGECORE_SANITIZE} -fno-sanitize-recover=all)
  if(EDGECORE_SANITIZE MATCHES "undefined")
    # These checks cost a third of the compile time, and AddressSanitizer reports the same faults: use of a null pointer
    # or of a destroyed object.
    target_compile_options(edgecore_flags INTERFACE -fno-sanitize=null,object-size,vptr)
  endif()
  target_link_options(edgecore_flags INTERFACE -fsanitize=${EDGECORE_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  # The unit tests' own code is compiled without optimisation, in half the time: only what they test is the product's.
  # EDGECORE_TEST marks them, because fortification needs an optimiser.
  target_compile_options(edgecore_flags INTERFACE
    "$<IF:$<BOOL:$<TARGET_PROPERTY:EDGECORE_TEST>>,-O0,-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=3>"
    -fstack-protector-strong -fstack-clash-protection -ftrivial-auto-var-init=zero)
  # An index out of a vector's or a string's range ends the program instead of reading on.
  target_compile_definitions(edgecore_flags INTERFACE _GLIBCXX_ASSERTIONS)
  if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    # Our objects are marked for IBT and SHSTK, the program is not: a linker marks it only if all objects are, and
    # Debian 12's Scrt1.o and crti.o (glibc without CET) and its static gRPC, protobuf and abseil are not. To force the mark
    # (-z ibt) would promise what that code does not keep. With a distribution that is built for it, nothing is to be done.
    target_compile_options(edgecore_flags INTERFACE -fcf-protection)
  endif()
  target_link_options(edgecore_flags INTERFACE -Wl,-z,relro,-z,now)
endif()
target_link_options(edgecore_flags INTERFACE -Wl,--gc-sections)
find_program(MOLD mold)
if(MOLD)
  target_link_options(edgecore_flags INTERFACE -fuse-ld=mold)
endif()
target_link_libraries(edgecore_flags INTERFACE Threads::Threads)
