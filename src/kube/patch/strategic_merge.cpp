// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/strategic_merge.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <vector>

#include "edgecore/base/error.hpp"
#include "kube/patch/strategic_directives.hpp"

namespace edgecore::kube {
namespace {

/// Applies a patch; `path_` follows the recursion for error texts.
class StrategicMerge {
 public:
  void merge_object(Json& target, const Json& patch, const MergeSchema& schema) {
    if (const auto directive = patch.find(kPatch); directive != patch.end()) {
      const std::string& what = directive_text(*directive);
      if (what == "delete" || what == "replace") target = Json::object();
      if (what == "delete") return;
      if (what != "replace" && what != "merge") refuse(fmt::format("\"{}\" is not a $patch directive", what));
    }
    if (!target.is_object()) target = Json::object();
    retain_keys(target, patch);
    for (const auto& [key, value] : patch.items()) {
      if (key == kPatch || key == kRetainKeys) continue;
      const std::string_view list = list_named_by(key, value);
      if (list.empty()) {
        merge_member(target, key, value, schema);
      } else if (ListPatch(patch, std::string(list)).first_key() == key) {
        patch_list(target, patch, std::string(list), schema);
      }
    }
  }

 private:
  static constexpr MergeSchema kNothingSpecial{};

  /// The list that a member of a patch concerns, directly or by a directive; "" for a member that is not a
  /// list.
  static std::string_view list_named_by(std::string_view key, const Json& value) {
    if (key.starts_with(kDeletePrimitives)) return key.substr(kDeletePrimitives.size());
    if (key.starts_with(kElementOrder)) return key.substr(kElementOrder.size());
    return value.is_array() ? key : std::string_view();
  }

  [[noreturn]] void refuse(const std::string& why) const {
    throw BadInput(fmt::format("The strategic merge patch is wrong at \"{}\": {}", path_, why));
  }

  const std::string& directive_text(const Json& directive) const {
    if (!directive.is_string()) refuse("a $patch directive must be a string");
    return directive.get_ref<const std::string&>();
  }

  /// Removes from a one-of structure the members that the patch's $retainKeys does not list.
  void retain_keys(Json& target, const Json& patch) const {
    const auto wanted = patch.find(kRetainKeys);
    if (wanted == patch.end()) return;
    if (!wanted->is_array()) refuse("$retainKeys must be an array");
    const auto is_wanted = [&](const std::string& key) {
      return std::find(wanted->begin(), wanted->end(), key) != wanted->end();
    };
    for (const auto& [key, value] : patch.items()) {
      if (!key.starts_with('$') && !value.is_null() && !is_wanted(key)) {
        refuse(fmt::format("$retainKeys does not list \"{}\", which the patch sets", key));
      }
    }
    for (auto member = target.begin(); member != target.end();) {
      member = is_wanted(member.key()) ? std::next(member) : target.erase(member);
    }
  }

  void merge_member(Json& target, const std::string& key, const Json& value, const MergeSchema& schema) {
    if (value.is_null()) {
      target.erase(key);
    } else if (value.is_object()) {
      const MergeField* field = schema.find(key);
      const auto outer = enter(key);
      merge_object(target[key], value,
                   field != nullptr && field->type != nullptr ? *field->type : kNothingSpecial);
      path_ = outer;
    } else {
      target[key] = value;
    }
  }

  /// Patches a list by up to three keys, the list and its two directives, at the first of them; a directive
  /// may come alone.
  void patch_list(Json& target, const Json& patch, const std::string& key, const MergeSchema& schema) {
    const ListPatch list(patch, key);
    const auto outer = enter(key);
    const MergeField* field = schema.find(key);
    const ListStrategy strategy = field == nullptr ? ListStrategy::kAtomic : field->list;
    list.check([this](const std::string& why) { refuse(why); });
    if (strategy == ListStrategy::kAtomic) {
      if (list.items != nullptr) target[key] = *list.items;
    } else if (list.items != nullptr || target.contains(key)) {
      Json& current = target[key];
      if (!current.is_array()) current = Json::array();
      const Json before = current;
      if (strategy == ListStrategy::kPrimitives) {
        merge_primitives(current, list);
        if (list.order != nullptr) restore_order(current, before, *list.order, {});
      } else {
        if (list.items != nullptr) merge_elements(current, *list.items, *field);
        if (list.order != nullptr) restore_order(current, before, *list.order, field->merge_key);
      }
    }
    path_ = outer;
  }

