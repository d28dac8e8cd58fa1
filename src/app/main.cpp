// edgecore: reads the command line and the configuration, starts the node and waits for a signal.

#include <malloc.h>
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "app/service_notify.hpp"
#include "edgecore/app/application.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/config/command_line.hpp"
#include "edgecore/config/environment.hpp"

namespace {

using namespace edgecore;

#if defined(__x86_64__)
constexpr char kPlatform[] = "linux/amd64";
#elif defined(__aarch64__)
constexpr char kPlatform[] = "linux/arm64";
#elif defined(__arm__)
constexpr char kPlatform[] = "linux/arm";
#else
constexpr char kPlatform[] = "linux/unknown";
#endif

/// Signals that end the node (protocol/06-config-cli-tasks.md §2.7). Blocked in every thread, taken by
/// `main`.
sigset_t end_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGHUP, SIGTERM, SIGQUIT}) sigaddset(&set, signal);
  return set;
}

/// Feeds the watchdog until a signal comes; returns its number.
int wait_for_end(const sigset_t& signals, const app::Application& node, const app::ServiceNotify& service) {
  for (;;) {
    int signal = -1;
    if (const auto period = service.watchdog_period()) {
      const timespec wait{static_cast<time_t>(period->count() / 1000000),
                          static_cast<long>(period->count() % 1000000) * 1000};
      signal = ::sigtimedwait(&signals, nullptr, &wait);
      if (node.healthy()) service.send("WATCHDOG=1");
    } else {
      signal = ::sigwaitinfo(&signals, nullptr);
    }
    if (signal > 0) return signal;
  }
}

int run(const config::RunOptions& options) {
  log::set_up(options.verbosity);
  const auto logger = log::get("edgecore");
  const config::SystemHost host;
  app::StartFiles files;
  files.config = options.config_path;

  config::Startup startup = config::read_configuration(files.config, files.bootstrap, host);
  for (const auto& warning : startup.warnings) logger->warn("{}", warning);
  const char* check = std::getenv(config::check_environment_variable);
  const auto variable = check != nullptr ? std::optional<std::string>(check) : std::nullopt;
  if (const auto conflict = config::environment_conflict(startup.config, variable)) throw Error(*conflict);

  const sigset_t signals = end_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  const app::ServiceNotify service;
  logger->info("edgecore {} starts as node {}", app::kVersion,
               startup.config.modules.edged.hostname_override);
  app::Application node(std::move(startup), files);
  node.start();
  service.send("READY=1\nSTATUS=running");

  const int signal = wait_for_end(signals, node, service);
  logger->info("stopping on signal {}; containers keep running", signal);
  service.send("STOPPING=1");
  if (!node.stop()) {
    logger->error("not everything stopped in time; what was acknowledged is on disk");
    std::_Exit(EXIT_SUCCESS);  // threads that hang may still use what destructors would take away
  }
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  // Threads that allocate little share two arenas; glibc's default would give each its own.
  ::mallopt(M_ARENA_MAX, 2);
  ::mallopt(M_TRIM_THRESHOLD, 256 * 1024);
  try {
    const config::BuildInfo build{app::kVersion, "", "", __VERSION__, kPlatform};
    const config::CommandLine line =
        config::parse_command_line({argv + 1, argv + argc}, build, config::SystemHost());
    if (const auto* text = std::get_if<config::PrintAndExit>(&line)) {
      std::fputs(text->text.c_str(), text->to_stderr ? stderr : stdout);
      return text->exit_code;
    }
    return run(std::get<config::RunOptions>(line));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "edgecore: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
