// SPDX-License-Identifier: Apache-2.0
#include "net/http/response_head.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "edgecore/base/ascii.hpp"

namespace edgecore::net {
namespace {

constexpr std::string_view kBlank = " \t";

struct Field {
  std::string_view name;
  std::string value;
};

/// Cuts the first line off `text`, without its end.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// "HTTP/1.1 200 OK" as "HTTP/1.1 200 " and a line end; nullopt for another line.
std::optional<std::string> plain_status(std::string_view line) {
  constexpr std::string_view kVersion = "HTTP/1.";
  if (!line.starts_with(kVersion) || line.size() < kVersion.size() + 2) return std::nullopt;
  const char minor = line[kVersion.size()];
  if (!is_digit(minor) || line[kVersion.size() + 1] != ' ') return std::nullopt;
  line.remove_prefix(kVersion.size() + 2);
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  const std::string_view code = line.substr(0, line.find(' '));
  if (code.size() != 3 || !std::all_of(code.begin(), code.end(), is_digit)) return std::nullopt;
  return std::string(kVersion) + (minor == '0' ? "0 " : "1 ") + std::string(code) + " \r\n";
}

/// False if a line is no field. A field whose name has a space is left out: it must not count as another one.
bool read_fields(std::string_view lines, std::vector<Field>& into) {
  bool left_out = false;
  bool first = true;
  for (std::string_view line = take_line(lines); !line.empty(); line = take_line(lines)) {
    const bool continues = kBlank.find(line.front()) != std::string_view::npos;
    if (continues && first) return false;
    first = false;
    if (continues) {
      if (!left_out) into.back().value.append(" ").append(trimmed(line, kBlank));
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    const std::string_view name = line.substr(0, colon);
    left_out = name.empty() || name.find(' ') != std::string_view::npos;
    if (!left_out) into.push_back({name, std::string(trimmed(line.substr(colon + 1), kBlank))});
  }
  return true;
}

/// Beast refuses a message whose Connection is no list of words, which Go ignores.
bool is_list_of_words(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~, \t";
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_alnum(c) || kMarks.find(c) != std::string_view::npos; });
}

bool is_connection(const Field& field) {
  return iequals(field.name, "Connection") || iequals(field.name, "Proxy-Connection");
}

PlainHead fault(int status, std::string sentence) {
  return {{}, false, status, std::move(sentence)};
}

/// Removes the fields named `name`; true if there was one.
bool drop(std::vector<Field>& fields, std::string_view name) {
  return std::erase_if(fields, [name](const Field& field) { return iequals(field.name, name); }) > 0;
}

/// Leaves at most one way to find the end of the body. False if the coding is unknown.
bool settle_framing(bool http_1_0, std::vector<Field>& fields, bool& may_keep) {
  std::size_t codings = 0;
  std::string_view coding;
  for (const Field& field : fields) {
    if (!iequals(field.name, "Transfer-Encoding")) continue;
    ++codings;
    coding = field.value;
  }
  if (codings == 0) return true;
  if (http_1_0) {
    // HTTP/1.0 has no chunks: Go reads the body until its length or the end of the connection.
    drop(fields, "Transfer-Encoding");
    may_keep = false;
    return true;
  }
  if (!is_known_coding(codings, coding)) return false;
  if (drop(fields, "Content-Length")) may_keep = false;
  return true;
}

}  // namespace

std::size_t head_length(std::string_view bytes, std::size_t& searched) {
  for (std::size_t at = bytes.find('\n', searched); at != std::string_view::npos;
       at = bytes.find('\n', at + 1)) {
    const std::string_view next = bytes.substr(at + 1);
    if (next.starts_with('\n')) return at + 2;
    if (next.starts_with("\r\n")) return at + 3;
  }
  searched = bytes.size() < 2 ? 0 : bytes.size() - 2;  // "\n\r" may become an end
  return 0;
}

bool is_known_coding(std::size_t values, std::string_view last) {
  return values == 0 || (values == 1 && iequals(trimmed(last, kBlank), "chunked"));
}

PlainHead plain_head(std::string_view head) {
  PlainHead out;
  auto status = plain_status(take_line(head));
  if (!status) return fault(400, "The status line is not that of HTTP/1.0 or HTTP/1.1.");
  std::vector<Field> fields;
  if (!read_fields(head, fields)) return fault(400, "A line of the header has no name.");
  if (!settle_framing(status->starts_with("HTTP/1.0"), fields, out.may_keep))
    return fault(501, "The transfer coding of the body is not understood.");
  out.text = std::move(*status);
  for (const Field& field : fields) {
    const bool left_out = is_connection(field) && !is_list_of_words(field.value);
    if (left_out) {
      out.may_keep = false;
    } else {
      out.text.append(field.name).append(": ").append(field.value).append("\r\n");
    }
  }
  out.text += "\r\n";
  return out;
}

}  // namespace edgecore::net
