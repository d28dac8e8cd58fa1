// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "edgecore/app/application.hpp"

namespace edgecore::app {

/// The whole program but for its `main`: reads the command line and the configuration, starts the node, feeds
/// the watchdog and ends with the first signal that says so. Returns the exit status; what keeps the node
/// from starting is one sentence on standard error. Once per process.
int run_program(int argc, char** argv, const Alterations& alterations = {});

}  // namespace edgecore::app
