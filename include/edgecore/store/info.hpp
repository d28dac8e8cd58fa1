// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "edgecore/store/source.hpp"

/// Table `edgecore_info` (ours alone): what the node has to remember about itself, as key and value.
namespace edgecore::store::info {

[[nodiscard]] std::optional<std::string> find(const Source& from, std::string_view key);
/// An identical value costs no write.
void set(Transaction& into, std::string_view key, std::string_view value);
bool remove(Transaction& from, std::string_view key);

/// True from the making of a new database (first start, or a corrupt file set aside) until
/// `clear_resync_needed`: rows the cloud believes delivered may be missing, ask it for everything
/// (protocol/07-observed.md).
[[nodiscard]] bool resync_needed(const Source& from);
void clear_resync_needed(Transaction& into);

}  // namespace edgecore::store::info
