// SPDX-License-Identifier: Apache-2.0
#include "metaserver/cache/cached_object.hpp"

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/kube/identity.hpp"

namespace edgecore::metaserver {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{16} << 20;

/// The characters of a string member of the metadata, as a part of the whole text.
TextRange string_in(std::string_view text, const TextRange& metadata, std::string_view key) {
  const auto value = find_member(metadata.of(text), key);
  if (!value) return {};
  const auto plain = plain_string(value->of(metadata.of(text)));
  if (!plain) return {};
  return {static_cast<std::uint32_t>(plain->data() - text.data()), static_cast<std::uint32_t>(plain->size())};
}

}  // namespace

CachedObject::CachedObject(std::string text) : line_(std::move(text)) {
  line_ += '\n';
  line_.shrink_to_fit();
  const std::string_view whole = line_;
  const auto metadata = find_member(whole, "metadata");
  if (!metadata || metadata->size < 2 || metadata->of(whole).front() != '{')
    throw BadInput("An object without metadata cannot be served.");
  metadata_ = *metadata;
  name_ = string_in(whole, metadata_, "name");
  ns_ = string_in(whole, metadata_, "namespace");
  uid_ = string_in(whole, metadata_, "uid");
  if (name_.size == 0) throw BadInput("An object without a name cannot be served.");
  version_ =
      kube::parse_resource_version(string_in(whole, metadata_, "resourceVersion").of(whole)).value_or(0);
}

ObjectPtr CachedObject::make(std::string_view text) {
  if (text.size() > kMaxBytes) throw BadInput("An object of more than 16 MiB cannot be served.");
  if (!Json::accept(text)) throw BadInput("The object is not JSON.");
  return make_checked(text);
}

ObjectPtr CachedObject::make_checked(std::string_view text) {
  if (text.size() > kMaxBytes) throw BadInput("An object of more than 16 MiB cannot be served.");
  const std::string_view trim = trimmed(text);
  std::string exact;
  exact.reserve(trim.size() + 1);
  exact = trim;
  return std::make_shared<const CachedObject>(std::move(exact));
}

ObjectPtr CachedObject::with_version(const CachedObject& object, std::uint64_t version) {
  Json changed = object.json();
  changed["metadata"]["resourceVersion"] = std::to_string(version);
  return make_checked(kube::dump_json(changed));
}

std::map<std::string, std::string> CachedObject::labels() const {
  std::map<std::string, std::string> all;
  const auto range = find_member(metadata(), "labels");
  if (!range) return all;
  const Json labels = kube::stored_json(range->of(metadata()));
  if (!labels.is_object()) return all;
  for (const auto& [key, value] : labels.items())
    if (value.is_string()) all.emplace(key, value.get<std::string>());
  return all;
}

Json CachedObject::json() const {
  return kube::parse_json(text(), "An object of the cache");
}

}  // namespace edgecore::metaserver
