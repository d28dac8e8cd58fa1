// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>

#include "edgecore/store/store.hpp"

namespace edgecore::store {

/// Runs the job and resumes on the caller's executor when it is on disk; throws if it failed (see `Done`).
/// While the store is busy the caller waits its turn. An accepted write is finished even if the coroutine is
/// cancelled (it still waits for the write) or destroyed (the result is dropped; the executor may be gone by
/// then). Name the job before the co_await (g++ 12 mishandles temporaries there).
boost::asio::awaitable<void> async_write(Store& store, Job job, std::size_t bytes = 0);

}  // namespace edgecore::store
