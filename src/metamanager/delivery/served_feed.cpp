// SPDX-License-Identifier: Apache-2.0
#include "metamanager/delivery/served_feed.hpp"

#include <utility>

#include "edgecore/beehive/names.hpp"
#include "metamanager/delivery/handover.hpp"

namespace edgecore::metamanager {
namespace {

boost::asio::awaitable<void> tell(beehive::ModuleContext& context, beehive::Message news) {
  std::string module = names::module::kMetaServer;
  co_await hand_over(context, std::move(module), std::move(news));
}

bool is_wanted(const beehive::ModuleContext& context) {
  return context.bus.has_module(names::module::kMetaServer);
}

}  // namespace

boost::asio::awaitable<void> feed_stored(beehive::ModuleContext& context,
                                         std::shared_ptr<const ObjectWrite> write) {
  if (!is_wanted(context)) co_return;
  for (const auto& row : write->served) {
    beehive::Message news = beehive::make_message(names::module::kMetaManager, names::group::kMeta,
                                                  names::operation::kUpdate, row.key, row.value);
    co_await tell(context, std::move(news));
  }
}

boost::asio::awaitable<void> feed_row(beehive::ModuleContext& context, std::string key, Json object) {
  if (!is_wanted(context)) co_return;
  beehive::Message news =
      beehive::make_message(names::module::kMetaManager, names::group::kMeta, names::operation::kUpdate,
                            std::move(key), kube::dump_json(object));
  co_await tell(context, std::move(news));
}

boost::asio::awaitable<void> feed_removed(beehive::ModuleContext& context,
                                          std::shared_ptr<const ObjectRemoval> removal) {
  if (!is_wanted(context)) co_return;
  for (const std::string& key : removal->served_keys) {
    beehive::Message news = beehive::make_message(names::module::kMetaManager, names::group::kMeta,
                                                  names::operation::kDelete, key, removal->uid);
    news.header.resource_version = removal->resource_version;
    co_await tell(context, std::move(news));
  }
}

}  // namespace edgecore::metamanager
