// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace edgecore::config {

/// What follows the warning about the unknown key at `path`: where it belongs, or which key was probably
/// meant; "" if none is near. `siblings` are the keys of the object in which it stands. Ignores case.
std::string key_hint(std::string_view path, const std::vector<std::string>& siblings);

}  // namespace edgecore::config
