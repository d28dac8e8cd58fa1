// SPDX-License-Identifier: Apache-2.0
#include "private_runtime.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#include "edgecore/base/error.hpp"
#include "edgecore/base/process.hpp"
#include "support/paths.hpp"

namespace edgecore::bench {
namespace {

RunResult test_runtime(const char* verb, const std::filesystem::path& folder) {
  Command command;
  command.argv = {test::source_dir() / "scripts/test-runtime.sh", verb, folder};
  RunLimits limits;
  limits.timeout = std::chrono::minutes(2);
  return run(std::move(command), "", limits);
}

/// Innermost first; a cgroup may be busy for a moment after its last process.
void remove_cgroup(const std::filesystem::path& top) {
  std::error_code ignored;
  for (int tries = 0; tries < 40 && std::filesystem::exists(top, ignored); ++tries) {
    std::vector<std::filesystem::path> folders = {top};
    for (const auto& entry : std::filesystem::recursive_directory_iterator(top, ignored))
      if (entry.is_directory(ignored)) folders.push_back(entry.path());
    for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) ::rmdir(folder->c_str());
    if (std::filesystem::exists(top, ignored)) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

}  // namespace

PrivateCgroup::PrivateCgroup(const std::string& name) : path_("/" + name) {}

PrivateCgroup::~PrivateCgroup() {
  const std::filesystem::path base = "/sys/fs/cgroup";
  std::error_code ignored;
  remove_cgroup(base / path_.substr(1));
  if (std::filesystem::exists(base / "cgroup.controllers", ignored)) return;
  for (const auto& hierarchy : std::filesystem::directory_iterator(base, ignored))
    if (!hierarchy.is_symlink(ignored)) remove_cgroup(hierarchy.path() / path_.substr(1));
}

PrivateRuntime::PrivateRuntime(std::filesystem::path folder) : folder_(std::move(folder)) {
  const auto done = test_runtime("up", folder_);
  if (!done.status.success()) throw Error("containerd did not start: " + done.err);
  const auto end = done.out.find_last_not_of('\n') + 1;
  const auto begin = done.out.rfind('\n', end - 1) + 1;
  endpoint_ = done.out.substr(begin, end - begin);
}

PrivateRuntime::~PrivateRuntime() {
  try {
    const auto done = test_runtime("down", folder_);
    if (!done.status.success()) std::fprintf(stderr, "containerd was not ended: %s\n", done.err.c_str());
  } catch (const Error& error) {
    std::fprintf(stderr, "containerd was not ended: %s\n", error.what());
  }
}

}  // namespace edgecore::bench
