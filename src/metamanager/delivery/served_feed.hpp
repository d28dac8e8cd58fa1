// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>

#include "edgecore/beehive/module.hpp"
#include "metamanager/objects/object_rows.hpp"

/// Module `metaserver` is told what has changed in `meta_v2` once it is on disk (docs/messages.md). Costs
/// nothing where that module is not enabled. All wait for room in its mailbox.
namespace edgecore::metamanager {

boost::asio::awaitable<void> feed_stored(beehive::ModuleContext& context,
                                         std::shared_ptr<const ObjectWrite> write);
boost::asio::awaitable<void> feed_removed(beehive::ModuleContext& context,
                                          std::shared_ptr<const ObjectRemoval> removal);

/// One row.
boost::asio::awaitable<void> feed_row(beehive::ModuleContext& context, std::string key, Json object);

}  // namespace edgecore::metamanager
