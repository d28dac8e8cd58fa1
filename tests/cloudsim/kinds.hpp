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

/// Which kinds the cluster serves: the built-in table and what CustomResourceDefinitions add to it. A row
/// that was given out stays valid as long as this lives, also when its definition is gone. One thread.
class Kinds {
 public:
  Kinds() = default;
  Kinds(const Kinds&) = delete;
  Kinds& operator=(const Kinds&) = delete;

  /// Takes the served versions of a CustomResourceDefinition (apiextensions.k8s.io/v1) in, in place of what
  /// it said before. What the table has is never replaced. Throws BadInput for an object that is none.
  void define(const Json& definition);
  /// The kinds of a definition, by its name, are served no longer.
  void remove(const std::string& definition);
  /// One row for each resource a definition defines, whatever its versions.
  [[nodiscard]] const ResourceKind* defined_by(const std::string& definition) const;

  /// An empty `version` stands for the preferred one. nullptr when it is not served.
  [[nodiscard]] const ResourceKind* find_plural(std::string_view plural, std::string_view group,
                                                std::string_view version = {}) const;
  [[nodiscard]] const ResourceKind* find_kind(std::string_view kind, std::string_view group) const;
  /// All namespaced kinds, for whoever clears a namespace away.
  [[nodiscard]] std::vector<const ResourceKind*> namespaced() const;
  /// Whether a defined kind's status only changes through the subresource.
  [[nodiscard]] bool has_status(const ResourceKind& kind) const;

  /// A discovery document with the defined kinds in it: `builtin` is what there is without them.
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

/// Whether two rows are versions of one resource: their objects are the same ones.
bool same_resource(const ResourceKind& one, const ResourceKind& other);

/// What a definition's status says once the API server has taken it in.
Json established(const Json& definition, const std::string& now);

}  // namespace edgecore::cloudsim
