// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "edgecore/beehive/module.hpp"

namespace edgecore::faulty {

/// The module that `make` makes, with the faults of fault_files() on demand.
beehive::ModuleFactory with_faults(beehive::ModuleFactory make);

/// The factory of a module that does nothing.
beehive::ModuleFactory make_idle_module();

}  // namespace edgecore::faulty
