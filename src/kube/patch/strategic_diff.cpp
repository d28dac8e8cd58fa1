// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "edgecore/kube/strategic_merge.hpp"
#include "kube/patch/strategic_directives.hpp"

namespace edgecore::kube {
namespace {

constexpr MergeSchema kNothingSpecial{};

Json diff_objects(const Json& original, const Json& modified, const MergeSchema& schema);

const MergeSchema& schema_of(const MergeField* field) {
  return field == nullptr || field->type == nullptr ? kNothingSpecial : *field->type;
}

/// Lists the remaining members of a one-of structure, so that the server removes the former one.
void add_retained_keys(Json& patch, const Json& modified) {
  patch[kRetainKeys] = Json::array();
  for (const auto& [key, value] : modified.items()) patch[kRetainKeys].push_back(key);
}

/// Whether the elements of a list can be told apart by their merge key.
bool is_keyed(const Json& list, std::string_view merge_key) {
  for (const Json& element : list) {
    const Json* key = element_key(element, merge_key);
    if (key == nullptr || key->is_structured()) return false;
    if (find_keyed(list, merge_key, *key) != &element) return false;
  }
  return true;
}

Json keys_of(const Json& list, std::string_view merge_key) {
  Json keys = Json::array();
  for (const Json& element : list)
    keys.push_back({{std::string(merge_key), *element_key(element, merge_key)}});
  return keys;
}

/// Whether elements that are in both lists stand in another order.
bool order_changed(const Json& original, const Json& modified, std::string_view merge_key) {
  std::size_t last = 0;
  for (const Json& element : modified) {
    const auto rank = rank_in(original, element, merge_key);
    if (rank == original.size()) continue;
    if (rank < last) return true;
    last = rank;
  }
  return false;
}

/// A list that cannot be merged by key is sent whole.
void replace_list(Json& patch, const std::string& name, const Json& modified) {
  patch[name] = modified;
  patch[name].push_back({{kPatch, "replace"}});
}

Json diff_element(const Json& original, const Json& modified, const MergeField& field) {
  Json change = diff_objects(original, modified, schema_of(&field));
  if (change.empty()) return change;
  change[std::string(field.merge_key)] = *element_key(modified, field.merge_key);
  if (field.retain_keys) add_retained_keys(change, modified);
  return change;
}

void diff_keyed(Json& patch, const std::string& name, const Json& original, const Json& modified,
                const MergeField& field) {
  if (!is_keyed(original, field.merge_key) || !is_keyed(modified, field.merge_key)) {
    return replace_list(patch, name, modified);
  }
  Json changes = Json::array();
  for (const Json& element : modified) {
    const Json* before = find_keyed(original, field.merge_key, *element_key(element, field.merge_key));
    if (before == nullptr) {
      changes.push_back(element);
    } else if (Json change = diff_element(*before, element, field); !change.empty()) {
      changes.push_back(std::move(change));
    }
  }
  for (const Json& element : original) {
    const Json& key = *element_key(element, field.merge_key);
    if (find_keyed(modified, field.merge_key, key) == nullptr) {
      changes.push_back({{std::string(field.merge_key), key}, {kPatch, "delete"}});
    }
  }
  const bool reordered = order_changed(original, modified, field.merge_key);
  if (changes.empty() && !reordered) return;
  if (!changes.empty()) patch[name] = std::move(changes);
  if (!modified.empty()) patch[std::string(kElementOrder) + name] = keys_of(modified, field.merge_key);
}

void diff_primitives(Json& patch, const std::string& name, const Json& original, const Json& modified) {
  const auto missing_from = [](const Json& list, const Json& item) {
    return std::find(list.begin(), list.end(), item) == list.end();
  };
  Json added = Json::array();
  Json removed = Json::array();
  for (const Json& item : modified) {
    if (missing_from(original, item)) added.push_back(item);
  }
  for (const Json& item : original) {
    if (missing_from(modified, item)) removed.push_back(item);
  }
  const bool reordered = order_changed(original, modified, {});
  if (added.empty() && removed.empty() && !reordered) return;
  if (!added.empty()) patch[name] = std::move(added);
  if (!removed.empty()) patch[std::string(kDeletePrimitives) + name] = std::move(removed);
  if (!modified.empty()) patch[std::string(kElementOrder) + name] = modified;
}

void diff_member(Json& patch, const std::string& key, const Json& before, const Json& after,
                 const MergeSchema& schema) {
  if (before == after) return;
  const MergeField* field = schema.find(key);
  if (before.is_object() && after.is_object()) {
    Json change = diff_objects(before, after, schema_of(field));
    if (change.empty()) return;
    if (field != nullptr && field->retain_keys) add_retained_keys(change, after);
    patch[key] = std::move(change);
  } else if (before.is_array() && after.is_array() && field != nullptr &&
             field->list == ListStrategy::kByKey) {
    diff_keyed(patch, key, before, after, *field);
  } else if (before.is_array() && after.is_array() && field != nullptr &&
             field->list == ListStrategy::kPrimitives) {
    diff_primitives(patch, key, before, after);
  } else {
    patch[key] = after;
  }
}

Json diff_objects(const Json& original, const Json& modified, const MergeSchema& schema) {
  Json patch = Json::object();
  for (const auto& [key, after] : modified.items()) {
    if (after.is_null()) continue;  // null counts as absent
    const auto before = original.find(key);
    if (before == original.end() || before->is_null()) {
      patch[key] = after;
    } else {
      diff_member(patch, key, *before, after, schema);
    }
  }
  for (const auto& [key, before] : original.items()) {
    const auto after = modified.find(key);
    if (!before.is_null() && (after == modified.end() || after->is_null())) patch[key] = nullptr;
  }
  return patch;
}

}  // namespace

Json create_strategic_merge(const Json& original, const Json& modified, std::string_view kind) {
  require_patchable(original, "The original object");
  require_patchable(modified, "The modified object");
  return diff_objects(original, modified, merge_schema(kind));
}

}  // namespace edgecore::kube
