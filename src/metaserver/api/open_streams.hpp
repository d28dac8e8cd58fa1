// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <list>

#include "edgecore/async/event.hpp"

namespace edgecore::metaserver {

/// The watches and followed logs that are open, so that they end when what they were allowed by ends: a
/// right, a login, a pod. Owned by the Api, on the module's thread; outlives its streams.
class OpenStreams {
 public:
  OpenStreams() = default;
  OpenStreams(const OpenStreams&) = delete;
  OpenStreams& operator=(const OpenStreams&) = delete;

  /// One stream, as long as it lives.
  class Stream {
   public:
    /// `may_go_on` is asked by judge(), on the same thread.
    Stream(OpenStreams& all, boost::asio::any_io_executor executor, std::function<bool()> may_go_on);
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream();

    /// Returns when the stream has lost its right. Race it against the stream's work.
    boost::asio::awaitable<void> ended();

   private:
    friend class OpenStreams;
    OpenStreams& all_;
    std::function<bool()> may_go_on_;
    async::Event end_;
    std::list<Stream*>::iterator self_;
  };

  /// Ends the streams that may not go on.
  void judge();
  [[nodiscard]] std::size_t size() const { return all_.size(); }

 private:
  std::list<Stream*> all_;
};

}  // namespace edgecore::metaserver
