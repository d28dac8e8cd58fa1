// SPDX-License-Identifier: Apache-2.0
#include "eventbus/broker_address.hpp"

#include <gtest/gtest.h>

#include "edgecore/base/error.hpp"

namespace edgecore::eventbus {
namespace {

void expect(const char* url, const char* host, int port, bool tls) {
  const BrokerAddress address = BrokerAddress::parse(url);
  EXPECT_EQ(address.host, host) << url;
  EXPECT_EQ(address.port, port) << url;
  EXPECT_EQ(address.tls, tls) << url;
}

TEST(BrokerAddress, SchemesAndPorts) {
  expect("tcp://127.0.0.1:1883", "127.0.0.1", 1883, false);
  expect("127.0.0.1:1884", "127.0.0.1", 1884, false);
  expect("broker.example", "broker.example", 1883, false);
  expect("MQTT://broker", "broker", 1883, false);
  expect("tcp://broker:1883/", "broker", 1883, false);
  for (const char* url : {"ssl://broker", "tls://broker", "tcps://broker", "mqtts://broker"})
    expect(url, "broker", 8883, true);
  expect("ssl://broker:1", "broker", 1, true);
  expect("tcp://[::1]:1883", "::1", 1883, false);
  expect("[fe80::1%eth0]", "fe80::1%eth0", 1883, false);
  expect("unix:///run/mqtt.sock", "/run/mqtt.sock", 0, false);
}

TEST(BrokerAddress, WhatCannotBeUsedIsRefusedWithASentence) {
  const std::string long_path = "unix:///" + std::string(200, 'x');
  for (const std::string& url :
       {std::string("ws://broker:80"), std::string("wss://broker"), std::string("http://broker"),
        std::string("tcp://"), std::string(""), std::string("tcp://:1883"), std::string("tcp://broker:"),
        std::string("tcp://broker:0"), std::string("tcp://broker:65536"), std::string("tcp://broker:18x"),
        std::string("tcp://user:pw@broker"), std::string("tcp://broker/path"), std::string("tcp://::1:1883"),
        std::string("tcp://[::1"), std::string("tcp://[::1]1883"), std::string("tcp://bro ker"),
        std::string("unix://"), long_path}) {
    EXPECT_THROW(BrokerAddress::parse(url), BadInput) << url;
  }
  try {
    BrokerAddress::parse("ws://broker:8080");
    FAIL();
  } catch (const BadInput& error) {
    EXPECT_NE(std::string(error.what()).find("WebSocket"), std::string::npos) << error.what();
  }
}

TEST(BrokerAddress, ARefusalShowsNoPassword) {
  try {
    BrokerAddress::parse("tcp://user:s3cret@broker:1883");
    FAIL();
  } catch (const BadInput& error) {
    const std::string said = error.what();
    EXPECT_EQ(said.find("s3cret"), std::string::npos) << said;
    EXPECT_NE(said.find("broker:1883"), std::string::npos) << said;
  }
}

TEST(BrokerAddress, Text) {
  EXPECT_EQ(BrokerAddress::parse("ssl://b").text(), "b:8883");
  EXPECT_EQ(BrokerAddress::parse("[::1]:1").text(), "[::1]:1");
  EXPECT_EQ(BrokerAddress::parse("unix:///s").text(), "/s");
}

}  // namespace
}  // namespace edgecore::eventbus
