// SPDX-License-Identifier: Apache-2.0
#include "servicebus/url_text.hpp"

#include <filesystem>

namespace edgecore::servicebus {

std::string clean_path(std::string_view path) {
  std::string clean = std::filesystem::path(path).lexically_normal().string();
  if (clean.size() > 1 && clean.back() == '/') clean.pop_back();
  return clean.empty() ? "." : clean;
}

}  // namespace edgecore::servicebus
