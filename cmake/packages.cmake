# SPDX-License-Identifier: Apache-2.0
# Libraries from Debian 12 packages. gRPC, protobuf and abseil are linked statically: with section GC this costs
# less memory than the shared ones; OpenSSL, SQLite and libc stay shared for their security updates.
find_package(Boost 1.81 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(spdlog REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(ZLIB REQUIRED)  # rotated container logs, compressed answers; linked with gRPC anyway
find_package(prometheus-cpp REQUIRED)
find_package(PkgConfig REQUIRED)

# Asio and Beast with separate compilation: their code is compiled once (src/async/asio_impl.cpp,
# src/net/http/beast_impl.cpp), not in each unit that includes them.
add_library(edgecore_asio_headers INTERFACE)
target_compile_definitions(edgecore_asio_headers INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
  BOOST_ASIO_DISABLE_BOOST_COROUTINE)
target_link_libraries(edgecore_asio_headers INTERFACE Boost::headers)
