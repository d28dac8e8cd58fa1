// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "edgecore/base/clock.hpp"
#include "edgecore/beehive/message.hpp"
#include "edgecore/store/store.hpp"

namespace edgecore::metamanager {

/// Stores a message that made `module` fail in table `edgecore_poison`, so that it can be acknowledged
/// (`wants_ack`, `make_ack`) and does not come again for ever. `reason` is a sentence. Returns how many times
/// in a row this message failed. Blocks until it is on disk: for the Supervisor's poison handler, not for a
/// module's thread. Throws StoreError, QueueFull or StoreClosed; then do not acknowledge.
std::uint64_t store_poison(store::Store& store, std::string_view module, const beehive::Message& message,
                           std::string_view reason, WallTime now);

}  // namespace edgecore::metamanager
