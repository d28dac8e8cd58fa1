// SPDX-License-Identifier: Apache-2.0
#include "metamanager/delivery/handover.hpp"

#include <utility>

#include "edgecore/base/log.hpp"
#include "edgecore/beehive/bus.hpp"

namespace edgecore::metamanager {

boost::asio::awaitable<void> hand_over(beehive::ModuleContext& context, std::string module,
                                       beehive::MessagePtr news) {
  if (!context.bus.has_module(module)) co_return;
  try {
    co_await context.bus.send(module, news);
  } catch (const beehive::RequestFailed& failure) {
    context.log->warn("cannot deliver {} to module {}: {}", log::quote(news->route.resource), module,
                      failure.what());
  }
}

}  // namespace edgecore::metamanager
