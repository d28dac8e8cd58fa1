// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <fstream>

#include "edgecore/base/clock.hpp"
#include "support/umask.hpp"
#include "unit/devicetwin/grpc/dmi_server_fixture.hpp"

namespace edgecore::devicetwin {
namespace {

using namespace std::chrono_literals;

using GrpcDmiServerLifeTest = GrpcDmiServerTest;

// ---- Callers that disconnect

TEST_F(GrpcDmiServerLifeTest, CallersThatGiveUpLeaveNothingBehind) {
  serve();
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (int c = 0; c < 4; ++c) channels.push_back(connect());
  std::vector<DmiRequest> gone;
  for (int round = 0; round < 3; ++round) {  // 768 in all
    std::vector<std::unique_ptr<Report>> reports;
    const auto limit = round == 0 ? 300ms : 20s;
    for (std::size_t i = 0; i < 256; ++i) reports.push_back(report(channels[i / 64], 1, limit));
    for (int i = 0; i < 256 && round > 0; ++i) {
      const auto taken = desk_.next();
      ASSERT_TRUE(taken.has_value()) << "round " << round << ", request " << i;
      gone.push_back(*taken);
    }
    if (round == 1)
      for (const auto& one : reports) one->cancel();
    if (round == 2) reports.clear();
    for (const auto& one : reports) EXPECT_FALSE(one->result().ok());
    reports.clear();
    std::this_thread::sleep_for(300ms);
    while (round == 0 && desk_.size() > 0) gone.push_back(*desk_.next());
  }
  for (const auto& request : gone) server_->answer(request.id, {});
  expect_served();
}

TEST_F(GrpcDmiServerLifeTest, BrokenConnectionEndsItsRequests) {
  serve();
  std::vector<DmiRequest> gone;
  for (int round = 0; round < 8; ++round) {  // 480 requests: more than are in hand at once
    auto connection = connect_to_socket(socket_);
    const FileDescriptor scissors(::dup(connection.get()));
    const auto channel = grpc::CreateCustomInsecureChannelFromFd("dmi", connection.release(), {});
    std::vector<std::unique_ptr<Report>> reports;
    for (int i = 0; i < 60; ++i) reports.push_back(report(channel));
    for (int i = 0; i < 60; ++i) {
      const auto taken = desk_.next();
      ASSERT_TRUE(taken.has_value()) << "round " << round << ", request " << i;
      gone.push_back(*taken);
    }
    ASSERT_EQ(::shutdown(scissors.get(), SHUT_RDWR), 0);
    for (const auto& one : reports) EXPECT_FALSE(one->result().ok());
    std::this_thread::sleep_for(100ms);
  }
  for (const auto& request : gone) server_->answer_register(request.id, {}, {});
  expect_served();
}

// ---- Its end

TEST_F(GrpcDmiServerLifeTest, EndsWaitingRequestsAsUnavailable) {
  serve();
  const auto channel = connect();
  std::vector<std::unique_ptr<Report>> reports;
  for (int i = 0; i < 50; ++i) reports.push_back(report(channel));
  ASSERT_TRUE(eventually([&] { return desk_.size() == 50; }));
  const auto before = steady_now();
  server_.reset();
  EXPECT_LT(steady_now() - before, 1s);
  EXPECT_FALSE(std::filesystem::exists(socket_));
  for (const auto& one : reports) {
    EXPECT_EQ(one->result().error_code(), grpc::StatusCode::UNAVAILABLE);
    EXPECT_NE(one->result().error_message().find("stopping"), std::string::npos)
        << one->result().error_message();
  }
}

TEST_F(GrpcDmiServerLifeTest, EndsPromptlyWhateverClientsDo) {
  serve();
  std::vector<RawSocket> silent(3);
  for (const auto& one : silent) one.connect(socket_);
  const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  const std::string settings("\0\0\0\4\0\0\0\0\0", 9);
  silent[1].send(preface + settings);  // and never reads the answers
  silent[2].send(preface.substr(0, 5));
  const auto idle = connect();
  ASSERT_TRUE(idle->WaitForConnected(std::chrono::system_clock::now() + 5s));
  expect_served();
  const auto before = steady_now();
  server_.reset();
  EXPECT_LT(steady_now() - before, 1s);
}

TEST_F(GrpcDmiServerLifeTest, StartsAndStopsManyTimes) {
  for (int i = 0; i < 30; ++i) {
    serve();
    const auto channel = connect();
    const auto waiting = report(channel);
    if (i % 3 == 0) {
      ASSERT_TRUE(desk_.next().has_value());
    }
    if (i % 3 == 1) std::this_thread::sleep_for(std::chrono::milliseconds(i % 7));
    server_.reset();
  }
}

// ---- Its socket

TEST_F(GrpcDmiServerLifeTest, SocketThatNobodyListensOnIsReplaced) {
  { RawSocket().listen(socket_, 1); }  // closed; the file stays
  ASSERT_TRUE(std::filesystem::exists(socket_));
  serve();
  expect_served();
}

TEST_F(GrpcDmiServerLifeTest, OnlyOneServesASocket) {
  serve();
  EXPECT_THROW(make_grpc_dmi_server(socket_, [](const DmiRequest&) { return true; }), Error);
  expect_served();
}

TEST_F(GrpcDmiServerLifeTest, OtherFilesAreKept) {
  std::ofstream(socket_) << "precious";
  try {
    serve();
    FAIL() << "served";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("is not a socket"), std::string::npos) << error.what();
  }
  EXPECT_EQ(std::filesystem::file_size(socket_), 8U);
}

TEST_F(GrpcDmiServerLifeTest, MissingFolderIsNamed) {
  socket_ = folder_ / "missing/dmi.sock";
  try {
    serve();
    FAIL() << "served";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("missing/dmi.sock"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("dmiSockPath"), std::string::npos) << error.what();
  }
  socket_ = std::string(200, 'x');
  EXPECT_THROW(serve(), Error);
  socket_ = "";
  EXPECT_THROW(serve(), Error);
}

TEST_F(GrpcDmiServerLifeTest, OnlyRootMayConnectWhateverTheUmaskIs) {
  for (const mode_t mask : edgecore::test::kExtremeUmasks) {
    const edgecore::test::Umask now(mask);
    serve();
    EXPECT_EQ(edgecore::test::mode_of(socket_), 0600U);
    server_.reset();
  }
}

TEST_F(GrpcDmiServerLifeTest, SocketOfAnotherIsNotRemoved) {
  serve();
  std::filesystem::remove(socket_);
  const RawSocket other;
  other.listen(socket_, 1);
  server_.reset();
  EXPECT_TRUE(std::filesystem::exists(socket_));
}

/// How many times the threads of that name have gone to sleep.
long naps(const std::string& name) {
  long all = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string comm;
    std::getline(std::ifstream(task.path() / "comm"), comm);
    if (comm != name) continue;
    std::ifstream status(task.path() / "status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("voluntary_ctxt_switches:")) all += std::stol(line.substr(line.find(':') + 1));
  }
  return all;
}

TEST_F(GrpcDmiServerLifeTest, SleepsWhileNothingHappens) {
  serve();
  expect_served();
  const auto idle = connect();
  ASSERT_TRUE(idle->WaitForConnected(std::chrono::system_clock::now() + 5s));
  std::this_thread::sleep_for(500ms);
  const auto before = naps("dmi") + naps("dmi-door");
  EXPECT_GT(before, 0);
  std::this_thread::sleep_for(2s);
  EXPECT_EQ(naps("dmi") + naps("dmi-door"), before);
}

}  // namespace
}  // namespace edgecore::devicetwin
