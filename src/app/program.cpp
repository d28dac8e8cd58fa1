// SPDX-License-Identifier: Apache-2.0
#include "edgecore/app/program.hpp"

#include <malloc.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "app/service_notify.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/config/command_line.hpp"
#include "edgecore/config/environment.hpp"

namespace edgecore::app {
namespace {

#if defined(__x86_64__)
constexpr char kPlatform[] = "linux/amd64";
#elif defined(__aarch64__)
constexpr char kPlatform[] = "linux/arm64";
#elif defined(__arm__)
constexpr char kPlatform[] = "linux/arm";
#else
constexpr char kPlatform[] = "linux/unknown";
#endif

/// Signals that end the node (protocol/06-config-cli-tasks.md §2.7). Blocked in every thread; `main` waits
/// for them.
sigset_t end_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGHUP, SIGTERM, SIGQUIT}) sigaddset(&set, signal);
  return set;
}

/// How often an unhealthy node is checked again. The supervisor abandons a hung module before the watchdog
/// expires; then the watchdog must be fed at once, not half its period later.
constexpr std::chrono::microseconds kLookAgain{500000};

/// Feeds the watchdog until a termination signal; returns its number.
int wait_for_end(const sigset_t& signals, const Application& node, const ServiceNotify& service) {
  bool fed = true;
  for (;;) {
    int signal = -1;
    if (const auto period = service.watchdog_period()) {
      const auto pause = fed ? *period : std::min(*period, kLookAgain);
      const timespec wait{static_cast<time_t>(pause.count() / 1000000),
                          static_cast<long>(pause.count() % 1000000) * 1000};
      signal = ::sigtimedwait(&signals, nullptr, &wait);
      fed = node.healthy();
      if (fed) service.send("WATCHDOG=1");
    } else {
      signal = ::sigwaitinfo(&signals, nullptr);
    }
    if (signal > 0) return signal;
  }
}

/// Applies `oomScoreAdj` if the file changes it. The unit sets the default; without a unit (a test, a quick
/// start) this process is not to outlive everything else on the machine.
void set_oom_score(const config::Edged& edged, const log::Logger& logger) {
  const auto wanted = edged.kubelet.oom_score_adj;
  if (!edged.enable || !wanted || wanted == config::TailoredKubeletConfig().oom_score_adj) return;
  std::ofstream file("/proc/self/oom_score_adj");
  file << *wanted << std::flush;
  if (!file) logger->warn("oomScoreAdj cannot be set to {}: set OOMScoreAdjust in the unit", *wanted);
}

int run(const config::RunOptions& options, const Alterations& alterations) {
  log::set_up(options.verbosity);
  const auto logger = log::get("edgecore");
  const config::SystemHost host;
  StartFiles files;
  files.config = options.config_path;

  config::Startup startup = config::read_configuration(files.config, files.bootstrap, host);
  for (const auto& warning : startup.warnings) logger->warn("{}", warning);
  const char* check = std::getenv(config::kCheckEnvironmentVariable);
  const auto variable = check != nullptr ? std::optional<std::string>(check) : std::nullopt;
  if (const auto conflict = config::environment_conflict(startup.config, variable)) throw Error(*conflict);

  set_oom_score(startup.config.modules.edged, logger);
  const sigset_t signals = end_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  const ServiceNotify service;
  logger->info("edgecore {} starts as node {}", kVersion, startup.config.modules.edged.hostname_override);
  Application node(std::move(startup), files, alterations);
  node.start();
  service.send("READY=1\nSTATUS=running");

  const int signal = wait_for_end(signals, node, service);
  logger->info("stopping on signal {}; containers keep running", signal);
  service.send("STOPPING=1");
  if (!node.stop()) {
    logger->error("some modules did not stop in time; everything acknowledged is on disk");
    std::_Exit(EXIT_SUCCESS);  // hung threads may still use what destructors would destroy
  }
  return EXIT_SUCCESS;
}

}  // namespace

int run_program(int argc, char** argv, const Alterations& alterations) {
  // Files that name no mode, a library's too, are not for others, whoever started this program. What edgecore
  // makes itself sets its mode.
  ::umask(0027);
  // Limit glibc to two arenas: by default each thread gets its own, although most allocate little.
  ::mallopt(M_ARENA_MAX, 2);
  ::mallopt(M_TRIM_THRESHOLD, 256 * 1024);
  try {
    const config::BuildInfo build{kVersion, "", "", __VERSION__, kPlatform};
    const config::CommandLine line =
        config::parse_command_line({argv + 1, argv + argc}, build, config::SystemHost());
    if (const auto* text = std::get_if<config::PrintAndExit>(&line)) {
      std::fputs(text->text.c_str(), text->to_stderr ? stderr : stdout);
      return text->exit_code;
    }
    return run(std::get<config::RunOptions>(line), alterations);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "edgecore: %s\n", error.what());
    return EXIT_FAILURE;
  }
}

}  // namespace edgecore::app
