// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "edgecore/beehive/module.hpp"

namespace edgecore::metamanager {

/// Sends a module of this node news of an object that is already in the database; waits while its mailbox is
/// full. A disabled module gets nothing. If the module takes no messages any more, that is logged: it reads
/// the database when it starts again. Throws when cancelled.
boost::asio::awaitable<void> hand_over(beehive::ModuleContext& context, std::string module,
                                       beehive::MessagePtr news);

}  // namespace edgecore::metamanager
