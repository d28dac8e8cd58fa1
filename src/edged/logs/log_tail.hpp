// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace edgecore::edged {

/// The last `lines` of a container's log, at most its last `bytes`: the content of the CRI log file at `path`
/// without times and tags. "" if there is no such file. Reads only the end of the file; does not follow a
/// link in the last path component. Throws SystemError if it cannot be read.
std::string log_tail(const std::filesystem::path& path, std::size_t lines, std::size_t bytes);

/// As log_tail, for the text of a log. Leaves out a first line that is cut off.
std::string log_tail_of(std::string_view text, std::size_t lines, std::size_t bytes);

}  // namespace edgecore::edged
