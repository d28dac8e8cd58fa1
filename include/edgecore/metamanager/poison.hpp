// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "edgecore/base/clock.hpp"
#include "edgecore/beehive/message.hpp"
#include "edgecore/store/store.hpp"

namespace edgecore::metamanager {

/// Puts a message aside that made `module` fail (table `edgecore_poison`), so that it may be acknowledged
/// (`wants_ack`, `make_ack`) instead of coming back for ever. `reason` is a sentence. Returns how often this
/// very message failed in a row. Blocks until it is on disk: for the Supervisor's poison handler, not for a
/// module's thread. Throws StoreError, QueueFull or StoreClosed; then do not acknowledge.
std::uint64_t store_poison(store::Store& store, std::string_view module, const beehive::Message& message,
                           std::string_view reason, WallTime now);

}  // namespace edgecore::metamanager
