// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/kube/json.hpp"

namespace edgecore::kube {

/// One resource of the API in one version: built in, or what a CustomResourceDefinition says. A plain value.
struct ApiResource {
  std::string group, version, plural, singular, kind, list_kind;
  bool namespaced = true;
  bool preferred = true;  ///< the version of this resource to use when none is asked for
  bool has_status = true;
  bool has_scale = false;
  std::vector<std::string> short_names, categories;
  std::string crd;                            ///< name of the CRD that describes it, "" when none does
  std::shared_ptr<const std::string> schema;  ///< JSON text of its openAPIV3Schema; may be null
  std::shared_ptr<const Json> columns;        ///< its additionalPrinterColumns, an array; may be null

  /// "v1", "apps/v1".
  [[nodiscard]] std::string api_version() const;
  /// "pods", "leases.coordination.k8s.io": how errors name it.
  [[nodiscard]] std::string qualified() const;

  bool operator==(const ApiResource& other) const;
};
using ApiResourcePtr = std::shared_ptr<const ApiResource>;

/// What CRDs may cost. A schema beyond its limit is left out: it only serves `kubectl explain`.
struct ApiResourceLimits {
  std::size_t max_crds = 2000;
  std::size_t max_versions = 32;  ///< of one CRD
  std::size_t max_columns = 64;   ///< of one version; what goes beyond is left out
  std::size_t max_schema_bytes = std::size_t{256} << 10;
  std::size_t max_all_schema_bytes = std::size_t{4} << 20;  ///< of all CRDs together
};

/// Which resources there are: the built-in kinds and the CRDs that were learned. One owner, one thread; the
/// rows it gives out stay valid when they are replaced here.
///
/// The kinds of KubeEdge are built in and are CRDs in the cluster: a CRD of a built-in resource adds its
/// further versions, its schema and its columns; kind, scope and the built-in versions stay.
class ApiResources {
 public:
  explicit ApiResources(const ApiResourceLimits& limits = {});
  ~ApiResources();
  ApiResources(ApiResources&&) noexcept;
  ApiResources& operator=(ApiResources&&) noexcept;

  /// Takes a CustomResourceDefinition (apiextensions.k8s.io/v1) in, in place of what it said before; only
  /// versions that are served, and none of a CRD that is not established. False when nothing changed. Throws
  /// BadInput for an object that is none and for one beyond the limits.
  bool learn(const Json& crd);
  /// False when it was not known.
  bool forget(std::string_view crd_name);

  /// nullptr when unknown. With an empty version: the preferred one. One hash lookup, no allocation.
  [[nodiscard]] ApiResourcePtr find(std::string_view group, std::string_view version,
                                    std::string_view plural) const;
  /// By kind; nullptr when unknown. With an empty version: the preferred one.
  [[nodiscard]] ApiResourcePtr find_kind(std::string_view group, std::string_view version,
                                         std::string_view kind) const;
  /// All of them, by group (core first), version in order of preference, plural. The reference is good until
  /// the next change.
  [[nodiscard]] const std::vector<ApiResourcePtr>& all() const;
  /// Raised by every change: documents made from this are good as long as it stays.
  [[nodiscard]] unsigned long revision() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// True when `left` goes before `right` in Kubernetes' order of versions: v2, v1, v1beta2, v1beta1, v1alpha1,
/// then whatever is no such version, alphabetically.
bool version_before(std::string_view left, std::string_view right);

}  // namespace edgecore::kube
