// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace edgecore::servicebus {

/// The shortest spelling of a path, as the cloud's router makes it (Go's path.Clean): single slashes, no "."
/// and "..", no trailing slash. It does the same with whole URLs: "http://a/b/" becomes "http:/a/b".
[[nodiscard]] std::string clean_path(std::string_view path);

}  // namespace edgecore::servicebus
