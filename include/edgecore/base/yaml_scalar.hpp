// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace edgecore {

/// The value of a YAML scalar by the rules of YAML 1.1 as in Go's reader, which edgecore.yaml and pod
/// manifests rely on: `yes` is a bool, `0x10` and `0644` are numbers.
using YamlScalar = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

/// Text without quotes. A float may be `.inf` or `.nan`.
YamlScalar resolve_plain_scalar(std::string_view text);

/// Text with a tag of yaml-cpp: "?" plain, "!" quoted, else an explicit one. nullopt if the tag is unknown or
/// does not fit the text.
std::optional<YamlScalar> resolve_tagged_scalar(std::string_view tag, std::string_view text);

}  // namespace edgecore
