// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace edgecore::kube {

/// A string in double quotes as Go's %q prints it; the API server's errors and the downward API use that
/// format. Unlike Go, escapes only ASCII's control characters: passes invalid UTF-8 and other unprintable
/// characters through.
std::string quoted(std::string_view text);

}  // namespace edgecore::kube
