// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <poll.h>

#include <deque>
#include <mutex>
#include <nlohmann/json.hpp>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/process.hpp"
#include "edgecore/devicetwin/dmi.hpp"
#include "support/await.hpp"
#include "support/paths.hpp"
#include "support/temporary_directory.hpp"
#include "unit/devicetwin/grpc/raw_socket.hpp"

namespace edgecore::devicetwin {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

/// The mapper of tests/mappers as a child process, and its output.
class Thermometer {
 public:
  Thermometer(const std::string& edgecore, const std::string& socket)
      : child_(Child::spawn(command(edgecore, socket))) {}

  /// The next event of that name, within 20 s.
  Json next(const std::string& event) {
    const auto give_up = steady_now() + 20s;
    while (steady_now() < give_up) {
      const auto end = text_.find('\n');
      if (end == std::string::npos) {
        read();
        continue;
      }
      const auto line = Json::parse(text_.substr(0, end));
      text_.erase(0, end + 1);
      if (line["event"] == event) return line;
    }
    ADD_FAILURE() << "no event " << event;
    return Json::object();
  }
  ExitStatus stop() { return child_.stop(10s); }

 private:
  static Command command(const std::string& edgecore, const std::string& socket) {
    Command command;
    const auto script = test::source_dir() / "tests/mappers/dmi_thermometer.py";
    command.argv = {"/usr/bin/python3", script.string(), "--edgecore", edgecore,
                    "--socket",         socket,          "--name",     "m",
                    "--protocol",       "test"};
    command.out = PipeStream{};
    command.err = InheritStream{};
    return command;
  }
  void read() {
    pollfd out{child_.out.get(), POLLIN, 0};
    if (::poll(&out, 1, 100) <= 0) return;
    char bytes[4096];
    const auto got = ::read(child_.out.get(), bytes, sizeof(bytes));
    if (got > 0) text_.append(bytes, static_cast<std::size_t>(got));
  }

  Child child_;
  std::string text_;
};

bool can_run() {
  try {
    Command command;
    command.argv = {"/usr/bin/python3", "-c", "import grpc, google.protobuf"};
    return run(command, "").status.success();
  } catch (const std::exception&) {
    return false;
  }
}

class DmiThermometerTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!can_run()) GTEST_SKIP() << "python3-grpcio and python3-protobuf are not installed";
  }

  /// Plays DeviceTwin: has one device and counts reports.
  void serve() {
    server_ = make_grpc_dmi_server(socket_, [this](DmiRequest request) {
      const std::lock_guard lock(mutex_);
      requests_.push_back(std::move(request));
      return true;
    });
  }
  DmiRequest next(DmiRequest::Kind kind) {
    DmiRequest request;
    EXPECT_TRUE(eventually([&] {
      const std::lock_guard lock(mutex_);
      if (requests_.empty()) return false;
      request = std::move(requests_.front());
      requests_.pop_front();
      if (request.kind == kind) return true;
      server_->answer(request.id, {});
      return false;
    }));
    return request;
  }
  static Json device(const char* name, const char* desired) {
    return Json::parse(std::string(R"({"metadata":{"namespace":"default","name":")") + name +
                       R"("},"spec":{"deviceModelRef":{"name":"model"},
      "protocol":{"protocolName":"test","configData":{"port":"/dev/ttyS0","speed":9600,"id":16777217,"on":true,"list":[1]}},
      "properties":[{"name":"temperature","desired":{"value":")" +
                       desired + R"("},"reportToCloud":true,"reportCycle":50}]}})");
  }
  DmiStatus tell(MapperCall::Kind kind, const Json& object) {
    MapperCall call;
    call.kind = kind;
    call.name_space = "default";
    call.name = "two";
    if (!object.is_null()) call.object = object.dump();
    return test::await(io_, client_->call(mapper_socket_, std::move(call), 10s));
  }

  edgecore::test::TemporaryDirectory folder_;
  const std::string socket_ = (folder_ / "dmi.sock").string();
  const std::string mapper_socket_ = (folder_ / "mapper.sock").string();
  std::mutex mutex_;
  std::deque<DmiRequest> requests_;
  std::unique_ptr<DmiServer> server_;
  boost::asio::io_context io_;
  std::unique_ptr<MapperClient> client_ = make_grpc_mapper_client();
};

TEST_F(DmiThermometerTest, LivesWithEdgecore) {
  serve();
  Thermometer mapper(socket_, mapper_socket_);
  auto request = next(DmiRequest::Kind::kRegister);
  ASSERT_TRUE(request.mapper.has_value());
  EXPECT_EQ(request.mapper->name, "m");
  EXPECT_EQ(request.mapper->protocol, "test");
  EXPECT_EQ(request.mapper->address, mapper_socket_);
  EXPECT_TRUE(request.with_data);
  server_->answer_register(request.id, {device("model", "")}, {device("one", "22")});

  EXPECT_EQ(mapper.next("registered")["devices"], Json::array({"default/one"}));
  const auto added = mapper.next("added");
  EXPECT_EQ(added["config"],
            Json::parse(R"({"port":"/dev/ttyS0","speed":9600.0,"id":16777217,"on":true,"list":"[1]"})"));
  EXPECT_EQ(added["desired"], Json::parse(R"({"temperature":"22"})"));
  for (const char* expected : {"21", "22", "22"}) {
    request = next(DmiRequest::Kind::kReportStatus);
    EXPECT_EQ(request.device_namespace, "default");
    EXPECT_EQ(request.device_name, "one");
    ASSERT_EQ(request.twins.size(), 1U);
    EXPECT_EQ(request.twins[0].property, "temperature");
    EXPECT_EQ(request.twins[0].observed_desired, "22");
    EXPECT_EQ(request.twins[0].reported, expected);
    server_->answer(request.id, {});
    EXPECT_EQ(mapper.next("reported")["values"]["temperature"], expected);
  }

  EXPECT_TRUE(tell(MapperCall::Kind::kCreateDeviceModel, device("model", "")).ok());
  EXPECT_TRUE(tell(MapperCall::Kind::kUpdateDeviceModel, device("model", "")).ok());
  EXPECT_TRUE(tell(MapperCall::Kind::kRegisterDevice, device("two", "1")).ok());
  EXPECT_EQ(mapper.next("added")["device"], "default/two");
  EXPECT_TRUE(tell(MapperCall::Kind::kUpdateDevice, device("two", "-1")).ok());
  EXPECT_EQ(mapper.next("updated")["desired"]["temperature"], "-1");
  EXPECT_TRUE(tell(MapperCall::Kind::kRemoveDevice, nullptr).ok());
  EXPECT_EQ(mapper.next("removed")["device"], "default/two");
  EXPECT_TRUE(tell(MapperCall::Kind::kRemoveDeviceModel, nullptr).ok());

  // edgecore stops and starts again; the device was deleted meanwhile.
  server_.reset();
  EXPECT_NE(mapper.next("unreachable"), Json::object());
  {
    const std::lock_guard lock(mutex_);
    requests_.clear();
  }
  serve();
  request = next(DmiRequest::Kind::kRegister);
  server_->answer_register(request.id, {}, {});
  EXPECT_EQ(mapper.next("registered")["devices"], Json::array());
  EXPECT_EQ(mapper.next("removed")["device"], "default/one");
  EXPECT_EQ(mapper.stop().sentence(), "ended with exit code 0");
}

}  // namespace
}  // namespace edgecore::devicetwin
