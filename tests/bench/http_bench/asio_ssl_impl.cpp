// SPDX-License-Identifier: Apache-2.0
// The code of Asio's TLS, which the product does not use (net/stream/stream.hpp says why).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wconversion"
#endif
#include <boost/asio/ssl/impl/src.hpp>
