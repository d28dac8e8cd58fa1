#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/kube/json.hpp"

namespace edgecore::kube {

/// One resource of the API in one version: built in, or what a CustomResourceDefinition says.
struct ApiResource {
  std::string group, version, plural, singular, kind, list_kind;
  bool namespaced = true;
  bool preferred = true;  ///< the version to use when none is asked for
  bool has_status = true;
  bool has_scale = false;
  std::vector<std::string> short_names, categories;
  std::string crd;                      ///< name of the CRD, "" for built-in ones
  std::shared_ptr<const Json> schema;   ///< openAPIV3Schema of a CRD's version; may be null
  std::shared_ptr<const Json> columns;  ///< its additionalPrinterColumns; may be null

  /// "v1", "apps/v1".
  [[nodiscard]] std::string api_version() const;
  /// "pods", "leases.coordination.k8s.io": how errors name it.
  [[nodiscard]] std::string qualified() const;
};
using ApiResourcePtr = std::shared_ptr<const ApiResource>;

/// Which resources there are: the built-in kinds and the CRDs that were learned. One owner, one thread; the
/// rows it gives out stay valid when they are replaced here.
class ApiResources {
 public:
  ApiResources();

  /// Takes a CustomResourceDefinition (apiextensions.k8s.io/v1) in, in place of what it said before. False
  /// when nothing changed. Throws BadInput for an object that is none; built-in resources are never replaced.
  bool learn(const Json& crd);
  /// False when it was not known.
  bool forget(std::string_view crd_name);

  [[nodiscard]] ApiResourcePtr find(std::string_view group, std::string_view version,
                                    std::string_view plural) const;
  /// By kind; nullptr when unknown.
  [[nodiscard]] ApiResourcePtr find_kind(std::string_view group, std::string_view version,
                                         std::string_view kind) const;
  /// All of them, by group (core first), version in order of preference, plural.
  [[nodiscard]] const std::vector<ApiResourcePtr>& all() const;
  /// Raised by every change: documents made from this are good as long as it stays.
  [[nodiscard]] unsigned long revision() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace edgecore::kube
