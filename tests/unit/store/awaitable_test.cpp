// SPDX-License-Identifier: Apache-2.0
#include "edgecore/store/awaitable.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <thread>

#include "unit/store/store_fixture.hpp"

namespace edgecore::store {
namespace {

namespace asio = boost::asio;
using AwaitableTest = StoreTest;

struct Outcome {
  int written = 0;
  int failed = 0;
  bool elsewhere = false;
};

asio::awaitable<void> write_rows(Store& store, int first, Outcome& outcome, std::thread::id home) {
  for (int n = first; n < first + 10; ++n) {
    Job job = [n](Transaction& tx) {
      meta::upsert(tx, config_map(std::to_string(n), "x"));
      if (n % 10 == 9) throw BadInput("every tenth is bad");
    };
    bool failed = false;
    try {
      co_await async_write(store, std::move(job), 100);
    } catch (const BadInput&) {
      failed = true;
    }
    ++(failed ? outcome.failed : outcome.written);
    if (std::this_thread::get_id() != home) outcome.elsewhere = true;
  }
}

TEST_F(AwaitableTest, WritersResumeOnTheirOwnThreadAndHearOfFailures) {
  auto limited = options();
  limited.limits.queued_jobs = 40;  // some wait their turn
  Store store(limited);
  asio::io_context context(1);
  Outcome outcome;
  for (int i = 0; i < 64; ++i) {
    asio::co_spawn(context, write_rows(store, i * 10, outcome, std::this_thread::get_id()), asio::detached);
  }
  context.run();
  EXPECT_EQ(outcome.written, 64 * 9);
  EXPECT_EQ(outcome.failed, 64);
  EXPECT_FALSE(outcome.elsewhere);
  EXPECT_EQ(meta::count(store.open_reader()), 64U * 9U);
  EXPECT_LT(store.counters().commits, 64U * 9U) << "writers that wait together share a commit";
}

TEST_F(AwaitableTest, ClosedStoreFailsTheWriter) {
  Store store(options());
  store.close();
  asio::io_context context(1);
  std::exception_ptr failure;
  Job job = [](Transaction&) {};
  asio::co_spawn(context, async_write(store, std::move(job)),
                 [&](std::exception_ptr thrown) { failure = thrown; });
  context.run();
  ASSERT_TRUE(failure);
  EXPECT_THROW(std::rethrow_exception(failure), StoreClosed);
}

/// A loop whose coroutines can be destroyed before it, as when a module ends.
class EndingLoop : public asio::io_context {
 public:
  EndingLoop() : io_context(1) {}
  void destroy_handlers() { shutdown(); }
};

struct Witness {
  explicit Witness(std::thread::id& thread) : where(thread) {}
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;
  ~Witness() { where = std::this_thread::get_id(); }
  std::thread::id& where;
};

asio::awaitable<void> write_slowly(Store& store, std::shared_future<void> go, std::thread::id& ended_on) {
  const Witness witness(ended_on);
  Job job = [go](Transaction& tx) {
    go.wait();
    meta::upsert(tx, config_map("slow", "x"));
  };
  co_await async_write(store, std::move(job));
}

TEST_F(AwaitableTest, AWriterDestroyedWithItsLoopIsGoneBeforeTheWriteAndTheWriteIsDone) {
  Store store(options());
  EndingLoop context;
  std::promise<void> go;
  std::thread::id ended_on;
  asio::co_spawn(context, write_slowly(store, go.get_future().share(), ended_on), asio::detached);
  context.poll();
  EXPECT_EQ(ended_on, std::thread::id());
  context.destroy_handlers();
  EXPECT_EQ(ended_on, std::this_thread::get_id());
  go.set_value();
  store.flush();
  EXPECT_EQ(meta::count(store.open_reader()), 1U);
}

TEST_F(AwaitableTest, ACancelledWriterStillWaitsForWhatItHasBegun) {
  Store store(options());
  asio::io_context context(1);
  std::promise<void> go;
  std::thread::id ended_on;
  asio::cancellation_signal signal;
  asio::co_spawn(context, write_slowly(store, go.get_future().share(), ended_on),
                 asio::bind_cancellation_slot(signal.slot(), asio::detached));
  context.poll();
  signal.emit(asio::cancellation_type::terminal);
  context.poll();
  EXPECT_EQ(ended_on, std::thread::id());
  go.set_value();
  context.run();
  EXPECT_EQ(ended_on, std::this_thread::get_id());
  EXPECT_EQ(meta::count(store.open_reader()), 1U);
}

}  // namespace
}  // namespace edgecore::store
