// SPDX-License-Identifier: Apache-2.0
#include <spdlog/fmt/fmt.h>

#include "keadm/describe.hpp"
#include "keadm/description.hpp"

namespace edgecore::keadm {
namespace {

using kube::object_or_empty;
using kube::string_or;

/// Limit of nesting.
constexpr int kDeepest = 40;

void describe_member(Description& out, int depth, std::string_view label, const Json& value) {
  const bool structured = value.is_structured() && depth < kDeepest;
  if (!structured)
    return out.line(depth, label, value.is_string() ? value.get<std::string>() : kube::dump_json(value));
  if (value.empty()) return out.line(depth, label, "<none>");
  out.heading(depth, label);
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) describe_member(out, depth + 1, spelled_out(key), member);
    return;
  }
  for (const auto& member : value) {
    if (!member.is_object()) {
      out.text(depth + 1, member.is_string() ? member.get<std::string>() : kube::dump_json(member));
      continue;
    }
    std::string_view mark = "- ";
    for (const auto& [key, inner] : member.items()) {
      describe_member(out, depth + 1, std::string(mark) + spelled_out(key), inner);
      mark = "  ";
    }
  }
}

/// Shows the sizes of a secret's values only.
void describe_secret(Description& out, const Json& secret) {
  out.line(0, "Type", string_or(secret, "type", "Opaque"));
  out.heading(0, "Data");
  for (const auto& [key, value] : object_or_empty(secret, "data").items()) {
    const std::string text = value.is_string() ? value.get<std::string>() : std::string();
    std::size_t bytes = text.size() / 4 * 3;  // base64
    for (std::size_t i = text.size(); i > 0 && text[i - 1] == '=' && bytes > 0; --i) --bytes;
    out.line(1, key, fmt::format("{} bytes", bytes));
  }
}

}  // namespace

std::string describe_object(const Json& object, const Events& events, WallTime now) {
  Description out;
  describe_metadata(out, object);
  out.map(0, "Labels", object_or_empty(object, "metadata.labels"), "=");
  out.map(0, "Annotations", object_or_empty(object, "metadata.annotations"), ": ");
  out.line(0, "API Version", string_or(object, "apiVersion"));
  out.line(0, "Kind", string_or(object, "kind"));
  out.line(0, "Created", long_time(string_or(object, "metadata.creationTimestamp")));
  if (string_or(object, "kind") == "Secret") {
    describe_secret(out, object);
  } else {
    for (const auto& [key, value] : object.items()) {
      if (key == "apiVersion" || key == "kind" || key == "metadata") continue;
      describe_member(out, 0, spelled_out(key), value);
    }
  }
  out.add_events(events, now);
  return out.take();
}

}  // namespace edgecore::keadm
