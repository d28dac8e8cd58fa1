// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace edgecore {

/// What a scalar of a YAML text stands for, by the rules of YAML 1.1 as Go's reader applies them, which both
/// edgecore.yaml and pod manifests rely on: `yes` is a bool, `0x10` and `0644` are numbers.
using YamlScalar = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

/// Text without quotes. A float may be an infinity or no number (`.inf`, `.nan`).
YamlScalar resolve_plain_scalar(std::string_view text);

/// Text under a tag as yaml-cpp gives it: "?" plain, "!" quoted, else an explicit one. nullopt for a tag that
/// is unknown or does not fit the text.
std::optional<YamlScalar> resolve_tagged_scalar(std::string_view tag, std::string_view text);

}  // namespace edgecore
