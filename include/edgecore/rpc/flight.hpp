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

/// One rpc on its way: gRPC's objects, which have to outlive each operation also when the asker is gone. So a
/// flight keeps itself alive while gRPC holds its address as a tag. The completion thread calls `arrive`.
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
  std::optional<Landing::Sender> arrived_;  // tells the asker, of the operation under way
};

/// The completion queue and the one thread that sleeps on it. Shared by a client and what it handed out (its
/// streams); `shut_down` ends all flights and joins the thread. Any thread may call it.
class CompletionLoop {
 public:
  /// `name` is the thread's, for those who look at the process: at most 15 characters.
  explicit CompletionLoop(const std::string& name);
  ~CompletionLoop() { shut_down(); }
  CompletionLoop(const CompletionLoop&) = delete;
  CompletionLoop& operator=(const CompletionLoop&) = delete;

  /// Begins an operation: `operation(tag)` has to hand the tag to gRPC. False, without calling it, after
  /// shut_down.
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

/// The asker's hold on a flight; used on the asker's executor, which runs one handler at a time. Destroying
/// it ends the rpc if that is still going on.
class Ticket {
 public:
  explicit Ticket(const boost::asio::any_io_executor& executor) : executor_(executor) {}
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;
  ~Ticket();

  Flight* operator->() const { return flight_.get(); }
  /// As CompletionLoop::begin; one operation at a time, and `landed` is awaited before the next.
  bool begin(CompletionLoop& loop, const std::function<void(void*)>& operation);
  /// Waits for the operation that was begun: gRPC's `ok`, or nullopt when the wait was cancelled; then the
  /// rpc has been told to end, and nothing more may be begun on it.
  boost::asio::awaitable<std::optional<bool>> landed();

 private:
  boost::asio::any_io_executor executor_;
  std::shared_ptr<Flight> flight_ = std::make_shared<Flight>();
  std::optional<Landing> landing_;  // of the operation under way
};

}  // namespace edgecore::rpc
