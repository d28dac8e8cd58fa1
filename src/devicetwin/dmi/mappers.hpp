// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "edgecore/devicetwin/dmi.hpp"
#include "edgecore/store/meta.hpp"

/// The registry of mappers in the database, compatible with the Go agent (protocol/04-devices.md §3.5). Pure
/// functions.
namespace edgecore::devicetwin {

inline constexpr char kDeviceMapperType[] = "devicemapper";

/// The key is `node/nodeID/namespace/devicemapper/<name>`, with these words literally.
[[nodiscard]] store::meta::Row mapper_row(const Mapper& mapper);
/// nullopt for a malformed row.
[[nodiscard]] std::optional<Mapper> read_mapper(const store::meta::Row& row);

/// Why the mapper cannot register; nullopt if it can. The text for an empty protocol is the Go agent's.
[[nodiscard]] std::optional<DmiStatus> flaw_of(const std::optional<Mapper>& mapper);

}  // namespace edgecore::devicetwin
