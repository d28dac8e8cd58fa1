// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/patch.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <string>
#include <vector>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"

namespace edgecore::kube {
namespace {

using Tokens = std::vector<std::string>;

/// The reference tokens of a JSON pointer (RFC 6901).
Tokens parse_pointer(const std::string& pointer) {
  Tokens tokens;
  if (pointer.empty()) return tokens;
  if (pointer.front() != '/') throw BadInput(fmt::format("\"{}\" does not begin with '/'", pointer));
  for (std::size_t at = 0; at < pointer.size(); ++at) {
    const char c = pointer[at];
    if (c == '/') {
      tokens.emplace_back();
    } else if (c != '~') {
      tokens.back() += c;
    } else {
      const char escaped = ++at < pointer.size() ? pointer[at] : '\0';
      if (escaped != '0' && escaped != '1')
        throw BadInput(fmt::format("\"{}\" holds a '~' that is not ~0 or ~1", pointer));
      tokens.back() += escaped == '0' ? '~' : '/';
    }
  }
  return tokens;
}

/// Index into an array of `size`; `size` itself if `may_append`.
std::size_t array_index(const std::string& token, std::size_t size, bool may_append) {
  if (may_append && token == "-") return size;
  const bool digits =
      !token.empty() && token.size() <= 9 && std::all_of(token.begin(), token.end(), is_digit);
  if (!digits || (token.size() > 1 && token.front() == '0')) {
    throw BadInput(fmt::format("\"{}\" is not an index into an array", token));
  }
  const std::size_t index = std::stoul(token);
  if (index > size || (index == size && !may_append)) {
    throw BadInput(fmt::format("index {} is beyond the array's {} elements", token, size));
  }
  return index;
}

Json& child(Json& parent, const std::string& token) {
  if (parent.is_array()) return parent[array_index(token, parent.size(), false)];
  if (!parent.is_object()) throw BadInput(fmt::format("\"{}\" leads into {}", token, parent.type_name()));
  const auto found = parent.find(token);
  if (found == parent.end()) throw BadInput(fmt::format("there is no \"{}\"", token));
  return *found;
}

Json& resolve(Json& document, const Tokens& tokens, std::size_t count) {
  Json* at = &document;
  for (std::size_t i = 0; i < count; ++i) at = &child(*at, tokens[i]);
  return *at;
}

void add(Json& document, const Tokens& path, Json value) {
  if (path.empty()) {
    document = std::move(value);
    return;
  }
  Json& parent = resolve(document, path, path.size() - 1);
  const std::string& last = path.back();
  if (parent.is_object()) {
    parent[last] = std::move(value);
  } else if (parent.is_array()) {
    const auto index = array_index(last, parent.size(), true);
    parent.insert(parent.begin() + static_cast<std::ptrdiff_t>(index), std::move(value));
  } else {
    throw BadInput(fmt::format("\"{}\" leads into {}", last, parent.type_name()));
  }
}

Json take(Json& document, const Tokens& path) {
  if (path.empty()) throw BadInput("the whole document cannot be removed");
  Json& parent = resolve(document, path, path.size() - 1);
  Json value = std::move(child(parent, path.back()));
  if (parent.is_array()) {
    parent.erase(parent.begin() +
                 static_cast<std::ptrdiff_t>(array_index(path.back(), parent.size(), false)));
  } else {
    parent.erase(path.back());
  }
  return value;
}

std::size_t count_values(const Json& value) {
  std::size_t count = 1;
  if (value.is_structured())
    for (const Json& child : value) count += count_values(child);
  return count;
}

bool is_prefix(const Tokens& prefix, const Tokens& of) {
  return prefix.size() < of.size() && std::equal(prefix.begin(), prefix.end(), of.begin());
}

/// Applies one patch, operation by operation.
class JsonPatch {
 public:
  JsonPatch(Json& document, const PatchLimits& limits) : document_(document), limits_(limits) {}

