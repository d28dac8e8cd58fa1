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

/// Paths of the start-up files; tests change them.
struct StartFiles {
  std::filesystem::path config = config::kDefaultConfigPath;
  std::filesystem::path bootstrap = config::kDefaultBootstrapPath;
};

/// Changes to the node by a test program (tests/faulty). The product makes none.
struct Alterations {
  std::function<void(std::vector<beehive::ModuleSpec>&)>
      modules;                             ///< changes the modules before they start; may be empty
  beehive::SupervisorOptions supervision;  ///< `restart` is taken from the configuration
};

/// The node: database, bus and the enabled modules. Made, run and destroyed by `main` on its thread.
class Application {
 public:
  Application(config::Startup startup, StartFiles files, Alterations alterations = {});
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;
  ~Application();

  /// Opens the database and starts the modules in order. Throws Error, with a text for the operator, if the
  /// node cannot start (database in use, not writable).
  void start();

  /// Stops the modules in reverse order within 5 s and closes the database. Containers keep running. True if
  /// everything stopped in time. After false end the process without destroying this object (std::_Exit),
  /// because hung threads may still use it.
  bool stop();

  /// True if the watchdog may be fed.
  [[nodiscard]] bool healthy() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace edgecore::app
