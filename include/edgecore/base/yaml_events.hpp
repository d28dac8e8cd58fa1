// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace edgecore {

struct YamlPlace {
  int line = 0;    ///< from 1
  int column = 0;  ///< from 0, in bytes
};

/// A node that an alias may repeat; 0 is none.
using YamlAnchor = std::size_t;

/// What a YAML text says, in its order. A map's events are those of a key and its value in turn. yaml-cpp
/// stays behind this; YamlBuilder (yaml_builder.hpp) makes values of the events.
class YamlEvents {
 public:
  virtual ~YamlEvents() = default;
  /// `tag` is "?" for plain text, "!" for quoted text, else an explicit tag. No value and null are plain and
  /// empty.
  virtual void scalar(YamlPlace at, YamlAnchor anchor, std::string_view tag, std::string_view text) = 0;
  virtual void begin_list(YamlPlace at, YamlAnchor anchor) = 0;
  virtual void begin_map(YamlPlace at, YamlAnchor anchor) = 0;
  virtual void end_list() = 0;
  virtual void end_map() = 0;
  virtual void alias(YamlPlace at, YamlAnchor of) = 0;
  /// The text is not YAML. `why` holds nothing of the text, which may be a secret. Has to throw.
  [[noreturn]] virtual void broken(YamlPlace at, std::string_view why) = 0;
};

/// Tells the events of the first document; none when there is no document.
void read_yaml(std::string_view text, YamlEvents& events);

}  // namespace edgecore
