// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <string>

namespace edgecore::bench {

/// The ruler: the least a server on Beast can do. Answers every request with the same bytes, checks nothing
/// but HTTP's grammar, has no time-outs and no limits but Beast's. Returns the port, serves until the
/// io_context ends. TLS when `certificate_pem` is given.
std::uint16_t start_bare_server(boost::asio::io_context& io, const std::string& body,
                                const std::string& certificate_pem, const std::string& key_pem);

}  // namespace edgecore::bench
