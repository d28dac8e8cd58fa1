// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cloudsim/api_error.hpp"
#include "cloudsim/kinds.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/kube/json.hpp"

namespace edgecore::cloudsim {

/// A stored object: immutable, with kind and apiVersion.
using Object = std::shared_ptr<const Json>;

enum class ChangeType : std::uint8_t { kAdded, kModified, kDeleted };

/// One step of the cluster's history.
struct Change {
  ChangeType type = ChangeType::kAdded;
  const ResourceKind* kind = nullptr;
  Object object;  ///< for `deleted` the last state, with the resourceVersion of the deletion
  Object before;  ///< null for `added`
  std::uint64_t version = 0;
};

/// kApply: server-side apply, which only merges here.
enum class PatchType : std::uint8_t { kJson, kMerge, kStrategic, kApply };
/// The patch type of a media type, without parameters; nullopt for another media type.
std::optional<PatchType> patch_type(std::string_view media_type);

/// The options of a deletion.
struct DeleteOptions {
  std::optional<std::int64_t> grace_seconds;
  std::string uid;               ///< precondition; "" = none
  std::string resource_version;  ///< precondition; "" = none
};

struct Deletion {
  Object object;
  bool removed = true;  ///< false: it only got a deletionTimestamp and waits for grace period or finalizers
};

/// The objects of a Kubernetes cluster and an API server's rules for them: versions, uids, conflicts,
/// defaults and admission, subresource `status`, graceful deletion of pods, kinds of
/// CustomResourceDefinitions. One thread. All functions throw ApiError with an API server's answer. Hides how
/// objects are stored.
class Cluster {
 public:
  /// `clock` must outlive the cluster.
  explicit Cluster(const Clock& clock) : clock_(clock) {}
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  /// Creates the namespaces of a fresh cluster. `root_ca` goes into each namespace's kube-root-ca.crt.
  void bootstrap(const std::string& root_ca);

  Object create(const ResourceKind& kind, const std::string& ns, Json object);
  /// nullptr if it does not exist.
  [[nodiscard]] Object find(const ResourceKind& kind, const std::string& ns, const std::string& name) const;
  /// Throws NotFound if it does not exist.
  [[nodiscard]] Object get(const ResourceKind& kind, const std::string& ns, const std::string& name) const;
  /// All objects of a kind, or those of a namespace, by namespace and name.
  [[nodiscard]] std::vector<Object> list(const ResourceKind& kind, const std::string& ns = {}) const;
  /// Replaces the object, or with subresource "status" its status. A resourceVersion in `object` must be
  /// current; some kinds need one.
  Object update(const ResourceKind& kind, const std::string& ns, const std::string& name, Json object,
                std::string_view subresource = {});
  Object patch(const ResourceKind& kind, const std::string& ns, const std::string& name, PatchType type,
               const Json& patch, std::string_view subresource = {});
  Deletion remove(const ResourceKind& kind, const std::string& ns, const std::string& name,
                  const DeleteOptions& options = {});
  /// The pod's subresource `binding`: the only way to give it a node.
  Object bind(const std::string& ns, const std::string& name, const std::string& node);
  /// Whether the kind has the subresource.
  [[nodiscard]] bool has_subresource(const ResourceKind& kind, std::string_view subresource) const;

  /// While one exists, writes are checked and answered but not stored: a client's dryRun.
  class Rehearsal {
   public:
    explicit Rehearsal(Cluster& cluster) : cluster_(cluster) { ++cluster_.rehearsals_; }
    ~Rehearsal() { --cluster_.rehearsals_; }
    Rehearsal(const Rehearsal&) = delete;
    Rehearsal& operator=(const Rehearsal&) = delete;

   private:
    Cluster& cluster_;
  };

  /// The served kinds.
  [[nodiscard]] const Kinds& kinds() const { return kinds_; }

  /// The newest resourceVersion.
  [[nodiscard]] std::uint64_t version() const { return version_; }
  /// Changes after `version`, oldest first; nullopt if the history does not reach back that far.
  [[nodiscard]] std::optional<std::vector<Change>> since(std::uint64_t version,
                                                         const ResourceKind& kind) const;
  /// Called after each change, within the call that made it: only take note, do not write.
  void observe(std::function<void(const Change&)> observer) { observers_.push_back(std::move(observer)); }

  /// Saves everything as one document, and loads it without notifying observers.
  [[nodiscard]] Json save() const;
  void load(const Json& saved);

  [[nodiscard]] WallTime now() const { return clock_.wall(); }

 private:
  using Key = std::pair<std::string, std::string>;   // namespace, name
  using Kind = std::pair<std::string, std::string>;  // group, plural

  Object commit(const ResourceKind& kind, ChangeType type, Json object, const Object& before);
  void announce(Change change);
  Object replace(const ResourceKind& kind, const Object& before, Json after, std::string_view subresource);
  void check_writable(const ResourceKind& kind, std::string_view subresource) const;
  [[nodiscard]] Json replaced_spec(const ResourceKind& kind, const Json& before, Json after) const;
  Deletion remove_pod(const ResourceKind& kind, const Object& object, const DeleteOptions& options);
  [[nodiscard]] std::int64_t first_grace(const Json& pod, const DeleteOptions& options) const;
  Deletion erase(const ResourceKind& kind, const Object& object);
  Deletion mark(const ResourceKind& kind, const Object& object, std::int64_t grace);
  void define(Json& definition);
  void clear(const ResourceKind& kind, const std::string& ns);
  [[nodiscard]] bool node_exists(const std::string& name) const;
  [[nodiscard]] bool has_status(const ResourceKind& kind) const;

  const Clock& clock_;
  Kinds kinds_;
  int rehearsals_ = 0;
  std::map<Kind, std::map<Key, Object>> objects_;
  std::uint64_t version_ = 1000;
  std::deque<Change> history_;
  std::uint64_t forgotten_ = 0;  ///< newest version dropped from the history
  std::vector<std::function<void(const Change&)>> observers_;
  std::string root_ca_;
};

/// A resourceVersion as a number; 0 if it is not a number.
std::uint64_t version_number(std::string_view text);
/// The numeric metadata.resourceVersion; 0 if it has none.
std::uint64_t version_of(const Json& object);
inline std::string name_of(const Json& object) {
  return kube::string_or(object, "metadata.name");
}
inline std::string namespace_of(const Json& object) {
  return kube::string_or(object, "metadata.namespace");
}
inline std::string uid_of(const Json& object) {
  return kube::string_or(object, "metadata.uid");
}

/// Whether the Node has the label of edge nodes.
bool is_edge(const Json& node);

/// The object in the API version of `kind`.
Json in_version(const ResourceKind& kind, const Json& object);
/// The plural in error messages: "pods", "leases.coordination.k8s.io".
std::string resource_name(const ResourceKind& kind);
/// 404: the cluster serves no such resource, or the kind no such subresource.
kube::Status unknown_resource(const std::string& resource);
/// A row of the built-in table; the name must be in it.
const ResourceKind& kind_named(std::string_view kind);

}  // namespace edgecore::cloudsim
