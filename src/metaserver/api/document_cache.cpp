// SPDX-License-Identifier: Apache-2.0
#include "metaserver/api/document_cache.hpp"

#include <utility>

namespace edgecore::metaserver {

std::string_view document_key(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

std::string DocumentCache::find_or_make(const std::string& key, unsigned long revision,
                                        const std::function<std::string()>& make) {
  if (std::exchange(revision_, revision) != revision) clear();
  if (const auto at = texts_.find(key); at != texts_.end()) return at->second;
  std::string text = make();
  const std::size_t size = key.size() + text.size();
  if (size > most_) return text;
  if (bytes_ + size > most_) clear();
  texts_.emplace(key, text);
  bytes_ += size;
  return text;
}

void DocumentCache::clear() {
  texts_.clear();
  bytes_ = 0;
}

}  // namespace edgecore::metaserver
