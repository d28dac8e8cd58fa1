// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace edgecore::kube {

/// A string in double quotes as Go's %q prints it, which is how the API server's sentences and the downward
/// API show strings. Bytes that are no UTF-8, and characters that Go holds for unprintable beyond ASCII's
/// control characters, are passed through.
std::string quoted(std::string_view text);

}  // namespace edgecore::kube
