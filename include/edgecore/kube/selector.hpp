// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/kube/json.hpp"

namespace edgecore::kube {

/// A label selector: what a query parameter `labelSelector`, or a LabelSelector object says. All
/// requirements must hold; none at all selects everything. A plain value; any thread.
class LabelSelector {
 public:
  /// The string form: `a=b,c!=d,e in (f,g),h notin (i),j,!k`. Throws BadInput, with what is wrong where.
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

/// A field selector: `metadata.name=a,status.phase!=Running`. Any dotted path to a scalar is understood;
/// which paths a resource offers is for the server to say (see `paths`).
class FieldSelector {
 public:
  /// Operators =, ==, !=; the characters `,`, `=` and `\` in values are escaped by `\`. Throws BadInput.
  static FieldSelector parse(std::string_view text);

  /// An absent field compares as the empty string, true and numbers as their JSON text.
  [[nodiscard]] bool matches(const Json& object) const;
  [[nodiscard]] bool selects_everything() const { return requirements_.empty(); }
  /// The value required of a path by `=`; nullopt when there is none. For `metadata.name` and
  /// `metadata.namespace` this narrows what must be read.
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
