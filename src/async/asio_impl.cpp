// SPDX-License-Identifier: Apache-2.0
// Asio's own code, compiled once for the whole program (see edgecore_asio_headers in cmake/packages.cmake).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wconversion"
#endif
#include <boost/asio/impl/src.hpp>
