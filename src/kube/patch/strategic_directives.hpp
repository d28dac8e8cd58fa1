// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "edgecore/kube/json.hpp"
#include "edgecore/kube/merge_schema.hpp"

namespace edgecore::kube {

/// Shared by applying and creating strategic merge patches: names of directives, look-up of elements by key.
inline constexpr const char* kPatch = "$patch";
inline constexpr const char* kRetainKeys = "$retainKeys";
inline constexpr std::string_view kDeletePrimitives = "$deleteFromPrimitiveList/";
inline constexpr std::string_view kElementOrder = "$setElementOrder/";

/// The three keys of a patch that concern one list.
struct ListPatch {
  ListPatch(const Json& patch, const std::string& name);

  const Json* items = nullptr;
  const Json* deletions = nullptr;
  const Json* order = nullptr;

  /// The first of those keys in the order of the patch.
  [[nodiscard]] std::string_view first_key() const { return first_key_; }

  /// Calls `refuse(text)` if the list or a directive is not an array.
  template <typename Refuse>
  void check(Refuse refuse) const {
    if (items != nullptr && !items->is_array()) refuse("it has directives of a list but is not a list");
    if (deletions != nullptr && !deletions->is_array()) refuse("$deleteFromPrimitiveList must be an array");
    if (order != nullptr && !order->is_array()) refuse("$setElementOrder must be an array");
  }

 private:
  std::string first_key_;
};

/// The element's merge key; nullptr if it has none or is not an object.
const Json* element_key(const Json& element, std::string_view merge_key);
/// The first element with that key; nullptr if it is missing.
Json* find_keyed(Json& list, std::string_view merge_key, const Json& key);
const Json* find_keyed(const Json& list, std::string_view merge_key, const Json& key);
void erase_keyed(Json& list, std::string_view merge_key, const Json& key);
void erase_equal(Json& list, const Json& item);
/// Index in `list` of the element, compared by its key, or by value if `merge_key` is empty; list.size() if
/// missing.
std::size_t rank_in(const Json& list, const Json& element, std::string_view merge_key);

/// Throws BadInput unless `value` is an object within the depth limit.
void require_patchable(const Json& value, std::string_view what);

}  // namespace edgecore::kube
