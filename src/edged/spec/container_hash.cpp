// SPDX-License-Identifier: Apache-2.0
#include "edged/spec/container_hash.hpp"

#include <spdlog/fmt/fmt.h>

#include <array>
#include <span>

#include "edgecore/kube/json.hpp"

namespace edgecore::edged {
namespace {

/// When a member is written.
enum class When {
  kFilled,   ///< unless it is absent, "", 0, false or empty (Go's omitempty)
  kPresent,  ///< a Go pointer: written if present, even as 0 or {}
  kAlways,   ///< always, as `zero` if absent
};

struct Shape;

struct Member {
  const char* key;
  When when = When::kFilled;
  const Shape* shape = nullptr;  ///< shape of an object; nullptr = a scalar or a list of scalars
  const char* zero = "";         ///< text of an absent member with When::kAlways
};

/// The members of an object in Go's order.
struct Shape {
  std::span<const Member> members;
};

constexpr Member kPort[] = {
    {"name"}, {"hostPort"}, {"containerPort", When::kAlways, nullptr, "0"}, {"protocol"}, {"hostIP"}};
constexpr Shape kPortShape{kPort};

constexpr Member kEnvFromRef[] = {{"name"}, {"optional", When::kPresent}};
constexpr Shape kEnvFromRefShape{kEnvFromRef};
constexpr Member kEnvFrom[] = {{"prefix"},
                               {"configMapRef", When::kPresent, &kEnvFromRefShape},
                               {"secretRef", When::kPresent, &kEnvFromRefShape}};
constexpr Shape kEnvFromShape{kEnvFrom};

constexpr Member kFieldRef[] = {{"apiVersion"}, {"fieldPath", When::kAlways, nullptr, "\"\""}};
constexpr Shape kFieldRefShape{kFieldRef};
constexpr Member kResourceFieldRef[] = {{"containerName"},
                                        {"resource", When::kAlways, nullptr, "\"\""},
                                        {"divisor", When::kAlways, nullptr, "\"0\""}};
constexpr Shape kResourceFieldRefShape{kResourceFieldRef};
constexpr Member kKeyRef[] = {
    {"name"}, {"key", When::kAlways, nullptr, "\"\""}, {"optional", When::kPresent}};
constexpr Shape kKeyRefShape{kKeyRef};
constexpr Member kValueFrom[] = {{"fieldRef", When::kPresent, &kFieldRefShape},
                                 {"resourceFieldRef", When::kPresent, &kResourceFieldRefShape},
                                 {"configMapKeyRef", When::kPresent, &kKeyRefShape},
                                 {"secretKeyRef", When::kPresent, &kKeyRefShape}};
constexpr Shape kValueFromShape{kValueFrom};
constexpr Member kEnv[] = {
    {"name", When::kAlways, nullptr, "\"\""}, {"value"}, {"valueFrom", When::kPresent, &kValueFromShape}};
constexpr Shape kEnvShape{kEnv};

constexpr Shape kMapShape{};  // any keys, sorted
constexpr Member kClaim[] = {{"name", When::kAlways, nullptr, "\"\""}};
constexpr Shape kClaimShape{kClaim};
constexpr Member kResources[] = {{"limits", When::kFilled, &kMapShape},
                                 {"requests", When::kFilled, &kMapShape},
                                 {"claims", When::kFilled, &kClaimShape}};
constexpr Shape kResourcesShape{kResources};
constexpr Member kResize[] = {{"resourceName", When::kAlways, nullptr, "\"\""},
                              {"restartPolicy", When::kAlways, nullptr, "\"\""}};
constexpr Shape kResizeShape{kResize};

constexpr Member kMount[] = {{"name", When::kAlways, nullptr, "\"\""},      {"readOnly"},
                             {"mountPath", When::kAlways, nullptr, "\"\""}, {"subPath"},
                             {"mountPropagation", When::kPresent},          {"subPathExpr"}};
constexpr Shape kMountShape{kMount};
constexpr Member kDevice[] = {{"name", When::kAlways, nullptr, "\"\""},
                              {"devicePath", When::kAlways, nullptr, "\"\""}};
constexpr Shape kDeviceShape{kDevice};

constexpr Member kExec[] = {{"command"}};
constexpr Shape kExecShape{kExec};
constexpr Member kHeader[] = {{"name", When::kAlways, nullptr, "\"\""},
                              {"value", When::kAlways, nullptr, "\"\""}};
constexpr Shape kHeaderShape{kHeader};
constexpr Member kHttpGet[] = {{"path"},
                               {"port", When::kAlways, nullptr, "0"},
                               {"host"},
                               {"scheme"},
                               {"httpHeaders", When::kFilled, &kHeaderShape}};
constexpr Shape kHttpGetShape{kHttpGet};
constexpr Member kTcpSocket[] = {{"port", When::kAlways, nullptr, "0"}, {"host"}};
constexpr Shape kTcpSocketShape{kTcpSocket};
constexpr Member kGrpc[] = {{"port", When::kAlways, nullptr, "0"},
                            {"service", When::kAlways, nullptr, "null"}};
constexpr Shape kGrpcShape{kGrpc};
constexpr Member kProbe[] = {{"exec", When::kPresent, &kExecShape},
                             {"httpGet", When::kPresent, &kHttpGetShape},
                             {"tcpSocket", When::kPresent, &kTcpSocketShape},
                             {"grpc", When::kPresent, &kGrpcShape},
                             {"initialDelaySeconds"},
                             {"timeoutSeconds"},
                             {"periodSeconds"},
                             {"successThreshold"},
                             {"failureThreshold"},
                             {"terminationGracePeriodSeconds", When::kPresent}};
constexpr Shape kProbeShape{kProbe};
constexpr Member kHandler[] = {{"exec", When::kPresent, &kExecShape},
                               {"httpGet", When::kPresent, &kHttpGetShape},
                               {"tcpSocket", When::kPresent, &kTcpSocketShape}};
constexpr Shape kHandlerShape{kHandler};
constexpr Member kLifecycle[] = {{"postStart", When::kPresent, &kHandlerShape},
                                 {"preStop", When::kPresent, &kHandlerShape}};
constexpr Shape kLifecycleShape{kLifecycle};

constexpr Member kCapabilities[] = {{"add"}, {"drop"}};
constexpr Shape kCapabilitiesShape{kCapabilities};
constexpr Member kSeLinux[] = {{"user"}, {"role"}, {"type"}, {"level"}};
constexpr Shape kSeLinuxShape{kSeLinux};
constexpr Member kWindows[] = {{"gmsaCredentialSpecName", When::kPresent},
                               {"gmsaCredentialSpec", When::kPresent},
                               {"runAsUserName", When::kPresent},
                               {"hostProcess", When::kPresent}};
constexpr Shape kWindowsShape{kWindows};
constexpr Member kSeccomp[] = {{"type", When::kAlways, nullptr, "\"\""},
                               {"localhostProfile", When::kPresent}};
constexpr Shape kSeccompShape{kSeccomp};
constexpr Member kSecurity[] = {{"capabilities", When::kPresent, &kCapabilitiesShape},
                                {"privileged", When::kPresent},
                                {"seLinuxOptions", When::kPresent, &kSeLinuxShape},
                                {"windowsOptions", When::kPresent, &kWindowsShape},
                                {"runAsUser", When::kPresent},
                                {"runAsGroup", When::kPresent},
                                {"runAsNonRoot", When::kPresent},
                                {"readOnlyRootFilesystem", When::kPresent},
                                {"allowPrivilegeEscalation", When::kPresent},
                                {"procMount", When::kPresent},
                                {"seccompProfile", When::kPresent, &kSeccompShape}};
constexpr Shape kSecurityShape{kSecurity};

constexpr Member kContainer[] = {{"name", When::kAlways, nullptr, "\"\""},
                                 {"image"},
                                 {"command"},
                                 {"args"},
                                 {"workingDir"},
                                 {"ports", When::kFilled, &kPortShape},
                                 {"envFrom", When::kFilled, &kEnvFromShape},
                                 {"env", When::kFilled, &kEnvShape},
                                 {"resources", When::kAlways, &kResourcesShape, "{}"},
                                 {"resizePolicy", When::kFilled, &kResizeShape},
                                 {"restartPolicy", When::kPresent},
                                 {"volumeMounts", When::kFilled, &kMountShape},
                                 {"volumeDevices", When::kFilled, &kDeviceShape},
                                 {"livenessProbe", When::kPresent, &kProbeShape},
                                 {"readinessProbe", When::kPresent, &kProbeShape},
                                 {"startupProbe", When::kPresent, &kProbeShape},
                                 {"lifecycle", When::kPresent, &kLifecycleShape},
                                 {"terminationMessagePath"},
                                 {"terminationMessagePolicy"},
                                 {"imagePullPolicy"},
                                 {"securityContext", When::kPresent, &kSecurityShape},
                                 {"stdin"},
                                 {"stdinOnce"},
                                 {"tty"}};
constexpr Shape kContainerShape{kContainer};

/// A string as Go's encoding/json quotes it.
void write_text(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += text[i];
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c < 0x20 || c == '<' || c == '>' || c == '&') {
      out += fmt::format("\\u{:04x}", c);
    } else if (text.substr(i, 2) == "\xe2\x80" && i + 2 < text.size() &&
               (text[i + 2] == '\xa8' || text[i + 2] == '\xa9')) {
      out += text[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += text[i];
    }
  }
  out += '"';
}

bool is_filled(const Json& value) {
  if (value.is_string()) return !value.get_ref<const std::string&>().empty();
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return kube::to_int(value) != 0;
  return !value.empty();
}

void write_value(std::string& out, const Json& value, const Shape* shape);

void write_object(std::string& out, const Json& value, const Shape& shape) {
  out += '{';
  const auto start = out.size();
  const auto key = [&](std::string_view name) {
    if (out.size() != start) out += ',';
    write_text(out, name);
    out += ':';
  };
  if (shape.members.empty()) {
    for (const auto& [name, one] : value.items()) {
      key(name);
      // Only quantities are stored in maps. They are strings, even where a person wrote a number.
      write_text(out, one.is_string() ? one.get_ref<const std::string&>() : one.dump());
    }
  }
  for (const Member& member : shape.members) {
    const auto found = value.find(member.key);
    const bool present = found != value.end() && !found->is_null();
    if (!present && member.when != When::kAlways) continue;
    if (present && member.when == When::kFilled && !is_filled(*found)) continue;
    key(member.key);
    if (present) {
      write_value(out, *found, member.shape);
    } else {
      out += member.zero;
    }
  }
  out += '}';
}

void write_value(std::string& out, const Json& value, const Shape* shape) {
  if (value.is_string()) {
    write_text(out, value.get_ref<const std::string&>());
  } else if (value.is_array()) {
    out += '[';
    for (const auto& one : value) {
      if (out.back() != '[') out += ',';
      write_value(out, one, shape);
    }
    out += ']';
  } else if (value.is_object() && shape != nullptr) {
    write_object(out, value, *shape);
  } else if (const auto number = kube::to_int(value)) {
    out += std::to_string(*number);  // a row that was read as floating point has 5.0 for 5
  } else {
    out += value.dump();
  }
}

constexpr std::uint32_t kOffset = 0x811c9dc5;
constexpr std::uint32_t kPrime = 0x01000193;

std::uint32_t fnv(std::uint32_t hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kPrime;
  return hash;
}

}  // namespace

std::string container_json(const kube::Container& container) {
  std::string out;
  write_object(out, container.raw, kContainerShape);
  return out;
}

std::uint32_t container_hash(const kube::Container& container) {
  std::uint32_t hash = fnv(kOffset, "([]uint8)[");
  bool first = true;
  for (const char c : container_json(container)) {
    if (!first) hash = fnv(hash, " ");
    first = false;
    hash = fnv(hash, std::to_string(static_cast<unsigned char>(c)));
  }
  return fnv(hash, "]");
}

std::string container_hash_text(const kube::Container& container) {
  return fmt::format("{:x}", container_hash(container));
}

std::string ports_json(const kube::Container& container) {
  const Json& ports = kube::array_or_empty(container.raw, "ports");
  if (ports.empty()) return {};
  std::string out;
  write_value(out, ports, &kPortShape);
  return out;
}

std::string pre_stop_json(const kube::Container& container) {
  const Json* handler = kube::find_path(container.raw, "lifecycle.preStop");
  if (handler == nullptr || !handler->is_object()) return {};
  std::string out;
  write_object(out, *handler, kHandlerShape);
  return out;
}

}  // namespace edgecore::edged
