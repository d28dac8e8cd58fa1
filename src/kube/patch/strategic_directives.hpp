// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "edgecore/kube/json.hpp"
#include "edgecore/kube/merge_schema.hpp"

namespace edgecore::kube {

/// What applying and creating strategic merge patches share: the directives' names and elements found by key.
inline constexpr const char* kPatch = "$patch";
inline constexpr const char* kRetainKeys = "$retainKeys";
inline constexpr std::string_view kDeletePrimitives = "$deleteFromPrimitiveList/";
inline constexpr std::string_view kElementOrder = "$setElementOrder/";

/// The three keys of a patch that speak of one list.
struct ListPatch {
  ListPatch(const Json& patch, const std::string& name);

  const Json* items = nullptr;
  const Json* deletions = nullptr;
  const Json* order = nullptr;

  /// Of those keys that are there, the first in a patch's order.
  [[nodiscard]] std::string_view first_key() const { return first_key_; }

  /// Calls `refuse(text)` when a directive is not an array.
  template <typename Refuse>
  void check(Refuse refuse) const {
    if (items != nullptr && !items->is_array()) refuse("its directives say it is a list, its value does not");
    if (deletions != nullptr && !deletions->is_array()) refuse("$deleteFromPrimitiveList must be an array");
    if (order != nullptr && !order->is_array()) refuse("$setElementOrder must be an array");
  }

 private:
  std::string first_key_;
};

/// The element's merge key; nullptr when it has none or is no object.
const Json* element_key(const Json& element, std::string_view merge_key);
/// The first element with that key; nullptr when there is none.
Json* find_keyed(Json& list, std::string_view merge_key, const Json& key);
const Json* find_keyed(const Json& list, std::string_view merge_key, const Json& key);
void erase_keyed(Json& list, std::string_view merge_key, const Json& key);
void erase_equal(Json& list, const Json& item);
/// Where the element (by its key, or itself when `merge_key` is empty) stands in `list`; list.size() when
/// nowhere.
std::size_t rank_in(const Json& list, const Json& element, std::string_view merge_key);

/// Throws BadInput unless `value` is an object of bearable depth.
void require_patchable(const Json& value, std::string_view what);

}  // namespace edgecore::kube
