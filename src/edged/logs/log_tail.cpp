// SPDX-License-Identifier: Apache-2.0
#include "edged/logs/log_tail.hpp"

#include <algorithm>
#include <vector>

#include "edgecore/cri/container_logs.hpp"
#include "edged/host/file_tail.hpp"

namespace edgecore::edged {
namespace {

/// Bytes of a line besides its content, and the longest line that runtimes write (16 KiB of content).
constexpr std::size_t kPerLine = 80;
constexpr std::size_t kLongestLine = (16U << 10U) + kPerLine;

}  // namespace

std::string log_tail_of(std::string_view text, std::size_t lines, std::size_t bytes) {
  std::vector<std::string_view> last;
  while (!text.empty() && last.size() < lines) {
    if (text.back() == '\n') text.remove_suffix(1);
    const auto start = text.rfind('\n');
    last.push_back(start == std::string_view::npos ? text : text.substr(start + 1));
    text = start == std::string_view::npos ? std::string_view() : text.substr(0, start + 1);
  }
  std::string out;
  for (auto line = last.rbegin(); line != last.rend(); ++line) {
    const auto header = cri::parse_log_header(*line);
    if (header) out += line->substr(header->size);
    if (!header || !header->partial) out += '\n';
  }
  if (out.size() > bytes) out.erase(0, out.size() - bytes);
  return out;
}

std::string log_tail(const std::filesystem::path& path, std::size_t lines, std::size_t bytes) {
  const std::size_t enough = bytes + lines * kPerLine + kLongestLine;
  std::string text = file_tail(path, enough).value_or("");
  if (text.size() == enough) text.erase(0, std::min(text.size(), text.find('\n') + 1));
  return log_tail_of(text, lines, bytes);
}

}  // namespace edgecore::edged
