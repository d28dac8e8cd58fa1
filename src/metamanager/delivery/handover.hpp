// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "edgecore/beehive/module.hpp"

namespace edgecore::metamanager {

/// Gives a module of this node the news of something that is in the database already. It waits while the
/// module's mailbox is full. A module this node does not have gets nothing; one that takes no messages any
/// more reads the database when it is started again, so that is only said in the log. Throws when cancelled.
boost::asio::awaitable<void> hand_over(beehive::ModuleContext& context, std::string module,
                                       beehive::Message news);

}  // namespace edgecore::metamanager
