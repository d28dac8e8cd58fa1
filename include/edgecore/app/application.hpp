// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "edgecore/base/version.hpp"
#include "edgecore/beehive/supervisor.hpp"
#include "edgecore/config/startup.hpp"

namespace edgecore::app {

/// Where a start finds its files; other than the defaults only in tests.
struct StartFiles {
  std::filesystem::path config = config::kDefaultConfigPath;
  std::filesystem::path bootstrap = config::kDefaultBootstrapPath;
};

/// What a program made for tests changes about the node (tests/faulty). The product changes nothing.
struct Alterations {
  std::function<void(std::vector<beehive::ModuleSpec>&)>
      modules;                             ///< sees what is about to start; may be empty
  beehive::SupervisorOptions supervision;  ///< `restart` is taken from the configuration
};

/// The node: database, bus and the enabled modules. Made, run and destroyed by `main` on its thread.
class Application {
 public:
  Application(config::Startup startup, StartFiles files, Alterations alterations = {});
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;
  ~Application();

  /// Opens the database and starts the modules in order. Throws Error with a sentence for the operator when
  /// the node cannot start at all (database in use, not writable).
  void start();

  /// Stops the modules in reverse order within 5 s and closes the database. Containers stay as they are. True
  /// when everything stopped in time; after false the process has to end without destroying this object
  /// (std::_Exit): threads that hang may still use it.
  bool stop();

  /// Whether the watchdog may be fed.
  [[nodiscard]] bool healthy() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace edgecore::app
