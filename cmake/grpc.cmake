# SPDX-License-Identifier: Apache-2.0
# gRPC, protobuf and abseil from Debian's archives (*.a), with section GC: a third of the memory of the shared
# ones. The `unsecure` flavour and the lite protobuf runtime suffice, because CRI uses a local unix socket.
find_program(PROTOC protoc REQUIRED)
find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)
pkg_check_modules(GRPC REQUIRED grpc++_unsecure)

# pkg-config names gRPC's and abseil's libraries in link order, but not the other libraries that the archives
# need.
set(grpc_archives ${GRPC_STATIC_LIBRARIES} protobuf-lite upb re2 address_sorting cares)
list(REVERSE grpc_archives)  # keep the last of duplicate names
list(REMOVE_DUPLICATES grpc_archives)
list(REVERSE grpc_archives)
list(FILTER grpc_archives EXCLUDE REGEX "^(rt|atomic|dl|m|pthread)$")
set(grpc_files "")
foreach(archive IN LISTS grpc_archives)
  find_library(GRPC_ARCHIVE_${archive} NAMES lib${archive}.a REQUIRED)
  mark_as_advanced(GRPC_ARCHIVE_${archive})
  list(APPEND grpc_files ${GRPC_ARCHIVE_${archive}})
endforeach()

add_library(edgecore_grpc INTERFACE)
target_link_libraries(edgecore_grpc INTERFACE
  -Wl,--start-group ${grpc_files} -Wl,--end-group z Threads::Threads -Wl,--gc-sections)

# edgecore_proto(TARGET PROTO): the messages of proto/PROTO.proto as a library.
# edgecore_proto(TARGET PROTO SERVICES_ON MESSAGES): its generated stubs and servers, on the library of its messages.
# Generated code is compiled without our warnings.
function(edgecore_proto target proto)
  cmake_parse_arguments(PROTO "" "SERVICES_ON" "" ${ARGN})
  set(out ${CMAKE_BINARY_DIR}/generated/proto/${target})
  file(MAKE_DIRECTORY ${out})
  set(source ${PROJECT_SOURCE_DIR}/proto/${proto}.proto)
  if(PROTO_SERVICES_ON)
    set(files ${out}/${proto}.grpc.pb.cc ${out}/${proto}.grpc.pb.h)
    set(arguments --grpc_out=${out} --plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN})
  else()
    set(files ${out}/${proto}.pb.cc ${out}/${proto}.pb.h)
    set(arguments --cpp_out=${out})
  endif()
  add_custom_command(OUTPUT ${files}
    COMMAND ${PROTOC} -I${PROJECT_SOURCE_DIR}/proto ${arguments} ${source}
    DEPENDS ${source} COMMENT "Generating ${target}" VERBATIM)
  add_library(${target} STATIC ${files})
  target_include_directories(${target} SYSTEM PUBLIC ${out})
  target_compile_options(${target} PRIVATE -w -ffunction-sections -fdata-sections)
  target_link_libraries(${target} PUBLIC ${PROTO_SERVICES_ON} edgecore_grpc)
endfunction()
