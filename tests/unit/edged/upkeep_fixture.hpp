// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "edgecore/base/blocking_pool.hpp"
#include "edgecore/base/log.hpp"
#include "edged/spec/log_paths.hpp"
#include "edged/spec/sandbox_config.hpp"
#include "support/await.hpp"
#include "support/cri/fake_runtime.hpp"
#include "support/skipped_time.hpp"
#include "support/temporary_directory.hpp"

namespace edgecore::edged::test {

/// A node's runtime, log directories and clock, for tests of garbage collection.
class UpkeepTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(pods_);
    std::filesystem::create_directories(links_);
    runtime_.add_image("busybox:1");
  }
  void TearDown() override { pool_.stop(std::chrono::seconds(5)); }

  static void write(const std::filesystem::path& path, const std::string& text) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  static std::string read(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
  }
  static std::set<std::string> names(const std::filesystem::path& directory) {
    std::set<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(directory))
      out.insert(entry.path().filename().string());
    return out;
  }

  static cri::StringMap labels(const std::string& uid, const std::string& container = "") {
    cri::StringMap out{{kPodUidLabel, uid}, {kPodNameLabel, "p"}, {kPodNamespaceLabel, "ns"}};
    if (!container.empty()) out[kContainerNameLabel] = container;
    return out;
  }
  std::string sandbox(const std::string& uid, std::uint32_t attempt = 0) {
    cri::PodSandboxConfig config;
    config.metadata = {"p", uid, "ns", attempt};
    config.labels = labels(uid);
    config.log_directory = (pods_ / ("ns_p_" + uid)).string();
    clock_.advance(std::chrono::seconds(1));
    return edgecore::test::await(io_, runtime_.run_pod_sandbox(config, ""));
  }
  /// A started container, with its log and link.
  std::string container(const std::string& sandbox_id, const std::string& uid, const std::string& name,
                        std::uint32_t attempt = 0) {
    cri::ContainerConfig config;
    config.metadata = {name, attempt};
    config.image.image = "busybox:1";
    config.labels = labels(uid, name);
    config.log_path = name + "/" + std::to_string(attempt) + ".log";
    clock_.advance(std::chrono::seconds(1));
    const auto id = edgecore::test::await(io_, runtime_.create_container(sandbox_id, config, {}));
    edgecore::test::await(io_, runtime_.start_container(id));
    write(log_of(uid, name, attempt), "log");
    std::filesystem::create_symlink(log_of(uid, name, attempt),
                                    links_ / container_log_link("p", "ns", name, id));
    return id;
  }
  [[nodiscard]] std::filesystem::path log_of(const std::string& uid, const std::string& name,
                                             std::uint32_t attempt) const {
    return pods_ / ("ns_p_" + uid) / name / (std::to_string(attempt) + ".log");
  }
  [[nodiscard]] std::set<std::string> container_ids() const {
    std::set<std::string> out;
    for (const auto& one : runtime_.containers()) out.insert(one.id);
    return out;
  }

  boost::asio::io_context io_;
  edgecore::test::SkippedTime time_{io_, [this] { return pool_.busy(); }};
  BlockingPool pool_{"upkeep-test", {}};
  FakeClock clock_{WallTime(std::chrono::hours(24 * 365 * 54))};
  cri::FakeRuntime runtime_{clock_};
  log::Logger log_ = log::get("test");
  edgecore::test::TemporaryDirectory root_;
  const std::filesystem::path pods_ = root_ / "pods", links_ = root_ / "containers";
};

}  // namespace edgecore::edged::test
