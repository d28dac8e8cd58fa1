// SPDX-License-Identifier: Apache-2.0
#include "edged/volumes/volume_content.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "edgecore/kube/json.hpp"
#include "edgecore/kube/names.hpp"
#include "edgecore/net/digest.hpp"

namespace edgecore::edged {
namespace {

using kube::EnvFrom;

constexpr mode_t kDefaultMode = 0644;
constexpr mode_t kOwnedTokenMode = 0600;

mode_t mode_of(const std::optional<std::int32_t>& item, const std::optional<std::int32_t>& fallback) {
  const auto mode = item ? item : fallback;
  return mode ? static_cast<mode_t>(*mode) & 0777U : kDefaultMode;
}

/// The object; nullptr if it does not exist and is optional.
const Json* find_object(const ConfigRef& ref, bool optional, const ContentObjects& found) {
  const auto at = found.objects.find(ref);
  if (at == found.objects.end()) {
    throw VolumeError(fmt::format("{} \"{}\" was not fetched", config_noun(ref.kind), ref.name));
  }
  const MetaAnswer& answer = at->second;
  if (answer.ok()) return &answer.object;
  if (answer.refused_as(kube::reason::kNotFound)) {
    if (optional) return nullptr;
    throw VolumeError(fmt::format("{} \"{}\" not found", config_noun(ref.kind), ref.name));
  }
  throw VolumeError(
      fmt::format("{} \"{}\" cannot be read: {}", config_noun(ref.kind), ref.name, answer.refused->message));
}

/// All entries of the object as bytes.
std::map<std::string, std::string> entries(const ConfigRef& ref, const Json& object) {
  std::map<std::string, std::string> out;
  const auto add = [&](const char* member, bool base64) {
    for (const auto& [key, value] : kube::object_or_empty(object, member).items()) {
      std::optional<std::string> bytes;
      if (value.is_string() && base64) bytes = net::base64_decode_lines(value.get_ref<const std::string&>());
      if (value.is_string() && !base64) bytes = value.get<std::string>();
      if (!bytes || !kube::is_config_key(key)) {
        throw VolumeError(
            fmt::format("{} \"{}\" holds no usable value at \"{}\"", config_noun(ref.kind), ref.name, key));
      }
      out[key] = *std::move(bytes);
    }
  };
  add("data", ref.kind == EnvFrom::Kind::kSecret);
  if (ref.kind == EnvFrom::Kind::kConfigMap) add("binaryData", true);
  return out;
}

/// `Source` is ConfigMapSource or SecretSource, which have the same members.
template <class Source>
void add_object(EnvFrom::Kind kind, const Source& source, const std::optional<std::int32_t>& default_mode,
                const ContentObjects& found, Payload& into) {
  const ConfigRef ref{kind, source.name};
  const Json* object = find_object(ref, source.optional, found);
  if (object == nullptr) return;
  auto all = entries(ref, *object);
  if (source.items.empty()) {
    for (auto& [key, data] : all) into[key] = {std::move(data), mode_of(std::nullopt, default_mode)};
    return;
  }
  for (const auto& item : source.items) {
    const auto entry = all.find(item.key);
    if (entry != all.end()) {
      into[item.path] = {entry->second, mode_of(item.mode, default_mode)};
    } else if (!source.optional) {
      throw VolumeError(fmt::format("{} \"{}\" references non-existent {} key: {}", config_noun(kind),
                                    source.name, kind == EnvFrom::Kind::kConfigMap ? "config" : "secret",
                                    item.key));
    }
  }
}

struct PayloadMaker {
  const kube::Pod& pod;
  const PodFacts& facts;
  const ContentObjects& found;
  Payload out{};

