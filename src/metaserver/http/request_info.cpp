// SPDX-License-Identifier: Apache-2.0
#include "metaserver/http/request_info.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <optional>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/utf8.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/kube/names.hpp"
#include "edgecore/kube/selector.hpp"
#include "edgecore/net/headers.hpp"
#include "metaserver/http/api_error.hpp"

namespace edgecore::metaserver {
namespace {

constexpr std::size_t kMaxSegmentBytes = 512;

std::string_view verb_of(std::string_view method) {
  if (method == "GET" || method == "HEAD") return "get";
  if (method == "POST") return "create";
  if (method == "PUT") return "update";
  if (method == "PATCH") return "patch";
  if (method == "DELETE") return "delete";
  return "";
}

/// One decoded segment. Throws ApiError.
std::string segment(std::string_view raw) {
  std::string text;
  if (raw.find('%') == raw.npos) {
    text = raw;
  } else {
    auto decoded = net::percent_decode(raw);
    if (!decoded) bad_request("The path holds a malformed escape");
    text = std::move(*decoded);
  }
  // Names become keys of caches and messages; no name of Kubernetes is that long.
  if (text.size() > kMaxSegmentBytes) bad_request("The path holds a segment longer than any name");
  if (!kube::is_path_segment(text) || !is_utf8(text))
    bad_request("The path holds a segment that is empty or has characters no name can have");
  return text;
}

/// The rest of a path, taken segment by segment.
class Segments {
 public:
  explicit Segments(std::string_view path) : rest_(path) {
    const auto from = std::min(rest_.find_first_not_of('/'), rest_.size());
    rest_.remove_prefix(from);
    rest_ = rest_.substr(0, rest_.find_last_not_of('/') + 1);
  }
  [[nodiscard]] std::size_t count() const {
    return rest_.empty() ? 0 : 1 + static_cast<std::size_t>(std::count(rest_.begin(), rest_.end(), '/'));
  }
  [[nodiscard]] std::string_view peek() const { return rest_.substr(0, rest_.find('/')); }
  std::string_view take() {
    const std::string_view first = peek();
    rest_.remove_prefix(std::min(first.size() + 1, rest_.size()));
    return first;
  }

 private:
  std::string_view rest_;
};

/// `?watch`, `?watch=1`, `?watch=True` all ask for a watch.
bool asks_watch(const net::Target& target) {
  const auto value = target.find("watch");
  return value && *value != "0" && !iequals(*value, "false");
}

std::string selected_name(const net::Target& target) {
  const auto selector = target.find("fieldSelector");
  if (!selector || selector->empty()) return {};
  try {
    const auto name = kube::FieldSelector::parse(*selector).required_value("metadata.name");
    return name && kube::is_path_segment(*name) ? *name : std::string();
  } catch (const BadInput&) {
    return {};  // make_filter() refuses it
  }
}

/// The last steps: `namespaces/<ns>/…`, resource, name, subresource.
void read_resource(RequestInfo& info, Segments parts) {
  if (parts.peek() == "namespaces" && parts.count() > 1) {
    Segments behind = parts;
    behind.take();
    info.ns = segment(behind.take());
    const std::string_view next = behind.peek();
    if (!next.empty() && next != "status" && next != "finalize") parts = behind;
  }
  info.resource = segment(parts.take());
  if (parts.count() > 0) info.name = segment(parts.take());
  if (parts.count() > 0 && info.verb != "proxy") info.subresource = segment(parts.take());
  while (parts.count() > 0) info.more.push_back(segment(parts.take()));
}

}  // namespace

RequestInfo parse_request(std::string_view method, std::string_view target) {
  if (!target.starts_with('/')) bad_request("The target of the request is not a path");
  RequestInfo info;
  try {
    info.target = net::Target::parse(target);
  } catch (const BadInput& error) {
    bad_request(error.what());
  }
  info.verb = lower_case(method);

  Segments parts(info.target.path);
  const std::size_t count = parts.count();
  const std::string_view root = count < 3 ? std::string_view() : parts.take();
  if (root != "api" && root != "apis") return info;
  if (root == "apis") {
    if (count < 4) return info;
    info.group = segment(parts.take());
  }
  info.is_resource = true;
  info.verb = verb_of(method);
  info.version = segment(parts.take());
  if (parts.peek() == "watch" || parts.peek() == "proxy") {
    info.verb = parts.take();
    if (parts.count() == 0) bad_request("The path names no resource behind \"" + info.verb + "\"");
  }
  read_resource(info, parts);
  if (info.verb == "watch" && verb_of(method) != "get")
    throw ApiError(kube::Status::method_not_allowed(info.resource, method));

  if (!info.name.empty()) return info;
  if (info.verb == "get") {
    info.verb = asks_watch(info.target) ? "watch" : "list";
    info.name = selected_name(info.target);
  } else if (info.verb == "delete") {
    info.verb = "deletecollection";
  }
  return info;
}

}  // namespace edgecore::metaserver
