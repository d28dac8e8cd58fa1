// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace edgecore::bench {

/// A cgroup for pods, at the top of every hierarchy; the runtime makes it with the first pod. Whatever is
/// below it is removed at the end, when no process is in it any more.
class PrivateCgroup {
 public:
  explicit PrivateCgroup(const std::string& name);
  PrivateCgroup(const PrivateCgroup&) = delete;
  PrivateCgroup& operator=(const PrivateCgroup&) = delete;
  ~PrivateCgroup();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// containerd with the two test images (scripts/test-runtime.sh); its pods end with it. Needs root.
class PrivateRuntime {
 public:
  explicit PrivateRuntime(std::filesystem::path folder);
  PrivateRuntime(const PrivateRuntime&) = delete;
  PrivateRuntime& operator=(const PrivateRuntime&) = delete;
  ~PrivateRuntime();
  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }

 private:
  std::filesystem::path folder_;
  std::string endpoint_;
};

}  // namespace edgecore::bench
