// SPDX-License-Identifier: Apache-2.0
// cloudsim: the test cloud as a program. Prints one line of JSON with its ports and a join token, then runs
// until SIGINT or SIGTERM.

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "cloudsim/cloud.hpp"
#include "edgecore/base/log.hpp"

namespace {

using namespace edgecore;

boost::asio::awaitable<void> run_until_signal(cloudsim::Cloud& cloud) {
  boost::asio::signal_set signals(co_await boost::asio::this_coro::executor, SIGINT, SIGTERM);
  co_await signals.async_wait(boost::asio::use_awaitable);
  co_await cloud.stop();
}

int run(const cloudsim::Cloud::Options& options) {
  boost::asio::io_context context(1);
  cloudsim::Cloud cloud(context.get_executor(), options);
  cloud.start();
  const Json line = {{"token", cloud.token()},
                     {"api", cloud.api_port()},
                     {"http", cloud.http_port()},
                     {"hub", cloud.hub_port()},
                     {"router", cloud.router_port()}};
  std::printf("%s\n", kube::dump_json(line).c_str());
  std::fflush(stdout);
  std::exception_ptr failure;
  boost::asio::co_spawn(context, run_until_signal(cloud), [&](std::exception_ptr error) {
    failure = error;
    context.stop();
  });
  context.run();
  if (failure) std::rethrow_exception(failure);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "A small cloud for tests of edgecore: CloudCore's ports and a Kubernetes API "
      "(tests/cloudsim/README.md)");
  cloudsim::Cloud::Options options;
  std::string folder;
  std::string state;
  int verbosity = 0;
  app.add_option("--dir", folder, "folder for keys, certificates and objects; kept over restarts")
      ->required();
  app.add_option("--state", state, "file for the objects instead of DIR/state.json");
  app.add_option("--http", options.http_port, "HTTPS port for certificates; 0 takes a free one");
  app.add_option("--hub", options.hub_port, "WebSocket port; 0 takes a free one");
  app.add_option("--api", options.api_port, "plain HTTP port of the Kubernetes API; 0 takes a free one");
  app.add_option("--router", options.router_port,
                 "plain HTTP port of the rules' REST side; 0 takes a free one");
  app.add_flag("--require-authorization", options.require_authorization,
               "CloudCore's feature gate requireAuthorization: nodes learn the rights of service accounts");
  app.add_option("-v", verbosity, "log level: 2 debug, 4 trace");
  CLI11_PARSE(app, argc, argv);
  options.folder = folder;
  options.state = state;
  try {
    log::set_up(verbosity);
    return run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "cloudsim: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
