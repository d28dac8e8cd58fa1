// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <mutex>

namespace edgecore::log {
namespace {

/// Replaces a secret by its length.
std::string hidden(std::string_view secret) {
  return secret.empty() ? "" : "<" + std::to_string(secret.size()) + " bytes hidden>";
}

}  // namespace

void set_up(int verbosity) {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto logger = std::make_shared<spdlog::logger>("edgecore", std::move(sink));
  logger->set_pattern("%L %Y-%m-%dT%H:%M:%S.%e %n] %v");
  logger->set_level(verbosity >= 4   ? spdlog::level::trace
                    : verbosity >= 2 ? spdlog::level::debug
                                     : spdlog::level::info);
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
}

Logger get(std::string_view name) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  const std::string key(name);
  if (auto known = spdlog::get(key)) return known;
  auto made = spdlog::default_logger()->clone(key);
  spdlog::register_logger(made);
  return made;
}

std::string quote(std::string_view untrusted, std::size_t max) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  const bool cut = untrusted.size() > max;
  for (const char c : untrusted.substr(0, max)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out.push_back(kHex[byte >> 4U]);
      out.push_back(kHex[byte & 0x0fU]);
    } else {
      out.push_back(c);
    }
  }
  if (cut) out += "… (" + std::to_string(untrusted.size()) + " bytes)";
  return out;
}

std::string quote_url(std::string_view url, std::size_t max) {
  std::string shown;
  const auto scheme = url.find("://");
  if (scheme != std::string_view::npos) {
    shown = url.substr(0, scheme + 3);
    url.remove_prefix(scheme + 3);
  }
  if (const auto at = url.rfind('@'); at != std::string_view::npos) {
    shown += hidden(url.substr(0, at));
    url.remove_prefix(at);
  }
  const auto query = std::min(url.find('?'), url.size());
  shown += url.substr(0, query);
  if (query < url.size()) shown += "?" + hidden(url.substr(query + 1));
  return quote(shown, max);
}

}  // namespace edgecore::log
