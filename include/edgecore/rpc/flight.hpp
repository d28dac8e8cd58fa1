// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "edgecore/async/oneshot.hpp"

namespace edgecore::rpc {

using Landing = async::Oneshot<bool>;  ///< gRPC's `ok`

/// One rpc under way: gRPC's objects, which must outlive each operation even if the caller is gone. So a
/// flight owns itself while gRPC holds its address as a tag. The completion thread calls `arrive`.
class Flight : public std::enable_shared_from_this<Flight> {
 public:
  grpc::ClientContext context;
  grpc::ByteBuffer reply;
  grpc::Status status;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> unary;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream;

 private:
  friend class CompletionLoop;
  friend class Ticket;
  void arrive(bool ok);  // completion thread

  std::shared_ptr<Flight> self_;            // while gRPC holds the tag
  std::optional<Landing::Sender> arrived_;  // notifies the caller of the current operation
};

/// The completion queue and the one thread that waits on it. Shared by a client and its streams; `shut_down`
/// ends all flights and joins the thread. Any thread.
class CompletionLoop {
 public:
  /// `name` is the name of the thread, at most 15 characters.
  explicit CompletionLoop(const std::string& name);
  ~CompletionLoop() { shut_down(); }
  CompletionLoop(const CompletionLoop&) = delete;
  CompletionLoop& operator=(const CompletionLoop&) = delete;

  /// Starts an operation: `operation(tag)` must pass the tag to gRPC. After shut_down returns false without
  /// calling it.
  bool begin(Flight& flight, const std::function<void(void*)>& operation);
  void shut_down();
  grpc::CompletionQueue* queue() { return &queue_; }

 private:
  void run();

  grpc::CompletionQueue queue_;
  std::mutex mutex_;
  bool stopping_ = false;
  std::set<Flight*> flying_;
  std::thread thread_;
};

/// The caller's handle of a flight; used on the caller's executor, which runs one handler at a time. The
/// destructor cancels the rpc if it is still running.
class Ticket {
 public:
  explicit Ticket(const boost::asio::any_io_executor& executor) : executor_(executor) {}
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;
  ~Ticket();

  Flight* operator->() const { return flight_.get(); }
  /// As CompletionLoop::begin; one operation at a time: await `landed` before the next.
  bool begin(CompletionLoop& loop, const std::function<void(void*)>& operation);
  /// Waits for the started operation and returns gRPC's `ok`. Throws
  /// boost::system::system_error(operation_aborted) if the wait was cancelled: then the rpc is cancelled,
  /// too, and no further operation may start.
  boost::asio::awaitable<bool> landed();

 private:
  boost::asio::any_io_executor executor_;
  std::shared_ptr<Flight> flight_ = std::make_shared<Flight>();
  std::optional<Landing> landing_;  // of the current operation
};

}  // namespace edgecore::rpc
