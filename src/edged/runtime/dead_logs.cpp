// SPDX-License-Identifier: Apache-2.0
#include "edged/runtime/dead_logs.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edged/spec/log_paths.hpp"

namespace edgecore::edged {
namespace {

namespace fs = std::filesystem;

bool points_to_nothing(const fs::path& link) {
  std::error_code error;
  if (!fs::is_symlink(fs::symlink_status(link, error))) return false;
  return fs::status(link, error).type() == fs::file_type::not_found;
}

/// Names in `directory` that satisfy `wanted`, sorted.
template <class Wanted>
std::vector<std::string> names_in(const fs::path& directory, Wanted wanted) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator entry(directory, error);
  if (error == std::errc::no_such_file_or_directory) return names;
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (wanted(*entry)) names.push_back(entry->path().filename().string());
  }
  if (error) throw SystemError("The directory " + directory.string() + " could not be listed", error.value());
  std::sort(names.begin(), names.end());
  return names;
}

void remove_one(const fs::path& path, std::vector<std::string>& failures) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) failures.push_back(log::quote(path.string()) + " could not be removed: " + error.message());
}

}  // namespace

DeadLogs find_dead_logs(const fs::path& pod_logs, const fs::path& container_logs) {
  DeadLogs found;
  found.directories = names_in(pod_logs, [](const fs::directory_entry& entry) {
    std::error_code error;
    return fs::is_directory(entry.symlink_status(error)) &&
           pod_uid_of_log_directory(entry.path().filename().string()).has_value();
  });
  found.links = names_in(container_logs, [](const fs::directory_entry& entry) {
    return entry.path().extension() == ".log" && points_to_nothing(entry.path());
  });
  return found;
}

std::vector<std::string> remove_dead_logs(const DeadLogs& dead, const fs::path& pod_logs,
                                          const fs::path& container_logs) {
  std::vector<std::string> failures;
  for (const auto& name : dead.directories) remove_one(pod_logs / name, failures);
  for (const auto& name : dead.links) {
    if (points_to_nothing(container_logs / name)) remove_one(container_logs / name, failures);
  }
  return failures;
}

std::vector<std::string> remove_container_logs(const fs::path& log, const fs::path& container_logs,
                                               const std::string& link) {
  std::vector<std::string> failures;
  if (!log.empty()) {
    const std::string base = log.filename().string();
    try {
      const auto files = names_in(log.parent_path(), [&](const fs::directory_entry& entry) {
        std::error_code error;
        return entry.path().filename().string().starts_with(base) &&
               !fs::is_directory(entry.symlink_status(error));
      });
      for (const auto& name : files) remove_one(log.parent_path() / name, failures);
    } catch (const SystemError& error) {
      failures.emplace_back(error.what());
    }
  }
  std::error_code error;
  if (fs::is_symlink(fs::symlink_status(container_logs / link, error)))
    remove_one(container_logs / link, failures);
  return failures;
}

}  // namespace edgecore::edged
