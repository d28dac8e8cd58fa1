// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace edgecore::edged {

/// What the last `lines` of a container's log say, at most the last `bytes` of it: the CRI log file at `path`
/// without its times and tags. "" when there is no such file. Reads only the end of the file; does not follow
/// a link in its last component. Throws SystemError when it cannot be read.
std::string log_tail(const std::filesystem::path& path, std::size_t lines, std::size_t bytes);

/// The same of a log's text. A first line that is cut off is left out.
std::string log_tail_of(std::string_view text, std::size_t lines, std::size_t bytes);

}  // namespace edgecore::edged
