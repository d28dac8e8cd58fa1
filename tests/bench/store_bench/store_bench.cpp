// SPDX-License-Identifier: Apache-2.0
// What writing to the node's database costs (acknowledged means on disk), by how many write at a
// time.
#include <benchmark/benchmark.h>

#include <atomic>
#include <filesystem>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "edgecore/store/meta.hpp"
#include "edgecore/store/store.hpp"
#include "support/temporary_directory.hpp"

namespace {

using namespace edgecore;

/// A fresh database in a folder of its own, on the disk TMPDIR names.
class FreshStore {
 public:
  FreshStore() {
    store::Options options;
    options.path = folder_ / "edgecore.db";
    store_ = std::make_unique<store::Store>(std::move(options));
  }
  FreshStore(const FreshStore&) = delete;
  FreshStore& operator=(const FreshStore&) = delete;
  store::Store& operator*() { return *store_; }
  store::Store* operator->() { return store_.get(); }

 private:
  test::TemporaryDirectory folder_;
  std::unique_ptr<store::Store> store_;
};

/// About what a pod of two containers has as JSON.
constexpr std::size_t kPodBytes = 3000;

store::meta::Row pod_row(std::size_t number, std::size_t version) {
  std::string value =
      R"({"kind":"Pod","metadata":{"resourceVersion":")" + std::to_string(version) + R"("},"spec":")";
  value.resize(kPodBytes - 2, 'x');
  value += "\"}";
  return {"default/pod/p" + std::to_string(number), "pod", std::move(value)};
}

/// Writers that each wait for their write before the next one, as modules do; an iteration is one write of
/// each.
void group_commit(benchmark::State& state) {
  FreshStore store;
  const auto writers = static_cast<std::size_t>(state.range(0));
  constexpr std::size_t kWritesEach = 50;
  std::size_t version = 0;
  for (auto _ : state) {
    ++version;
    std::latch go(1);
    std::vector<std::jthread> threads;
    for (std::size_t writer = 0; writer < writers; ++writer) {
      threads.emplace_back([&store, &go, writer, version] {
        go.wait();
        for (std::size_t i = 0; i < kWritesEach; ++i) {
          const auto row = pod_row(writer, version * kWritesEach + i);
          store->write([&row](store::Transaction& into) { store::meta::upsert(into, row); });
        }
      });
    }
    go.count_down();
    threads.clear();  // joins
  }
  const auto counters = store->counters();
  state.counters["rows/s"] =
      benchmark::Counter(static_cast<double>(counters.jobs), benchmark::Counter::kIsRate);
  state.counters["rows/commit"] = static_cast<double>(counters.jobs) / static_cast<double>(counters.commits);
}
BENCHMARK(group_commit)->Arg(1)->Arg(8)->Arg(64)->UseRealTime()->Unit(benchmark::kMillisecond);

/// From asking for one write to hearing that it is on disk.
void single_write(benchmark::State& state) {
  FreshStore store;
  std::size_t version = 0;
  for (auto _ : state) {
    const auto row = pod_row(0, ++version);
    store->write([&row](store::Transaction& into) { store::meta::upsert(into, row); });
  }
}
BENCHMARK(single_write)->UseRealTime()->Unit(benchmark::kMicrosecond);

/// The same row again, as a resync or a repeated status brings it: must not reach the disk.
void identical_row(benchmark::State& state) {
  FreshStore store;
  const auto row = pod_row(0, 1);
  const auto upsert = [&row](store::Transaction& into) { store::meta::upsert(into, row); };
  store->write(upsert);
  const auto before = store->counters().commits;
  for (auto _ : state) store->write(upsert);
  const auto commits = store->counters().commits - before;
  state.counters["commits"] = static_cast<double>(commits);
  if (commits != 0) state.SkipWithError("identical rows were written to the disk");
}
BENCHMARK(identical_row)->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace
