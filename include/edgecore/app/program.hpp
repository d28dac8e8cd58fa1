// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "edgecore/app/application.hpp"

namespace edgecore::app {

/// The whole program except `main`: reads the command line and the configuration, starts the node, feeds the
/// watchdog and ends at the first termination signal. Returns the exit status; if the node cannot start,
/// prints the reason in one line on standard error. Once per process.
int run_program(int argc, char** argv, const Alterations& alterations = {});

}  // namespace edgecore::app
