// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>

#include "edgecore/store/store.hpp"

namespace edgecore::store {

/// Writes and resumes on the caller's executor when the job is on disk; throws what made it fail (see
/// `Done`). While the store is busy the caller waits its turn. A write that has been taken is finished even
/// if the coroutine is cancelled (which still waits for it) or destroyed (then nobody hears of it; the
/// executor may be gone by then). Name the job before the co_await (g++ 12 mishandles temporaries there).
boost::asio::awaitable<void> async_write(Store& store, Job job, std::size_t bytes = 0);

}  // namespace edgecore::store
