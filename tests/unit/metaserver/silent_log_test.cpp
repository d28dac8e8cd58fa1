// SPDX-License-Identifier: Apache-2.0
// A followed log of a container that writes nothing: nobody hears from it, and it must end all the same.
#include <gmock/gmock.h>

#include <fstream>

#include "unit/metaserver/server_fixture.hpp"

namespace edgecore::metaserver {
namespace {

class SilentLogTest : public ServerFixture {
 protected:
  void SetUp() override {
    pod_ = kube::parse_json(R"({"kind": "Pod", "apiVersion": "v1",
        "metadata": {"name": "quiet", "namespace": "default", "uid": "u1", "resourceVersion": "7"},
        "spec": {"nodeName": "edge1", "containers": [{"name": "c", "image": "i"}]},
        "status": {"phase": "Running", "containerStatuses": [
            {"name": "c", "restartCount": 0, "containerID": "containerd://1", "state": {"running": {}}}]}})");
    const auto log = directory / "pods" / "default_quiet_u1" / "c";
    std::filesystem::create_directories(log);
    std::ofstream(log / "0.log");
    stored("", "v1", "pods", pod_);
    cloud->put("/core/v1/pods/default/quiet", pod_);
    start();
    EXPECT_EQ(get("/healthz").status, 200);
  }
  boost::asio::ip::tcp::socket follow() {
    auto socket =
        dial("GET /api/v1/namespaces/default/pods/quiet/log?follow=true HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const std::string head = answer_of(socket, "\r\n\r\n");
    EXPECT_TRUE(head.starts_with("HTTP/1.1 200")) << head;
    return socket;
  }
  /// The inotify instance is there as long as a log is followed.
  static std::size_t inotify_instances() {
    std::size_t found = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code ignored;
      if (std::filesystem::read_symlink(entry.path(), ignored) == "anon_inode:inotify") ++found;
    }
    return found;
  }
  Json pod_;
};

TEST_F(SilentLogTest, ItEndsWhenItsClientGoesAway) {
  const std::size_t before = inotify_instances();
  {
    const auto socket = follow();
    eventually("the log is watched", [&] { return inotify_instances() == before + 1; });
  }
  eventually("the watch ends", [&] { return inotify_instances() == before; });
}

TEST_F(SilentLogTest, ItEndsWhenItsClientShutsTheConnectionDown) {
  const std::size_t before = inotify_instances();
  auto socket = follow();
  eventually("the log is watched", [&] { return inotify_instances() == before + 1; });
  socket.shutdown(boost::asio::ip::tcp::socket::shutdown_both);
  eventually("the watch ends", [&] { return inotify_instances() == before; });
}

TEST_F(SilentLogTest, ItEndsWithItsPod) {
  auto socket = follow();
  removed("/core/v1/pods/default/quiet", "u1", "8");
  EXPECT_EQ(answer_of(socket, "0\r\n\r\n"), "0\r\n\r\n") << "the last chunk, and nothing before";
  // The connection is good for the next request.
  boost::asio::write(socket,
                     boost::asio::buffer(std::string("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")));
  EXPECT_THAT(answer_of(socket, "\r\n\r\nok"), ::testing::HasSubstr("200 OK"));
}

TEST_F(SilentLogTest, ItEndsWithItsContainer) {
  auto socket = follow();
  pod_["metadata"]["resourceVersion"] = "9";
  pod_["status"]["containerStatuses"][0]["state"] = {
      {"terminated", {{"exitCode", 0}, {"containerID", "containerd://1"}}}};
  changed("/core/v1/pods/default/quiet", pod_.dump());
  EXPECT_EQ(answer_of(socket, "0\r\n\r\n"), "0\r\n\r\n");
}

TEST_F(SilentLogTest, ItsFirstLineComesAtOnce) {
  auto socket = follow();
  std::ofstream(directory / "pods" / "default_quiet_u1" / "c" / "0.log")
      << "2024-06-10T06:00:00.5Z stdout F at last\n";
  EXPECT_EQ(answer_of(socket, "at last\n\r\n"), "8\r\nat last\n\r\n");
}

}  // namespace
}  // namespace edgecore::metaserver
