// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/kube/json.hpp"

namespace edgecore::kube {

/// A label selector, from a query parameter `labelSelector` or a LabelSelector object. All requirements must
/// hold; without requirements it selects everything. A plain value; any thread.
class LabelSelector {
 public:
  /// The string form: `a=b,c!=d,e in (f,g),h notin (i),j,!k`. Throws BadInput with the fault and its offset.
  static LabelSelector parse(std::string_view text);
  /// A metav1.LabelSelector object (matchLabels, matchExpressions). An absent or null one selects nothing, an
  /// empty one everything, as in the Kubernetes API. Throws BadInput.
  static LabelSelector from_json(const Json& selector);

  [[nodiscard]] bool matches(const std::map<std::string, std::string>& labels) const;
  [[nodiscard]] bool selects_everything() const { return !nothing_ && requirements_.empty(); }

 private:
  enum class Operator { kIn, kNotIn, kExists, kDoesNotExist };
  struct Requirement {
    std::string key;
    Operator op;
    std::vector<std::string> values;
  };
  friend class LabelSelectorParser;
  void add(Requirement requirement);
  static Operator operator_named(const std::string& name);

  std::vector<Requirement> requirements_;
  bool nothing_ = false;
};

/// A field selector: `metadata.name=a,status.phase!=Running`. Accepts any dotted path to a scalar; the server
/// decides which paths a resource supports (see `paths`).
class FieldSelector {
 public:
  /// Operators =, ==, !=; the characters `,`, `=` and `\` in values are escaped by `\`. Throws BadInput.
  static FieldSelector parse(std::string_view text);

  /// An absent field compares as the empty string, a bool or number as its JSON text.
  [[nodiscard]] bool matches(const Json& object) const;
  [[nodiscard]] bool selects_everything() const { return requirements_.empty(); }
  /// The value that `=` requires of a path; nullopt if there is no such requirement. With `metadata.name` and
  /// `metadata.namespace` a server reads fewer objects.
  [[nodiscard]] std::optional<std::string> required_value(std::string_view path) const;
  [[nodiscard]] std::vector<std::string> paths() const;

 private:
  struct Requirement {
    std::string path;
    bool equal;
    std::string value;
  };
  std::vector<Requirement> requirements_;
};

}  // namespace edgecore::kube
