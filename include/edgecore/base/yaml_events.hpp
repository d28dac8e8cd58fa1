// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace edgecore {

struct YamlPlace {
  int line = 0;    ///< from 1
  int column = 0;  ///< from 0, in bytes
};

/// A node that an alias may repeat; 0: no anchor.
using YamlAnchor = std::size_t;

/// Receiver of the events of a YAML text, in order. A map sends the events of key and value in turn. Hides
/// yaml-cpp; YamlBuilder (yaml_builder.hpp) builds values from the events.
class YamlEvents {
 public:
  virtual ~YamlEvents() = default;
  /// `tag` is "?" for plain text, "!" for quoted text, else an explicit tag. A missing value and null are
  /// plain and empty.
  virtual void scalar(YamlPlace at, YamlAnchor anchor, std::string_view tag, std::string_view text) = 0;
  virtual void begin_list(YamlPlace at, YamlAnchor anchor) = 0;
  virtual void begin_map(YamlPlace at, YamlAnchor anchor) = 0;
  virtual void end_list() = 0;
  virtual void end_map() = 0;
  virtual void alias(YamlPlace at, YamlAnchor of) = 0;
  /// The text is not YAML. `why` quotes nothing of the text, which may be secret. Must throw.
  [[noreturn]] virtual void broken(YamlPlace at, std::string_view why) = 0;
  /// Reading the text would take too much memory; `what` continues "Line 3". Must throw.
  [[noreturn]] virtual void too_much(YamlPlace at, std::string_view what) = 0;
};

/// Sends the events of the first document; no event if the text has no document.
void read_yaml(std::string_view text, YamlEvents& events);

}  // namespace edgecore
