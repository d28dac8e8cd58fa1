// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/kube/json.hpp"

namespace edgecore::kube {

/// One resource of the API in one version, built in or from a CustomResourceDefinition. A plain value.
struct ApiResource {
  std::string group, version, plural, singular, kind, list_kind;
  bool namespaced = true;
  bool preferred = true;  ///< the version to use if none is requested
  bool has_status = true;
  bool has_scale = false;
  std::vector<std::string> short_names, categories;
  std::string crd;                            ///< name of its CRD, "" if it has none
  std::shared_ptr<const std::string> schema;  ///< JSON text of its openAPIV3Schema; may be null
  std::shared_ptr<const Json> columns;        ///< its additionalPrinterColumns, an array; may be null

  /// "v1", "apps/v1".
  [[nodiscard]] std::string api_version() const;
  /// "pods", "leases.coordination.k8s.io": how errors name it.
  [[nodiscard]] std::string qualified() const;

  bool operator==(const ApiResource& other) const;
};
using ApiResourcePtr = std::shared_ptr<const ApiResource>;

/// Limits for CRDs. A schema above its limit is dropped, because only `kubectl explain` needs it.
struct ApiResourceLimits {
  std::size_t max_crds = 2000;
  std::size_t max_versions = 32;  ///< of one CRD
  std::size_t max_columns = 64;   ///< of one version; the rest is dropped
  std::size_t max_schema_bytes = std::size_t{256} << 10;
  std::size_t max_all_schema_bytes = std::size_t{4} << 20;  ///< of all CRDs together
};

/// The resources of the API: the built-in kinds and the learned CRDs. One owner, one thread; rows that it has
/// returned stay valid when they are replaced here.
///
/// The kinds of KubeEdge are built in here but CRDs in the cluster: the CRD of a built-in resource adds
/// versions, schema and columns; kind, scope and the built-in versions stay.
class ApiResources {
 public:
  explicit ApiResources(const ApiResourceLimits& limits = {});
  ~ApiResources();
  ApiResources(ApiResources&&) noexcept;
  ApiResources& operator=(ApiResources&&) noexcept;

  /// Adds or replaces a CustomResourceDefinition (apiextensions.k8s.io/v1): only its served versions, and
  /// none while it is not established. False if nothing changed. Throws BadInput for an object that is not a
  /// CRD or exceeds the limits.
  bool learn(const Json& crd);
  /// False if it was unknown.
  bool forget(std::string_view crd_name);

  /// nullptr when unknown. With an empty version: the preferred one. One hash lookup, no allocation.
  [[nodiscard]] ApiResourcePtr find(std::string_view group, std::string_view version,
                                    std::string_view plural) const;
  /// By kind; nullptr when unknown. With an empty version: the preferred one.
  [[nodiscard]] ApiResourcePtr find_kind(std::string_view group, std::string_view version,
                                         std::string_view kind) const;
  /// All resources, sorted by group (core first), version in order of preference, plural. The reference is
  /// valid until the next change.
  [[nodiscard]] const std::vector<ApiResourcePtr>& all() const;
  /// Rises with every change: a document made from this is current while the revision is the same.
  [[nodiscard]] unsigned long revision() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// True if `left` precedes `right` in Kubernetes' order of versions: v2, v1, v1beta2, v1beta1, v1alpha1, then
/// all other names alphabetically.
bool version_before(std::string_view left, std::string_view right);

}  // namespace edgecore::kube
