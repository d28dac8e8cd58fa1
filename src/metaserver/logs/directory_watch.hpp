// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>

namespace edgecore::metaserver {

/// Tells that something in a directory was written, made or renamed. One waiter, one thread. Where the kernel
/// gives no watch (its limit of them is reached), waits just last as long as they may.
class DirectoryWatch {
 public:
  /// The descriptor of the directory only has to live through this call.
  DirectoryWatch(boost::asio::any_io_executor executor, int directory);
  ~DirectoryWatch();
  DirectoryWatch(const DirectoryWatch&) = delete;
  DirectoryWatch& operator=(const DirectoryWatch&) = delete;

  /// Returns when something has happened since the last call, at the latest after `at_most`. Throws
  /// boost::system::system_error when cancelled.
  boost::asio::awaitable<void> changed(std::chrono::milliseconds at_most);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace edgecore::metaserver
