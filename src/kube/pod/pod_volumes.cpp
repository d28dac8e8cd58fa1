// SPDX-License-Identifier: Apache-2.0
#include <spdlog/fmt/fmt.h>

#include "kube/pod/pod_field.hpp"

namespace edgecore::kube {
namespace {

constexpr std::int32_t kMaxMode = 0777;

std::vector<KeyToPath> read_items(const Field& field) {
  std::vector<KeyToPath> items;
  field.each([&](const Field& one) {
    items.push_back(
        {one["key"].required_text(), one["path"].relative_path(), one["mode"].small(0, kMaxMode)});
  });
  return items;
}

ConfigMapSource read_config_map(const Field& field) {
  return {field["name"].dns_subdomain(), read_items(field["items"]), field["defaultMode"].small(0, kMaxMode),
          field["optional"].flag()};
}

/// The key is `secretName` in a volume, `name` in a projection.
SecretSource read_secret(const Field& field, std::string_view name_key) {
  return {field[name_key].dns_subdomain(), read_items(field["items"]),
          field["defaultMode"].small(0, kMaxMode), field["optional"].flag()};
}

DownwardApiSource read_downward_api(const Field& field) {
  DownwardApiSource source;
  source.default_mode = field["defaultMode"].small(0, kMaxMode);
  field["items"].each([&](const Field& one) {
    DownwardApiFile file;
    file.path = one["path"].relative_path();
    file.field_ref = read_field_ref(one["fieldRef"]);
    file.resource_field_ref = read_resource_field_ref(one["resourceFieldRef"]);
    file.mode = one["mode"].small(0, kMaxMode);
    if (file.field_ref.has_value() == file.resource_field_ref.has_value()) {
      one.fail("must name one of fieldRef and resourceFieldRef");
    }
    source.items.push_back(std::move(file));
  });
  return source;
}

ServiceAccountTokenProjection read_token(const Field& field) {
  constexpr std::int64_t kTenMinutes = 600;  // the API server's minimum
  constexpr std::int64_t kMost = std::int64_t{1} << 32;
  ServiceAccountTokenProjection token;
  token.audience = field["audience"].text();
  token.path = field["path"].relative_path();
  token.expiration_seconds =
      field["expirationSeconds"].integer(kTenMinutes, kMost).value_or(token.expiration_seconds);
  return token;
}

/// The one member of `field` that is not in `besides`: it names the kind of the volume.
std::string only_kind(const Field& field, std::string_view besides) {
  std::string kind;
  for (const auto& [key, value] : field.json().items()) {
    if (key == besides || value.is_null()) continue;
    if (!kind.empty()) field.fail(fmt::format("must be one of {} and {}, not both", kind, key));
    kind = key;
  }
  return kind;
}

/// Puts the name of an unsupported kind of source into `unknown`.
void read_projection(const Field& field, ProjectedSource& into, std::string& unknown) {
  (void)field["configMap"];  // BadInput unless an object
  if (!field.has()) field.fail("is missing");
  const std::string kind = only_kind(field, {});
  const Field source = field[kind];
  if (kind == "configMap") {
    into.sources.emplace_back(read_config_map(source));
  } else if (kind == "secret") {
    into.sources.emplace_back(read_secret(source, "name"));
  } else if (kind == "downwardAPI") {
    into.sources.emplace_back(read_downward_api(source));
  } else if (kind == "serviceAccountToken") {
    into.sources.emplace_back(read_token(source));
  } else if (kind.empty()) {
    field.fail("names no source");
  } else {
    unknown = "projected." + kind;
  }
}

EmptyDirSource read_empty_dir(const Field& field) {
  EmptyDirSource source;
  source.medium = field["medium"].text();
  if (const Field limit = field["sizeLimit"]; limit.has()) source.size_limit = limit.quantity();
  return source;
}

HostPathSource read_host_path(const Field& field) {
  HostPathSource source{field["path"].required_text(), field["type"].text()};
  if (source.path.front() != '/') field["path"].fail("must be an absolute path");
  if (source.path.size() > PodLimits::kPath) field["path"].fail("is too long for a path");
  if (climbs(source.path)) field["path"].fail("must not hold '..'");
  return source;
}

decltype(Volume::source) read_source(const Field& field, const std::string& kind) {
  const Field source = field[kind];
  if (kind.empty() || kind == "emptyDir") return read_empty_dir(source);  // without a source: an emptyDir
  if (kind == "hostPath") return read_host_path(source);
  if (kind == "configMap") return read_config_map(source);
  if (kind == "secret") return read_secret(source, "secretName");
  if (kind == "downwardAPI") return read_downward_api(source);
  if (kind != "projected") return UnsupportedSource{kind, {}};
  ProjectedSource projected;
  projected.default_mode = source["defaultMode"].small(0, kMaxMode);
  std::string unknown;
  source["sources"].each([&](const Field& one) { read_projection(one, projected, unknown); });
  if (!unknown.empty()) return UnsupportedSource{unknown, {}};
  return projected;
}

}  // namespace

Volume read_volume(const Field& field) {
  Volume volume;
  volume.name = field["name"].dns_label();
  std::string kind;
  std::string problem;
  read_part(problem, [&] {
    kind = only_kind(field, "name");
    volume.source = read_source(field, kind);
  });
  if (!problem.empty()) volume.source = UnsupportedSource{kind, problem};
  return volume;
}

}  // namespace edgecore::kube