  void apply(const Json& operation) {
    const std::string name = get_string(operation, "op");
    const Tokens path = parse_pointer(get_string(operation, "path"));
    if (path.size() > limits_.max_depth) throw BadInput("the path is too deep");
    if (name == "add") return add(document_, path, value_of(operation, path));
    if (name == "remove") return static_cast<void>(take(document_, path));
    if (name == "replace")
      return static_cast<void>(resolve(document_, path, path.size()) = value_of(operation, path));
    if (name == "move") return move(operation, path);
    if (name == "copy") return copy(operation, path);
    if (name == "test") return test(operation, path);
    throw BadInput(fmt::format("\"{}\" is not an operation", name.substr(0, 64)));
  }

 private:
  Json value_of(const Json& operation, const Tokens& path) const {
    const auto value = operation.find("value");  // null is a value too
    if (value == operation.end()) throw BadInput("it lacks a value");
    check_depth(*value, path);
    return *value;
  }

  void check_depth(const Json& value, const Tokens& path) const {
    if (path.size() + json_depth(value, limits_.max_depth) > limits_.max_depth) {
      throw BadInput(fmt::format("the result would nest deeper than {} levels", limits_.max_depth));
    }
  }

  void move(const Json& operation, const Tokens& path) {
    const Tokens from = parse_pointer(get_string(operation, "from"));
    if (is_prefix(from, path)) throw BadInput("a value cannot be moved into itself");
    const Json& source = resolve(document_, from, from.size());
    check_depth(source, path);
    if (from == path) return;
    Json value = take(document_, from);
    add(document_, path, std::move(value));
  }

  /// Copies can make a document far larger than its patch, so what is copied is counted: its text, and its
  /// values: each takes up to 64 bytes however short its text is.
  void copy(const Json& operation, const Tokens& path) {
    const Tokens from = parse_pointer(get_string(operation, "from"));
    Json value = resolve(document_, from, from.size());
    check_depth(value, path);
    copied_values_ += count_values(value);
    if (copied_values_ > limits_.max_copied_values)
      throw BadInput(fmt::format("the patch copies more than {} values", limits_.max_copied_values));
    copied_bytes_ += dump_json(value).size();
    if (copied_bytes_ > limits_.max_copied_bytes) {
      throw BadInput(fmt::format("the patch copies more than {} bytes", limits_.max_copied_bytes));
    }
    add(document_, path, std::move(value));
  }

  void test(const Json& operation, const Tokens& path) {
    const auto wanted = operation.find("value");
    if (wanted == operation.end()) throw BadInput("it lacks a value");
    if (resolve(document_, path, path.size()) != *wanted) throw BadInput("the value differs");
  }

  Json& document_;
  const PatchLimits& limits_;
  std::size_t copied_bytes_ = 0;
  std::size_t copied_values_ = 0;
};

void merge(Json& target, const Json& patch) {
  if (!patch.is_object()) {
    target = patch;
    return;
  }
  if (!target.is_object()) target = Json::object();
  for (const auto& [key, value] : patch.items()) {
    if (value.is_null()) {
      target.erase(key);
    } else {
      merge(target[key], value);
    }
  }
}

}  // namespace

Json apply_json_patch(Json document, const Json& patch, const PatchLimits& limits) {
  if (!patch.is_array())
    throw BadInput(fmt::format("A JSON patch must be an array, not {}", patch.type_name()));
  if (patch.size() > limits.max_operations) {
    throw BadInput(fmt::format("A JSON patch of {} operations was sent; at most {} are accepted",
                               patch.size(), limits.max_operations));
  }
  JsonPatch run(document, limits);
  std::size_t index = 0;
  for (const Json& operation : patch) {
    try {
      run.apply(operation);
    } catch (const BadInput& error) {
      throw BadInput(fmt::format("Operation {} ({} {}) of the JSON patch failed: {}", index,
                                 string_or(operation, "op", "?").substr(0, 16),
                                 string_or(operation, "path", "?").substr(0, 200), error.what()));
    }
    ++index;
  }
  return document;
}

Json apply_merge_patch(Json document, const Json& patch, const PatchLimits& limits) {
  if (json_depth(patch, limits.max_depth + 1) > limits.max_depth) {
    throw BadInput(fmt::format("The merge patch nests deeper than {} levels", limits.max_depth));
  }
  merge(document, patch);
  return document;
}

}  // namespace edgecore::kube
