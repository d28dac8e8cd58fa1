// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

namespace edgecore::edged {

/// The last `bytes` of a regular file that a container may write to; nullopt if it does not exist or is a
/// link, a pipe or a device: a container must not make this process read or wait for something else. Throws
/// SystemError.
std::optional<std::string> file_tail(const std::filesystem::path& path, std::size_t bytes);

}  // namespace edgecore::edged
