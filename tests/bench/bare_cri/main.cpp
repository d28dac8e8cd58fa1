// SPDX-License-Identifier: Apache-2.0
// bench_bare_cri: what pods cost on this machine when containerd is asked for them directly, one JSON line
// per figure. The floor under every agent's figures (docs/benchmarks.md).
#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "bare_pod.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/cri/grpc_runtime.hpp"
#include "private_runtime.hpp"
#include "support/temporary_directory.hpp"

namespace {

using namespace edgecore;
using bench::BarePod;
using bench::Timings;

struct Options {
  std::string endpoint;  ///< empty: a private containerd is started and ended
  std::string cgroup;    ///< empty: one is made and removed
  int rounds = 20;
  int pods = 8;
};

void print(const nlohmann::ordered_json& figure) {
  std::puts(figure.dump().c_str());
}

double rounded(double value) {
  return std::round(value * 10) / 10;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const auto middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

void print_timings(const Timings& timings, int at_once) {
  for (const auto& [call, times] : timings) {
    print({{"figure", call == "start" || call == "end" ? "cri_pod_" + call : "cri_call"},
           {"call", call},
           {"at_once", at_once},
           {"n", times.size()},
           {"median_ms", rounded(median(times))},
           {"max_ms", rounded(std::ranges::max(times))}});
  }
}

/// Runs these to their end; throws what the first to fail threw.
void run_all(std::vector<cri::Awaitable<void>> jobs) {
  boost::asio::io_context io;
  std::exception_ptr failure;
  for (auto& job : jobs) {
    boost::asio::co_spawn(io, std::move(job), [&failure](const std::exception_ptr& error) {
      if (error && !failure) failure = error;
    });
  }
  io.run();
  if (failure) std::rethrow_exception(failure);
}

void run_one(cri::Awaitable<void> job) {
  std::vector<cri::Awaitable<void>> jobs;
  jobs.push_back(std::move(job));
  run_all(std::move(jobs));
}

void measure_one_by_one(cri::Runtime& runtime, const std::filesystem::path& folder, const Options& options) {
  Timings warm_up;
  Timings timings;
  for (int round = -1; round < options.rounds; ++round) {
    // The first pod of a runtime also makes its bridge.
    auto& into = round < 0 ? warm_up : timings;
    BarePod pod(runtime, folder, options.cgroup, "bare-" + std::to_string(round + 1));
    run_one(pod.start(into));
    run_one(pod.end(into));
  }
  print_timings(timings, 1);
}

void measure_at_once(cri::Runtime& runtime, const std::filesystem::path& folder, const Options& options) {
  Timings timings;
  std::vector<std::unique_ptr<BarePod>> pods;
  for (int i = 0; i < options.pods; ++i)
    pods.push_back(std::make_unique<BarePod>(runtime, folder, options.cgroup, "burst-" + std::to_string(i)));
  const auto timed = [&](auto call) {
    std::vector<cri::Awaitable<void>> jobs;
    for (const auto& pod : pods) jobs.push_back(call(*pod));
    const auto begin = steady_now();
    run_all(std::move(jobs));
    return std::chrono::duration<double>(steady_now() - begin).count();
  };
  const double running = timed([&](BarePod& pod) { return pod.start(timings); });
  const double gone = timed([&](BarePod& pod) { return pod.end(timings); });
  print_timings(timings, options.pods);
  print({{"figure", "cri_burst"},
         {"pods", options.pods},
         {"all_running_s", std::round(running * 100) / 100},
         {"all_gone_s", std::round(gone * 100) / 100}});
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Measures what pods cost when a container runtime is asked for them directly.");
  Options options;
  app.add_option("--endpoint", options.endpoint,
                 "CRI socket, unix://...; a private containerd when not given");
  app.add_option("--cgroup", options.cgroup,
                 "an existing cgroup for the pods, such as /bench; a new one when not given");
  app.add_option("--rounds", options.rounds, "pods one after the other")->check(CLI::Range(1, 10000));
  app.add_option("--pods", options.pods, "pods at once")->check(CLI::Range(1, 100));
  CLI11_PARSE(app, argc, argv);
  try {
    const test::TemporaryDirectory folder;
    std::optional<bench::PrivateCgroup> cgroup;  // goes after the runtime and what may be left of its pods
    std::optional<bench::PrivateRuntime> own;
    if (options.cgroup.empty()) options.cgroup = cgroup.emplace(folder.path().filename()).path();
    if (options.endpoint.empty()) options.endpoint = own.emplace(folder.path() / "runtime").endpoint();
    cri::GrpcRuntimeOptions to;
    to.runtime_endpoint = options.endpoint;
    const auto runtime = cri::make_grpc_runtime(to);
    measure_one_by_one(*runtime, folder.path(), options);
    measure_at_once(*runtime, folder.path(), options);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_bare_cri: %s\n", error.what());
    return 1;
  }
}
