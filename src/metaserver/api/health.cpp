// SPDX-License-Identifier: Apache-2.0
#include "metaserver/api/health.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace edgecore::metaserver {
namespace {

constexpr std::array<std::string_view, 3> kGroups = {"healthz", "livez", "readyz"};
constexpr int kFailed = 500;

struct Check {
  std::string name;
  std::string problem;  // "" if it passes
};

/// "readyz" and "module/edged" of "/readyz/module/edged"; a slash at the end is ignored.
struct HealthPath {
  std::string_view group, check;
};
HealthPath split(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  const std::size_t slash = std::min(path.find('/'), path.size());
  return {path.substr(0, slash), path.substr(std::min(slash + 1, path.size()))};
}

std::vector<Check> checks_of(std::string_view group, const std::vector<ModuleHealth>& modules) {
  std::vector<Check> checks = {{"ping", ""}};
  if (group != "readyz") return checks;
  for (const ModuleHealth& module : modules) checks.push_back({"module/" + module.name, module.problem});
  return checks;
}

std::vector<std::string> excluded(const net::Target& target) {
  std::vector<std::string> names;
  for (const auto& [key, value] : target.query)
    if (key == "exclude" && !value.empty()) names.push_back(value);
  return names;
}

HealthAnswer answer_one(const Check& check) {
  if (check.problem.empty()) return {200, "ok"};
  return {kFailed, "internal server error: " + check.problem + "\n"};
}

/// Without `verbose` only a failure is listed.
HealthAnswer answer_all(std::string_view group, const std::vector<Check>& checks,
                        std::vector<std::string> without, bool verbose) {
  HealthAnswer answer;
  for (const Check& check : checks) {
    if (std::erase(without, check.name) != 0) {
      answer.text += "[+]" + check.name + " excluded: ok\n";
    } else if (check.problem.empty()) {
      answer.text += "[+]" + check.name + " ok\n";
    } else {
      answer.text += "[-]" + check.name + " failed: " + check.problem + "\n";
      answer.status = kFailed;
    }
  }
  for (const std::string& name : without)
    answer.text += "warn: some health checks cannot be excluded: no matches for \"" + name + "\"\n";
  if (answer.status == 200 && !verbose) return {200, "ok"};
  answer.text += std::string(group) + (answer.status == 200 ? " check passed\n" : " check failed\n");
  return answer;
}

}  // namespace

bool is_health_path(std::string_view path) {
  return std::find(kGroups.begin(), kGroups.end(), split(path).group) != kGroups.end();
}

std::optional<HealthAnswer> health_answer(const net::Target& target,
                                          const std::vector<ModuleHealth>& modules) {
  const HealthPath path = split(target.path);
  const std::vector<Check> checks = checks_of(path.group, modules);
  if (path.check.empty())
    return answer_all(path.group, checks, excluded(target), target.find("verbose").has_value());
  const auto found = std::find_if(checks.begin(), checks.end(),
                                  [&](const Check& check) { return check.name == path.check; });
  if (found == checks.end()) return std::nullopt;
  return answer_one(*found);
}

}  // namespace edgecore::metaserver
