// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace edgecore {

/// Whether a text is UTF-8: no byte that cannot be part of it, no longer form than a character needs, no
/// surrogates, nothing beyond U+10FFFF. A zero byte is a character like others.
bool is_utf8(std::string_view text);

}  // namespace edgecore
