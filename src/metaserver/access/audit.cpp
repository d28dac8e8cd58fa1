// SPDX-License-Identifier: Apache-2.0
#include "metaserver/access/audit.hpp"

#include <spdlog/fmt/fmt.h>

#include "edgecore/base/log.hpp"
#include "edgecore/kube/quoted.hpp"

namespace edgecore::metaserver {
namespace {

constexpr std::size_t kMaxClients = 500;
constexpr double kLinesPerSecond = 1.0 / 60;
constexpr double kLinesAtOnce = 5;
/// A name of Kubernetes has at most 253 characters.
constexpr std::size_t kMaxName = 253;

/// In quotes that the text itself cannot close.
std::string name(std::string_view text) {
  return kube::quoted(log::quote(text, kMaxName));
}

std::string what_was_asked(const Attributes& asked) {
  const std::string verb = log::quote(asked.verb, kMaxName);
  if (!asked.is_resource) return verb + " path " + name(asked.path);
  std::string text =
      verb + " " +
      name(asked.subresource.empty() ? asked.resource : asked.resource + "/" + asked.subresource);
  if (!asked.group.empty()) text += " of group " + name(asked.group);
  if (!asked.name.empty()) text += " named " + name(asked.name);
  return text + (asked.ns.empty() ? " in the cluster" : " in namespace " + name(asked.ns));
}

}  // namespace

std::string denial_line(const Denial& denial) {
  const std::string who = denial.user == nullptr ? "an unknown client" : "user " + name(denial.user->name);
  std::string line = fmt::format("denied {}: {} at {}: {}", denial.code, who, log::quote(denial.peer_address),
                                 what_was_asked(denial.attributes));
  if (!denial.why.empty()) line += ": " + log::quote(denial.why, 500);
  return line;
}

DenialLog::Client& DenialLog::client(const Denial& denial) {
  // A user's name never begins with this sign.
  std::string key = denial.user == nullptr ? "@" + std::string(denial.peer_address) : denial.user->name;
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    clients_.splice(clients_.begin(), clients_, found->second);
    return clients_.front();
  }
  if (clients_.size() >= kMaxClients) {
    by_key_.erase(clients_.back().key);
    clients_.pop_back();
  }
  clients_.push_front({std::move(key), TokenBucket(kLinesPerSecond, kLinesAtOnce), 0});
  by_key_.emplace(clients_.front().key, clients_.begin());
  return clients_.front();
}

std::optional<std::string> DenialLog::line(const Denial& denial, SteadyTime now) {
  Client& from = client(denial);
  if (from.lines.take(now) || all_lines_.take(now)) {
    ++from.left_out;
    return std::nullopt;
  }
  std::string text = denial_line(denial);
  if (from.left_out > 0) text += fmt::format(" (and {} more of this client)", from.left_out);
  from.left_out = 0;
  return text;
}

}  // namespace edgecore::metaserver
