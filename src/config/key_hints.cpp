// SPDX-License-Identifier: Apache-2.0
#include "config/key_hints.hpp"

#include <algorithm>
#include <optional>

#include "config/kubelet_fields.hpp"
#include "edgecore/base/ascii.hpp"

namespace edgecore::config {
namespace {

/// No key is longer; the comparison takes the product of both lengths.
constexpr std::size_t kMaxKey = 64;
/// A key with more places than this (`enable`, `server`) says nothing about where it belongs, unless some of
/// them are near.
constexpr std::size_t kMaxPlaces = 2;

template <class Object>
void collect(const Object& object, const std::string& path, std::vector<std::string>& paths) {
  fields(object, [&]<class Type>(const char* name, const Type& member, Print, Effect) {
    const std::string& full = paths.emplace_back(path.empty() ? name : path + "." + name);
    if constexpr (Section<const Type>) collect(member, std::string(full), paths);
  });
}

const std::vector<std::string>& all_paths() {
  static const std::vector<std::string> paths = [] {
    std::vector<std::string> found;
    collect(EdgeCoreConfig(), "", found);
    for (const char* gate : {"requireAuthorization", "moduleRestart"})
      found.push_back(std::string("featureGates.") + gate);
    return found;
  }();
  return paths;
}

std::string_view name_of(std::string_view path) {
  return path.substr(path.rfind('.') + 1);
}

/// Insertions, deletions, replacements and swaps of neighbours that make one key the other, ignoring case.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const bool same = to_lower(a[i - 1]) == to_lower(b[j - 1]);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && to_lower(a[i - 1]) == to_lower(b[j - 2]) &&
                           to_lower(a[i - 2]) == to_lower(b[j - 1]);
      if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

/// The path or key whose name is nearest, if it is near enough to be a misspelling.
std::optional<std::string> nearest(std::string_view key, const std::vector<std::string>& among) {
  std::size_t best = key.size() / 4 + 1;  // more than that is another word
  std::optional<std::string> found;
  for (const std::string& candidate : among) {
    const std::size_t there = edit_distance(key, name_of(candidate));
    if (there > best || (there == best && found)) continue;
    best = there;
    found = candidate;
  }
  return found;
}

std::vector<std::string> places_of(std::string_view key) {
  std::vector<std::string> places;
  for (const std::string& path : all_paths()) {
    if (iequals(name_of(path), key)) places.push_back(path);
  }
  return places;
}

/// The places in the innermost section around the key that has some. The outermost section is all there is.
std::vector<std::string> near_places(std::string_view path) {
  const std::vector<std::string> all = places_of(name_of(path));
  for (std::size_t dot = path.rfind('.'); dot != path.npos && dot != 0; dot = path.rfind('.', dot - 1)) {
    std::vector<std::string> inside;
    for (const std::string& place : all) {
      if (place.size() > dot && iequals(place.substr(0, dot + 1), path.substr(0, dot + 1)))
        inside.push_back(place);
    }
    if (!inside.empty()) return inside;
  }
  return all;
}

}  // namespace

std::string key_hint(std::string_view path, const std::vector<std::string>& siblings) {
  const std::string_view key = name_of(path);
  if (key.size() > kMaxKey) return {};
  const std::vector<std::string> places = near_places(path);
  if (places.size() == 1) return "; it belongs at " + places[0];
  if (places.size() == kMaxPlaces) return "; it belongs at " + places[0] + " or " + places[1];
  auto meant = nearest(key, siblings);
  if (!meant && places.empty()) meant = nearest(key, all_paths());
  return meant ? " (did you mean " + *meant + "?)" : std::string();
}

}  // namespace edgecore::config
