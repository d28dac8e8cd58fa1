// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "support/cri/fake_runtime.hpp"

namespace edgecore::cri {

/// State of FakeRuntime: sandboxes, containers and images in memory, and the effect of each CRI call. Errors
/// are containerd's (code and kind of text), thrown as CallError. Calls take no time and never wait.
class FakeWorld {
 public:
  using Notify = std::function<void(const ContainerEvent&)>;
  using Ended = std::function<void(const std::string& id)>;
  /// `notify` gets every event at once, `ended` each container and sandbox that ends.
  FakeWorld(const Clock& clock, Notify notify, Ended ended)
      : clock_(clock), notify_(std::move(notify)), ended_(std::move(ended)) {}

  struct Sandbox {
    PodSandboxStatus status;
    PodSandboxConfig config;
  };
  struct Box {
    ContainerStatus status;
    ContainerConfig config;
    std::string sandbox_id;
  };
  struct RemoteImage {
    std::uint64_t size = 0;
    std::optional<std::string> need_auth;
  };

  // ---- Calls
  std::string run_sandbox(const PodSandboxConfig& config, const std::string& handler);
  void stop_sandbox(const std::string& id);
  void remove_sandbox(const std::string& id);
  [[nodiscard]] PodSandboxStatus sandbox_status(const std::string& id) const;
  [[nodiscard]] std::vector<PodSandbox> list_sandboxes(const PodSandboxFilter& filter) const;
  std::string create_container(const std::string& sandbox_id, const ContainerConfig& config);
  void start_container(const std::string& id);
  void stop_container(const std::string& id);
  void remove_container(const std::string& id);
  [[nodiscard]] ContainerStatus container_status(const std::string& id, const char* method) const;
  [[nodiscard]] std::vector<Container> list_containers(const ContainerFilter& filter) const;
  void require_running(const std::string& id, const char* method) const;
  [[nodiscard]] std::vector<Image> list_images(const std::string& reference) const;
  [[nodiscard]] std::optional<Image> image_status(const std::string& reference) const;
  std::string pull_image(const std::string& reference, const std::optional<AuthConfig>& auth);
  void remove_image(const std::string& reference);

  // ---- Changes by tests
  void script(const std::string& name, FakeRuntime::Script script) { scripts_[name] = std::move(script); }
  void exit(const std::string& id, std::int32_t code, const std::string& reason, const std::string& message);
  /// The process of the container has ended; its status shows that when something ends the container.
  void exited(const TaskEvent& exit) { told_[exit.container_id] = exit; }
  void kill_sandbox(const std::string& id);
  void reboot();
  std::string add_image(const std::string& reference, std::uint64_t size);
  void add_remote_image(const std::string& reference, RemoteImage image) {
    remote_[reference] = std::move(image);
  }

  [[nodiscard]] const std::map<std::string, Sandbox>& sandboxes() const { return sandboxes_; }
  [[nodiscard]] const std::map<std::string, Box>& containers() const { return containers_; }

 private:
  [[nodiscard]] std::int64_t now() const { return unix_nanos(clock_.wall()); }
  Sandbox& sandbox(const std::string& id, const char* method);
  Box& box(const std::string& id, const char* method);
  [[nodiscard]] const Image* find_image(const std::string& reference) const;
  void tell(const Box& box, ContainerEventType type) const;
  void end(Box& box, std::int32_t code, const std::string& reason, const std::string& message);
  void end(Sandbox& sandbox);
  [[nodiscard]] std::vector<std::string> boxes_of(const std::string& sandbox_id) const;

  const Clock& clock_;
  Notify notify_;
  Ended ended_;
  std::int64_t made_ = 0;  // number of sandboxes and containers so far, for ids and addresses
  std::map<std::string, Sandbox> sandboxes_;  // by id; ids sort in order of creation
  std::map<std::string, Box> containers_;
  std::map<std::string, TaskEvent> told_;  // exits, by container
  std::map<std::string, Image> images_;
  std::map<std::string, RemoteImage> remote_;
  std::map<std::string, FakeRuntime::Script> scripts_;
};

}  // namespace edgecore::cri
