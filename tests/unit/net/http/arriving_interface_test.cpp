// SPDX-License-Identifier: Apache-2.0
#include "net/http/arriving_interface.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace edgecore::net {
namespace {

using Tcp = boost::asio::ip::tcp;

TEST(ArrivingInterfaceTest, AConnectionToThisMachineArrivesAtLo) {
  for (const char* address : {"127.0.0.1", "::1"}) {
    boost::asio::io_context loop;
    boost::system::error_code error;
    Tcp::acceptor acceptor(loop);
    const Tcp::endpoint at(boost::asio::ip::make_address(address), 0);
    acceptor.open(at.protocol(), error);
    if (!error) acceptor.bind(at, error);
    if (error) continue;  // a machine without IPv6
    acceptor.listen();
    Tcp::socket client(loop), served(loop);
    client.connect(acceptor.local_endpoint());
    acceptor.accept(served);
    EXPECT_EQ(arriving_interface(served.native_handle()), "lo") << address;
  }
}

TEST(ArrivingInterfaceTest, WhatIsNoConnectionArrivesNowhere) {
  EXPECT_EQ(arriving_interface(-1), "");
}

}  // namespace
}  // namespace edgecore::net
