// SPDX-License-Identifier: Apache-2.0
// Beast's own code, compiled once for the whole program (see edgecore_asio_headers in cmake/packages.cmake).
#include <boost/beast/src.hpp>
