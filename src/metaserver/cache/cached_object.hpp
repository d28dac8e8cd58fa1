// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "edgecore/kube/json.hpp"
#include "edgecore/kube/json_text.hpp"

namespace edgecore::metaserver {

using kube::each_element;
using kube::find_member;
using kube::plain_string;
using kube::string_member;
using kube::TextRange;

class CachedObject;
using ObjectPtr = std::shared_ptr<const CachedObject>;

/// One version of an object: its JSON text, and the places of the members that are read often. Immutable;
/// shared by the cache, the ring of events and the answers that are being sent. About 170 bytes besides the
/// text.
class CachedObject {
 public:
  /// `text` is one JSON object, at most 16 MiB. Throws BadInput if it is not, or has no metadata.name.
  static ObjectPtr make(std::string_view text);
  /// make() for a text that is known to be JSON.
  static ObjectPtr make_checked(std::string_view text);
  /// The object with another metadata.resourceVersion.
  static ObjectPtr with_version(const CachedObject& object, std::uint64_t version);

  explicit CachedObject(std::string text);

  [[nodiscard]] std::string_view text() const { return std::string_view(line_).substr(0, line_.size() - 1); }
  /// The text and a newline, which is the body of an answer.
  [[nodiscard]] static std::shared_ptr<const std::string> line(const ObjectPtr& object) {
    return {object, &object->line_};
  }
  [[nodiscard]] std::string_view metadata() const { return metadata_.of(line_); }
  [[nodiscard]] std::string_view ns() const { return ns_.of(line_); }
  [[nodiscard]] std::string_view name() const { return name_.of(line_); }
  [[nodiscard]] std::string_view uid() const { return uid_.of(line_); }
  /// 0 if it is missing or no number.
  [[nodiscard]] std::uint64_t version() const { return version_; }
  /// The string at a path of keys; "" if there is none.
  [[nodiscard]] std::string_view string_at(std::initializer_list<std::string_view> keys) const {
    return string_member(text(), keys);
  }
  [[nodiscard]] std::map<std::string, std::string> labels() const;
  [[nodiscard]] Json json() const;
  [[nodiscard]] std::size_t bytes() const { return line_.size(); }

 private:
  std::string line_;
  std::uint64_t version_ = 0;
  TextRange metadata_, ns_, name_, uid_;
};

/// Orders by namespace, then name; also compares with such a pair.
struct ObjectOrder {
  using is_transparent = void;
  using Name = std::pair<std::string_view, std::string_view>;
  static Name name_of(const ObjectPtr& object) { return {object->ns(), object->name()}; }
  static const Name& name_of(const Name& name) { return name; }
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    return name_of(a) < name_of(b);
  }
};

}  // namespace edgecore::metaserver
