// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "metaserver/cache/object_cache.hpp"

namespace edgecore::metaserver {

/// What a `continue` token is good for: the same list by the same user, and nothing else. Otherwise the token
/// of a list of Secrets would bring Secrets to whoever may list ConfigMaps.
struct PageSubject {
  std::string user;
  std::string group, version, resource;
  std::string ns, name;
  std::string labels, fields;  ///< selectors as written
  bool operator==(const PageSubject&) const = default;
};

/// The objects of paged lists at the time of their first page: a small number of lists and bytes, for some
/// minutes. A user's own oldest list goes first. Belongs to ListAnswers.
class PageSnapshots {
 public:
  struct Limits {
    std::size_t lists = 16;
    std::size_t lists_per_user = 4;
    /// Of all objects. Most are the cache's own, but a snapshot may be the last that holds one.
    std::size_t bytes = std::size_t{32} << 20;
    std::chrono::minutes kept_for{5};
  };
  struct Snapshot {
    std::string id;
    PageSubject subject;
    std::vector<ObjectPtr> objects;
    std::uint64_t version = 0;
    std::size_t bytes = 0;
    SteadyTime made{};
  };

  PageSnapshots() : PageSnapshots(Limits()) {}
  explicit PageSnapshots(Limits limits) : limits_(limits) {}

  /// Valid until the next call.
  const Snapshot& add(PageSubject subject, std::vector<ObjectPtr> objects, std::uint64_t version,
                      SteadyTime now);
  /// null if it is forgotten, or was made for another subject.
  const Snapshot* find(std::string_view id, const PageSubject& subject, SteadyTime now);

  [[nodiscard]] std::size_t size() const { return all_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  void forget(std::deque<Snapshot>::iterator at);
  void forget_old(SteadyTime now);
  void make_room(const std::string& user);

  Limits limits_;
  std::deque<Snapshot> all_;  ///< oldest first
  std::size_t bytes_ = 0;
};

/// The `continue` token of a page: which snapshot, and where in it the page begins.
[[nodiscard]] std::string page_token(const std::string& id, std::size_t at);
/// nullopt: the token is not this node's.
[[nodiscard]] std::optional<std::pair<std::string, std::size_t>> read_page_token(const std::string& token);
/// Whether the token may be one of the cluster's API server: a JSON object in base64.
[[nodiscard]] bool is_cluster_token(const std::string& token);

}  // namespace edgecore::metaserver
