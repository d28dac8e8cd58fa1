// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace edgecore {

/// True if a text is valid UTF-8: no stray bytes, overlong forms, surrogates or characters above U+10FFFF. A
/// zero byte is valid.
bool is_utf8(std::string_view text);

}  // namespace edgecore