  void add(const kube::ConfigMapSource& source, const std::optional<std::int32_t>& mode) {
    add_object(EnvFrom::Kind::kConfigMap, source, mode, found, out);
  }
  void add(const kube::SecretSource& source, const std::optional<std::int32_t>& mode) {
    add_object(EnvFrom::Kind::kSecret, source, mode, found, out);
  }
  void add(const kube::DownwardApiSource& source, const std::optional<std::int32_t>& mode) {
    for (const auto& file : source.items) {
      std::string data;
      if (file.field_ref) {
        data = field_value(*file.field_ref, pod, facts, true);
      } else if (file.resource_field_ref) {
        data = resource_value(*file.resource_field_ref, pod, nullptr, facts);
      }
      out[file.path] = {std::move(data), mode_of(file.mode, mode)};
    }
  }
  void add(const kube::ServiceAccountTokenProjection& source, const std::optional<std::int32_t>& mode) {
    const auto at = found.tokens.find({source.audience, source.expiration_seconds});
    if (at == found.tokens.end() || at->second.refused) {
      throw VolumeError(
          fmt::format("cannot get a token for service account \"{}\": {}", pod.spec.service_account_name,
                      at == found.tokens.end() ? "it was not fetched" : at->second.refused->message));
    }
    ContentFile file{at->second.token, mode_of(std::nullopt, mode)};
    file.owner = uniform_user(pod);
    const bool has_group = pod.spec.security_context && pod.spec.security_context->fs_group;
    if (file.owner || has_group) file.mode = kOwnedTokenMode;
    out[source.path] = std::move(file);
  }
  void add_volume(const kube::Volume& volume) {
    if (const auto* config = std::get_if<kube::ConfigMapSource>(&volume.source)) {
      add(*config, config->default_mode);
    } else if (const auto* secret = std::get_if<kube::SecretSource>(&volume.source)) {
      add(*secret, secret->default_mode);
    } else if (const auto* downward = std::get_if<kube::DownwardApiSource>(&volume.source)) {
      add(*downward, downward->default_mode);
    } else if (const auto* projected = std::get_if<kube::ProjectedSource>(&volume.source)) {
      for (const auto& one : projected->sources) {
        std::visit([&](const auto& source) { add(source, projected->default_mode); }, one);
      }
    }
  }
};

struct NeedsFinder {
  ContentNeeds& needs;
  void object(EnvFrom::Kind kind, const std::string& name) const {
    ConfigRef ref{kind, name};
    if (std::find(needs.objects.begin(), needs.objects.end(), ref) == needs.objects.end()) {
      needs.objects.push_back(std::move(ref));
    }
  }
  void operator()(const kube::ConfigMapSource& source) const {
    object(EnvFrom::Kind::kConfigMap, source.name);
  }
  void operator()(const kube::SecretSource& source) const { object(EnvFrom::Kind::kSecret, source.name); }
  void operator()(const kube::ServiceAccountTokenProjection& source) const {
    const auto same = [&](const auto& one) {
      return one.audience == source.audience && one.expiration_seconds == source.expiration_seconds;
    };
    if (std::none_of(needs.tokens.begin(), needs.tokens.end(), same)) needs.tokens.push_back(source);
  }
  void operator()(const kube::ProjectedSource& source) const {
    for (const auto& one : source.sources) std::visit(*this, one);
  }
  template <class Other>
  void operator()(const Other&) const {}
};

}  // namespace

bool is_content(const kube::Volume& volume) {
  return std::holds_alternative<kube::ConfigMapSource>(volume.source) ||
         std::holds_alternative<kube::SecretSource>(volume.source) ||
         std::holds_alternative<kube::DownwardApiSource>(volume.source) ||
         std::holds_alternative<kube::ProjectedSource>(volume.source);
}

void add_needs(const kube::Volume& volume, ContentNeeds& to) {
  std::visit(NeedsFinder{to}, volume.source);
}

ContentNeeds content_needs(const kube::Pod& pod) {
  ContentNeeds needs;
  for (const auto& volume : pod.spec.volumes) add_needs(volume, needs);
  return needs;
}

std::optional<uid_t> uniform_user(const kube::Pod& pod) {
  std::optional<std::int64_t> fallback;
  if (pod.spec.security_context) fallback = pod.spec.security_context->run_as_user;
  std::optional<std::int64_t> user;
  for (const auto* list : {&pod.spec.init_containers, &pod.spec.containers, &pod.spec.ephemeral_containers}) {
    for (const auto& container : *list) {
      auto own = fallback;
      if (container.security_context && container.security_context->run_as_user) {
        own = container.security_context->run_as_user;
      }
      if (!own || (user && *user != *own)) return std::nullopt;
      user = own;
    }
  }
  if (!user) return std::nullopt;
  return static_cast<uid_t>(*user);
}

Payload make_payload(const kube::Volume& volume, const kube::Pod& pod, const PodFacts& facts,
                     const ContentObjects& found) {
  PayloadMaker maker{pod, facts, found};
  try {
    maker.add_volume(volume);
    for (const auto& [path, file] : maker.out) check_payload_path(path);
  } catch (const VolumeError&) {
    throw;
  } catch (const Error& error) {  // unsupported fields and resources, forbidden paths
    throw VolumeError(error.what());
  }
  return std::move(maker.out);
}

}  // namespace edgecore::edged
