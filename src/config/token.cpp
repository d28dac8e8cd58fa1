// SPDX-License-Identifier: Apache-2.0
#include "edgecore/config/token.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "config/yaml_tree.hpp"
#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "edgecore/config/load.hpp"

namespace edgecore::config {
namespace {

constexpr std::size_t kMaxTokenBytes = 64 * 1024;
constexpr std::string_view kWhiteSpace = " \t\r\n\v\f";

bool names(const YamlEntry& entry, std::string_view key) {
  return iequals(scalar_text(resolve_scalar(entry.key)), key);
}

/// Every entry `key` of the maps in `from`: a file may contain it twice or in two spellings.
std::vector<YamlEntry*> entries_named(const std::vector<YamlEntry*>& from, std::string_view key) {
  std::vector<YamlEntry*> found;
  for (YamlEntry* parent : from) {
    for (YamlEntry& entry : parent->value.entries) {
      if (names(entry, key)) found.push_back(&entry);
    }
  }
  return found;
}

std::vector<YamlEntry*> tokens(YamlEntry& root) {
  return entries_named(entries_named(entries_named({&root}, "modules"), "edgeHub"), "token");
}

bool holds_something(const YamlEntry& token) {
  return !scalar_text(resolve_scalar(token.value)).empty();
}

/// The first token entry that is not empty; nullptr if there is none.
YamlEntry* next_token(YamlEntry& root) {
  for (YamlEntry* token : tokens(root)) {
    if (token->value.kind == YamlValue::Kind::kScalar && holds_something(*token)) return token;
  }
  return nullptr;
}

bool same_content(const YamlValue& a, const YamlValue& b) {
  if (a.kind != b.kind || a.text != b.text || a.tag != b.tag || a.items.size() != b.items.size() ||
      a.entries.size() != b.entries.size()) {
    return false;
  }
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    if (!same_content(a.items[i], b.items[i])) return false;
  }
  for (std::size_t i = 0; i < a.entries.size(); ++i) {
    if (!same_content(a.entries[i].key, b.entries[i].key) ||
        !same_content(a.entries[i].value, b.entries[i].value)) {
      return false;
    }
  }
  return true;
}

/// True if `text` parses to `expected`. Proves that an edit changed only the token.
bool says(const std::string& text, const YamlValue& expected) {
  try {
    return same_content(parse_yaml(text), expected);
  } catch (const BadInput&) {
    return false;
  }
}

/// Offset of the start of a line (from 1).
std::size_t line_start(std::string_view text, int line) {
  std::size_t at = 0;
  for (; line > 1; --line) at = text.find('\n', at) + 1;
  return at;
}

std::size_t line_end(std::string_view text, std::size_t at) {
  const std::size_t end = std::min(text.find('\n', at), text.size());
  return end > at && text[end - 1] == '\r' ? end - 1 : end;
}

/// Candidates for the end of a value that starts at `start`, the likeliest first. The caller tries them until
/// one is proven correct.
std::vector<std::size_t> possible_ends(std::string_view text, std::size_t start) {
  std::vector<std::size_t> ends;
  const std::size_t end = line_end(text, start);
  const char quote = text[start];
  if (quote == '"' || quote == '\'') {
    for (std::size_t at = start + 1; at < text.size() && ends.size() < 64; ++at) {
      if (quote == '"' && text[at] == '\\') {
        ++at;
      } else if (text[at] == quote) {
        ends.push_back(at + 1);
      }
    }
    return ends;
  }
  for (std::size_t at = start; at < end && ends.size() < 64; ++at) {
    const bool comment = text[at] == '#' && at > start && (text[at - 1] == ' ' || text[at - 1] == '\t');
    if (comment || text[at] == ',' || text[at] == '}') {
      std::size_t stop = at;
      while (stop > start && (text[stop - 1] == ' ' || text[stop - 1] == '\t')) --stop;
      ends.push_back(stop);
    }
  }
  ends.push_back(end);
  // A value of several lines may end after each of the following lines.
  std::size_t next = end;
  for (int lines = 0; lines < 64 && next < text.size(); ++lines) {
    next = line_end(text, std::min(text.find('\n', next) + 1, text.size()));
    ends.push_back(next);
    if (next >= text.size()) break;
  }
  return ends;
}

/// `text` with one token emptied; nullopt if every edit would change something else.
std::optional<std::string> empty_token(const std::string& text, YamlEntry& root, YamlEntry& token) {
  const std::size_t start = line_start(text, token.value.line) +
                            static_cast<std::size_t>(token.value.column) +
                            (token.value.line == 1 && text.starts_with("\xEF\xBB\xBF") ? 3 : 0);
  if (start >= text.size()) return std::nullopt;
  const std::vector<std::size_t> ends = possible_ends(text, start);
  token.value.text.clear();
  token.value.tag = "!";
  for (const std::size_t end : ends) {
    std::string edited = text.substr(0, start) + "\"\"" + text.substr(end);
    if (says(edited, root.value)) return edited;
  }
  return std::nullopt;
}

void unlink_file(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR) {
    throw SystemError("cannot remove the bootstrap file " + path.string(), errno);
  }
}

}  // namespace

std::optional<std::string> read_bootstrap_token(const std::filesystem::path& path) {
  auto text = read_file(path, kMaxTokenBytes);
  if (!text) return std::nullopt;
  const std::string_view token = trimmed(*text, kWhiteSpace);
  if (token.empty()) return std::nullopt;
  return std::string(token);
}

std::optional<std::string> without_token(std::string_view text) {
  std::string edited(text);
  YamlEntry root;
  root.value = parse_yaml(edited);
  bool changed = false;
  while (YamlEntry* token = next_token(root)) {
    auto next = empty_token(edited, root, *token);
    if (!next) {
      throw Error("The token in line " + std::to_string(token->value.line) +
                  " of the configuration cannot be removed without touching other settings; empty "
                  "modules.edgeHub.token by hand.");
    }
    edited = std::move(*next);
    root.value = parse_yaml(edited);
    changed = true;
  }
  if (!changed) return std::nullopt;
  return edited;
}

void clean_up_token(const std::filesystem::path& config_path, const std::filesystem::path& bootstrap_path) {
  // Replace the file itself, not a link to it.
  std::error_code error;
  std::filesystem::path file = std::filesystem::canonical(config_path, error);
  if (error) file = config_path;
  if (const auto text = read_file(file, kMaxConfigBytes)) {
    if (const auto edited = without_token(*text)) {
      struct stat status {};
      if (::stat(file.c_str(), &status) != 0) throw SystemError("cannot stat " + file.string(), errno);
      write_file_atomic(file, *edited, status.st_mode & 07777);
    }
  }
  unlink_file(bootstrap_path);
}

}  // namespace edgecore::config
