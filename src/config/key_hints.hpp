// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace edgecore::config {

/// What follows the warning about an unknown key: where it belongs, or which key was probably meant; "" if
/// none is near. `siblings` are the keys of the object in which it stands. Ignores case.
std::string key_hint(std::string_view key, const std::vector<std::string>& siblings);

}  // namespace edgecore::config
