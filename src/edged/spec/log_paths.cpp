// SPDX-License-Identifier: Apache-2.0
#include "edged/spec/log_paths.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "edgecore/base/ascii.hpp"
#include "edgecore/kube/names.hpp"

namespace edgecore::edged {
namespace {

constexpr std::string_view kEnding = ".log";
constexpr std::size_t kMostNameBytes = 251;  // leaves room for ".log": file systems allow 255

}  // namespace

std::string container_log_link(std::string_view pod_name, std::string_view pod_namespace,
                               std::string_view container_name, std::string_view container_id) {
  std::string name = fmt::format("{}_{}_{}-{}", pod_name, pod_namespace, container_name, container_id);
  if (name.size() > kMostNameBytes) name.resize(kMostNameBytes);
  return name.append(kEnding);
}

std::optional<std::string> container_id_of_link(std::string_view file_name) {
  if (!file_name.ends_with(kEnding)) return std::nullopt;
  file_name.remove_suffix(kEnding.size());
  const auto dash = file_name.rfind('-');
  if (dash == std::string_view::npos || dash + 1 == file_name.size()) return std::nullopt;
  const std::string_view id = file_name.substr(dash + 1);
  if (!std::all_of(id.begin(), id.end(), [](char c) { return is_digit(c) || is_lower(c); }))
    return std::nullopt;
  return std::string(id);
}

std::optional<std::string> pod_uid_of_log_directory(std::string_view directory_name) {
  const auto first = directory_name.find('_');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = directory_name.find('_', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto ns = directory_name.substr(0, first);
  const auto pod = directory_name.substr(first + 1, second - first - 1);
  const auto uid = directory_name.substr(second + 1);
  if (!kube::is_dns_label(ns) || !kube::is_dns_subdomain(pod) || !kube::is_path_segment(uid))
    return std::nullopt;
  return std::string(uid);
}

bool is_below(const std::filesystem::path& path, const std::filesystem::path& directory) {
  if (!path.is_absolute() || !directory.is_absolute()) return false;
  for (const auto& part : path) {
    if (part == "." || part == "..") return false;
  }
  auto rest = path.begin();
  for (const auto& part : directory) {
    if (part.empty()) continue;  // trailing slash
    if (rest == path.end() || *rest != part) return false;
    ++rest;
  }
  return rest != path.end() && !rest->empty();
}

}  // namespace edgecore::edged
