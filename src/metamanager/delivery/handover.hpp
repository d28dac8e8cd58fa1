// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "edgecore/beehive/module.hpp"

namespace edgecore::metamanager {

/// Sends a module of this node the news of something that is in the database already; waits while its mailbox
/// is full. A module that is disabled gets nothing. For a module that takes no messages any more a line in
/// the log is enough: when it is started again it reads the database. Throws when cancelled.
boost::asio::awaitable<void> hand_over(beehive::ModuleContext& context, std::string module,
                                       beehive::MessagePtr news);

}  // namespace edgecore::metamanager
