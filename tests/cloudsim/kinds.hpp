// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/kube/json.hpp"
#include "edgecore/kube/resource_kinds.hpp"

namespace edgecore::cloudsim {

using kube::ResourceKind;

/// The kinds that the cluster serves: the built-in table and those of CustomResourceDefinitions. A returned
/// row stays valid as long as this object, even after its definition was deleted. One thread.
class Kinds {
 public:
  Kinds() = default;
  Kinds(const Kinds&) = delete;
  Kinds& operator=(const Kinds&) = delete;

  /// Takes the served versions of a CustomResourceDefinition (apiextensions.k8s.io/v1), replacing its earlier
  /// ones. Never replaces built-in kinds. Throws BadInput for a malformed object.
  void define(const Json& definition);
  /// Stops serving the kinds of a definition, by its name.
  void remove(const std::string& definition);
  /// One row for each resource of a definition, whatever its versions.
  [[nodiscard]] const ResourceKind* defined_by(const std::string& definition) const;

  /// An empty `version` means the preferred one. nullptr if it is not served.
  [[nodiscard]] const ResourceKind* find_plural(std::string_view plural, std::string_view group,
                                                std::string_view version = {}) const;
  [[nodiscard]] const ResourceKind* find_kind(std::string_view kind, std::string_view group) const;
  /// All namespaced kinds, for deleting a namespace's objects.
  [[nodiscard]] std::vector<const ResourceKind*> namespaced() const;
  /// Whether a defined kind's status changes only through the subresource.
  [[nodiscard]] bool has_status(const ResourceKind& kind) const;

  /// Adds the defined kinds to a discovery document; `builtin` is the document without them.
  [[nodiscard]] std::optional<Json> discovery(const std::string& path, std::optional<Json> builtin) const;

 private:
  struct Custom {
    std::string definition, kind, plural, singular, group, version, short_names;
    bool served = true;
    bool has_status = false;
    ResourceKind row{};
  };
  Custom& row_for(const std::string& definition, const Json& names, const std::string& group,
                  const std::string& version, bool namespaced);
  [[nodiscard]] Json group_document(const std::string& group) const;
  [[nodiscard]] Json resources(const std::string& group, const std::string& version) const;

  std::vector<std::unique_ptr<Custom>> custom_;  ///< in order of definition and preference, never shortened
};

/// Whether two rows are versions of one resource, so that they have the same objects.
bool same_resource(const ResourceKind& one, const ResourceKind& other);

/// A definition's status after the API server has accepted it.
Json established(const Json& definition, const std::string& now);

}  // namespace edgecore::cloudsim
