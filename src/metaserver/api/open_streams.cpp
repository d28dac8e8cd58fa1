// SPDX-License-Identifier: Apache-2.0
#include "metaserver/api/open_streams.hpp"

#include <utility>

namespace edgecore::metaserver {

OpenStreams::Stream::Stream(OpenStreams& all, boost::asio::any_io_executor executor,
                            std::function<bool()> may_go_on)
    : all_(all),
      may_go_on_(std::move(may_go_on)),
      end_(std::move(executor)),
      self_(all.all_.insert(all.all_.end(), this)) {}

OpenStreams::Stream::~Stream() {
  all_.all_.erase(self_);
}

boost::asio::awaitable<void> OpenStreams::Stream::ended() {
  co_await end_.sleep();
}

void OpenStreams::judge() {
  // A notified stream ends later, on the executor: the list does not change here.
  for (Stream* stream : all_)
    if (!stream->may_go_on_()) stream->end_.notify();
}

}  // namespace edgecore::metaserver
