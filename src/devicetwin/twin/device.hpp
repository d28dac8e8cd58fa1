// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

/// A device in DeviceTwin's memory (protocol/04-devices.md §2.2). Plain data.
namespace edgecore::devicetwin {

/// How often each side has changed a part of a twin.
struct TwinVersion {
  std::int64_t cloud = 0;
  std::int64_t edge = 0;
  bool operator==(const TwinVersion&) const = default;
};

/// The largest number in a version: larger ones from outside are refused, and counting ends here. Exact in
/// the floating-point numbers of other programs' JSON.
inline constexpr std::int64_t kMaxVersion = (std::int64_t{1} << 53) - 1;

/// The expected or the actual side of a twin. The value "" means no value: it is stored, but not shown. The
/// version exists once the part was set.
struct TwinPart {
  std::string value;
  std::int64_t timestamp = 0;  ///< Unix ms of the last change
  std::optional<TwinVersion> version;
  bool operator==(const TwinPart&) const = default;
};

inline constexpr std::string_view kDeletedType = "deleted";
inline constexpr std::string_view kStringType = "string";

/// One property.
struct Twin {
  TwinPart expected;
  TwinPart actual;
  bool optional = true;
  std::string type{kStringType};  ///< kDeletedType: a tombstone
  /// The last desired value of the cluster's Device that became the expected one. Kept so that a value set on
  /// the node stays until the cluster's value changes (docs/devices.md).
  std::optional<std::string> desired;
  [[nodiscard]] bool deleted() const { return type == kDeletedType; }
  bool operator==(const Twin&) const = default;
};

struct Attribute {
  std::string value;
  bool optional = true;
  std::string type{kStringType};
  bool operator==(const Attribute&) const = default;
};

template <class Value>
using ByName = std::map<std::string, Value, std::less<>>;

struct Device {
  std::string id;  ///< `<namespace>/<name>`
  std::string name;
  std::string description;
  std::string state;
  std::string last_online;  ///< RFC 3339, UTC
  ByName<Attribute> attributes;
  ByName<Twin> twins;
};

}  // namespace edgecore::devicetwin
