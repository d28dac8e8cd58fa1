// SPDX-License-Identifier: Apache-2.0
#include "metaserver/serving/listen_address.hpp"

#include <boost/asio/ip/address.hpp>

#include "edgecore/base/error.hpp"
#include "edgecore/net/local_address.hpp"

namespace edgecore::metaserver {
namespace {

constexpr char kLoopbackLink[] = "lo";

}  // namespace

std::string make_listenable(const std::string& ip, const log::Logger& log) {
  boost::system::error_code malformed;
  const auto address = boost::asio::ip::make_address(ip, malformed);
  if (malformed) throw BadInput("\"" + log::quote(ip) + "\" is not an IP address.");
  if (address.is_loopback() || address.is_unspecified() || net::has_address(ip)) return {};

  const bool has_dummy = net::add_dummy_link(kDummyLink);
  const std::string link = has_dummy ? kDummyLink : kLoopbackLink;
  net::set_link_up(link);
  net::add_host_address(link, ip);
  if (has_dummy) {
    log->info("added the address {} to {}", ip, link);
  } else {
    log->warn("added the address {} to {} instead of {}: this kernel has no dummy network links", ip, link,
              kDummyLink);
  }
  return link;
}

bool is_loopback(const std::string& ip) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(ip, error);
  return !error && address.is_loopback();
}

}  // namespace edgecore::metaserver
