#include "edgecore/store/awaitable.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
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

}  // namespace
}  // namespace edgecore::store
