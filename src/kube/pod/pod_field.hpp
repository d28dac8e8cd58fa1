// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/base/error.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/kube/pod.hpp"

/// Checked reading of a Kubernetes object: each value knows its path, so that an error names the first faulty
/// field. JSON null counts as absent, because Go sends it for fields that are not set.
namespace edgecore::kube {

/// Limits for a pod from outside. The API server's own limit is 1.5 MiB an object; these bound the memory and
/// work that the node spends on it.
struct PodLimits {
  static constexpr std::size_t kDepth = 100;
  static constexpr std::size_t kText = std::size_t{1} << 20;
  static constexpr std::size_t kPath = 4096;
  static constexpr std::size_t kContainers = 256;
  static constexpr std::size_t kVolumes = 512;
  static constexpr std::size_t kEntries = 4096;  ///< of any other list or map
};

/// The highest user or group id.
inline constexpr std::int64_t kMaxId = std::numeric_limits<std::int32_t>::max();

/// A place in the object. Holds pointers to its parent Field: use it while the parent lives.
class Field {
 public:
  explicit Field(const Json& root) : value_(root.is_null() ? nullptr : &root) {}

  /// The member of that name; absent if this is absent. BadInput if this is not an object.
  Field operator[](std::string_view key) const;

  [[nodiscard]] bool has() const { return value_ != nullptr; }
  [[nodiscard]] const Json& json() const { return *value_; }
  [[nodiscard]] std::string path() const;

  /// BadInput: `<path> <problem>`.
  [[noreturn]] void fail(std::string_view problem) const;

  /// Text without NUL, at most PodLimits::kText; the fallback when absent.
  [[nodiscard]] std::string text(std::string_view fallback = {}) const;
  [[nodiscard]] std::string required_text() const;
  [[nodiscard]] std::optional<bool> boolean() const;
  [[nodiscard]] bool flag(bool fallback = false) const { return boolean().value_or(fallback); }
  [[nodiscard]] std::optional<std::int64_t> integer(std::int64_t least, std::int64_t most) const;
  [[nodiscard]] std::optional<std::int32_t> small(std::int32_t least, std::int32_t most) const;
  [[nodiscard]] IntOrString port() const;  ///< required; 1…65535 or a port's name

  /// Names that become part of paths and message resources.
  [[nodiscard]] std::string dns_label() const;      ///< required
  [[nodiscard]] std::string dns_subdomain() const;  ///< required
  /// A path below a directory: not empty, not absolute, no `..`.
  [[nodiscard]] std::string relative_path() const;
  [[nodiscard]] std::vector<std::string> texts() const;
  [[nodiscard]] StringMap text_map() const;
  [[nodiscard]] StringMap quantities() const;
  /// Required; the text of a non-negative quantity. Also accepts a number, as in a hand-written static pod.
  [[nodiscard]] std::string quantity() const;

  /// Calls `visit(element)` for each element of a list; none when absent. BadInput above `limit` elements.
  template <typename Visit>
  void each(Visit visit, std::size_t limit = PodLimits::kEntries) const {
    const std::size_t count = list_size(limit);
    for (std::size_t i = 0; i < count; ++i) visit(element(i));
  }

 private:
  Field(const Json* value, const Field* parent, std::string_view key, std::size_t index);
  [[nodiscard]] std::size_t list_size(std::size_t limit) const;
  [[nodiscard]] Field element(std::size_t index) const;
  void check_map(std::size_t limit) const;

  const Json* value_ = nullptr;
  const Field* parent_ = nullptr;
  std::string_view key_;
  std::size_t index_ = std::numeric_limits<std::size_t>::max();
};

/// Whether a segment of a path is `..`.
bool climbs(std::string_view path);

/// Reads a part of the pod. If it is faulty, it keeps what `read` has set so far, and the fault becomes the
/// problem, unless there is one already.
template <typename Read>
void read_part(std::string& problem, Read read) {
  try {
    read();
  } catch (const BadInput& error) {
    if (problem.empty()) problem = error.what();
  }
}

// The parts of read_pod, in pod_containers.cpp and pod_volumes.cpp.
/// Throws BadInput without a usable name; other faults are the container's problem.
Container read_container(const Field& field);
/// Throws BadInput without a usable name; other faults are the source's problem.
Volume read_volume(const Field& field);
std::optional<FieldRef> read_field_ref(const Field& field);
std::optional<ResourceFieldRef> read_resource_field_ref(const Field& field);
std::optional<SeLinuxOptions> read_se_linux(const Field& field);
std::optional<SeccompProfile> read_seccomp(const Field& field);

}  // namespace edgecore::kube
