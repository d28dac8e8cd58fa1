// SPDX-License-Identifier: Apache-2.0
#include "metaserver/api/page_snapshots.hpp"

#include <algorithm>

#include "edgecore/base/error.hpp"
#include "edgecore/base/uuid.hpp"
#include "edgecore/kube/identity.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/net/digest.hpp"

namespace edgecore::metaserver {
namespace {

/// "" if it is no base64.
std::string text_of_token(const std::string& token) {
  try {
    return net::base64url_decode(token);
  } catch (const BadInput&) {
    return {};
  }
}

}  // namespace

const PageSnapshots::Snapshot& PageSnapshots::add(PageSubject subject, std::vector<ObjectPtr> objects,
                                                  std::uint64_t version, SteadyTime now) {
  forget_old(now);
  Snapshot made;
  made.id = uuid_v4();
  made.subject = std::move(subject);
  made.objects = std::move(objects);
  made.version = version;
  made.made = now;
  for (const ObjectPtr& object : made.objects) made.bytes += object->bytes();
  bytes_ += made.bytes;
  all_.push_back(std::move(made));
  make_room(all_.back().subject.user);
  return all_.back();
}

const PageSnapshots::Snapshot* PageSnapshots::find(std::string_view id, const PageSubject& subject,
                                                   SteadyTime now) {
  forget_old(now);
  const auto at =
      std::ranges::find_if(all_, [&](const Snapshot& one) { return one.id == id && one.subject == subject; });
  return at == all_.end() ? nullptr : &*at;
}

void PageSnapshots::forget(std::deque<Snapshot>::iterator at) {
  bytes_ -= at->bytes;
  all_.erase(at);
}

void PageSnapshots::forget_old(SteadyTime now) {
  while (!all_.empty() && now - all_.front().made > limits_.kept_for) forget(all_.begin());
}

/// The newest one stays in any case: its first page is being sent.
void PageSnapshots::make_room(const std::string& user) {
  const auto is_theirs = [&](const Snapshot& one) { return one.subject.user == user; };
  while (static_cast<std::size_t>(std::ranges::count_if(all_, is_theirs)) > limits_.lists_per_user)
    forget(std::ranges::find_if(all_, is_theirs));
  while (all_.size() > 1 && (all_.size() > limits_.lists || bytes_ > limits_.bytes)) forget(all_.begin());
}

std::string page_token(const std::string& id, std::size_t at) {
  return net::base64url(id + "/" + std::to_string(at));
}

std::optional<std::pair<std::string, std::size_t>> read_page_token(const std::string& token) {
  const std::string text = text_of_token(token);
  const std::size_t slash = text.find('/');
  const auto at =
      slash == std::string::npos ? std::nullopt : kube::parse_resource_version(text.substr(slash + 1));
  if (!at) return std::nullopt;
  return std::pair(text.substr(0, slash), static_cast<std::size_t>(*at));
}

bool is_cluster_token(const std::string& token) {
  try {
    return kube::parse_json(text_of_token(token), "The continue token").is_object();
  } catch (const BadInput&) {
    return false;
  }
}

}  // namespace edgecore::metaserver
