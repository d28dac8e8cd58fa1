// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace edgecore::metaserver {

/// The path of a document without slashes at its ends, as discovery and OpenAPI resolve it: all spellings of
/// one document share a key.
[[nodiscard]] std::string_view document_key(std::string_view path);

/// The texts of documents until the resources change, together at most `most` bytes: a text that does not fit
/// beside the others replaces them all. Belongs to Documents.
class DocumentCache {
 public:
  explicit DocumentCache(std::size_t most = std::size_t{16} << 20) : most_(most) {}

  /// The kept text, or the one that `make` returns. What `make` throws is passed on, and nothing is kept.
  std::string find_or_make(const std::string& key, unsigned long revision,
                           const std::function<std::string()>& make);

  [[nodiscard]] std::size_t size() const { return texts_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  void clear();

  std::size_t most_;
  std::map<std::string, std::string> texts_;
  std::size_t bytes_ = 0;
  unsigned long revision_ = 0;
};

}  // namespace edgecore::metaserver
