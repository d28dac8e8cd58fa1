// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "edgecore/devicetwin/dmi.hpp"
#include "edgecore/store/meta.hpp"

/// The registry of mappers in the database, as the Go agent keeps it (protocol/04-devices.md §3.5). Pure
/// functions.
namespace edgecore::devicetwin {

inline constexpr char kDeviceMapperType[] = "devicemapper";

/// `node/nodeID/namespace/devicemapper/<name>`, the words as they stand.
[[nodiscard]] store::meta::Row mapper_row(const Mapper& mapper);
/// nullopt for a row that cannot be read.
[[nodiscard]] std::optional<Mapper> read_mapper(const store::meta::Row& row);

/// Why a mapper cannot register so; nullopt when it can. The text for an empty protocol is the Go agent's.
[[nodiscard]] std::optional<DmiStatus> flaw_of(const std::optional<Mapper>& mapper);

}  // namespace edgecore::devicetwin