  static void merge_primitives(Json& current, const ListPatch& list) {
    if (list.deletions != nullptr) {
      for (const Json& gone : *list.deletions) erase_equal(current, gone);
    }
    if (list.items == nullptr) return;
    for (const Json& item : *list.items) {
      if (std::find(current.begin(), current.end(), item) == current.end()) current.push_back(item);
    }
  }

  void merge_elements(Json& current, const Json& items, const MergeField& field) {
    for (const Json& item : items) {
      if (!item.is_object()) refuse("the elements of this list must be objects");
      const auto directive = item.find(kPatch);
      if (directive != item.end() && directive_text(*directive) == "replace")
        return replace_elements(current, items, field);
    }
    for (const Json& item : items) merge_element(current, item, field);
  }

  void replace_elements(Json& current, const Json& items, const MergeField& field) {
    current = Json::array();
    for (const Json& item : items) {
      if (!item.contains(kPatch)) current.push_back(cleaned(item, field));
    }
  }

  void merge_element(Json& current, const Json& item, const MergeField& field) {
    const Json* key = element_key(item, field.merge_key);
    if (key == nullptr) refuse(fmt::format("an element lacks its merge key \"{}\"", field.merge_key));
    const auto directive = item.find(kPatch);
    if (directive != item.end() && directive_text(*directive) == "delete") {
      return erase_keyed(current, field.merge_key, *key);
    }
    Json* found = find_keyed(current, field.merge_key, *key);
    if (found == nullptr) {
      current.push_back(cleaned(item, field));
    } else {
      merge_object(*found, item, field.type == nullptr ? kNothingSpecial : *field.type);
    }
  }

  /// A new element without the patch's directives and nulls.
  Json cleaned(const Json& item, const MergeField& field) {
    Json element = Json::object();
    merge_object(element, item, field.type == nullptr ? kNothingSpecial : *field.type);
    return element;
  }

  /// Sorts the elements named in `order` into that order. The others keep their places if possible: each
  /// stays before those that it preceded in `before`.
  static void restore_order(Json& current, const Json& before, const Json& order,
                            std::string_view merge_key) {
    struct Placed {
      std::size_t rank;  ///< in the wanted or in the former order
      Json element;
    };
    std::vector<Placed> named;
    std::vector<Placed> others;
    for (Json& element : current) {
      const auto rank = rank_in(order, element, merge_key);
      if (rank < order.size()) {
        named.push_back({rank, std::move(element)});
      } else {
        others.push_back({rank_in(before, element, merge_key), std::move(element)});
      }
    }
    const auto by_rank = [](const Placed& a, const Placed& b) { return a.rank < b.rank; };
    std::stable_sort(named.begin(), named.end(), by_rank);
    std::stable_sort(others.begin(), others.end(), by_rank);
    current = Json::array();
    auto other = others.begin();
    for (Placed& next : named) {
      const auto former = rank_in(before, next.element, merge_key);
      for (; other != others.end() && former < before.size() && other->rank < former; ++other) {
        current.push_back(std::move(other->element));
      }
      current.push_back(std::move(next.element));
    }
    for (; other != others.end(); ++other) current.push_back(std::move(other->element));
  }

  std::string enter(const std::string& key) {
    std::string outer = path_;
    path_ += path_.empty() ? key : "." + key;
    return outer;
  }

  std::string path_;
};

}  // namespace

Json apply_strategic_merge(Json original, const Json& patch, std::string_view kind) {
  require_patchable(patch, "The strategic merge patch");
  if (!original.is_object()) throw BadInput("A strategic merge patch applies to an object only");
  StrategicMerge().merge_object(original, patch, merge_schema(kind));
  return original;
}

}  // namespace edgecore::kube
