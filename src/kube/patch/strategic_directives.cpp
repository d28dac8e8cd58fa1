// SPDX-License-Identifier: Apache-2.0
#include "kube/patch/strategic_directives.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "edgecore/base/error.hpp"

namespace edgecore::kube {
namespace {

/// Deep enough for every Kubernetes object, far from exhausting a thread's stack.
constexpr std::size_t kMaxDepth = 128;

}  // namespace

ListPatch::ListPatch(const Json& patch, const std::string& name) {
  const auto look_up = [&](std::string key) -> const Json* {
    const auto found = patch.find(key);
    if (found == patch.end()) return nullptr;
    if (first_key_.empty() || key < first_key_) first_key_ = std::move(key);
    return &*found;
  };
  deletions = look_up(std::string(kDeletePrimitives) + name);
  order = look_up(std::string(kElementOrder) + name);
  items = look_up(name);
  if (items != nullptr && items->is_null()) items = nullptr;  // null deletes the list, as any other member
}

const Json* element_key(const Json& element, std::string_view merge_key) {
  if (!element.is_object()) return nullptr;
  const auto found = element.find(merge_key);
  return found == element.end() || found->is_null() ? nullptr : &*found;
}

const Json* find_keyed(const Json& list, std::string_view merge_key, const Json& key) {
  for (const Json& element : list) {
    const Json* found = element_key(element, merge_key);
    if (found != nullptr && *found == key) return &element;
  }
  return nullptr;
}

Json* find_keyed(Json& list, std::string_view merge_key, const Json& key) {
  for (Json& element : list) {
    const Json* found = element_key(element, merge_key);
    if (found != nullptr && *found == key) return &element;
  }
  return nullptr;
}

void erase_keyed(Json& list, std::string_view merge_key, const Json& key) {
  auto& elements = list.get_ref<Json::array_t&>();
  std::erase_if(elements, [&](const Json& element) {
    const Json* found = element_key(element, merge_key);
    return found != nullptr && *found == key;
  });
}

void erase_equal(Json& list, const Json& item) {
  std::erase(list.get_ref<Json::array_t&>(), item);
}

std::size_t rank_in(const Json& list, const Json& element, std::string_view merge_key) {
  const Json* wanted = merge_key.empty() ? &element : element_key(element, merge_key);
  std::size_t rank = 0;
  for (const Json& candidate : list) {
    const Json* found = merge_key.empty() ? &candidate : element_key(candidate, merge_key);
    if (wanted != nullptr && found != nullptr && *found == *wanted) return rank;
    ++rank;
  }
  return rank;
}

void require_patchable(const Json& value, std::string_view what) {
  if (!value.is_object())
    throw BadInput(fmt::format("{} must be an object, not {}", what, value.type_name()));
  if (json_depth(value, kMaxDepth + 1) > kMaxDepth) {
    throw BadInput(fmt::format("{} nests deeper than {} levels", what, kMaxDepth));
  }
}

}  // namespace edgecore::kube
