// SPDX-License-Identifier: Apache-2.0
// edgecore_faulty: edgecore whose modules fail when a test asks for it (fault_files.hpp), and with one module
// more, `troublemaker`. EDGECORE_HANG_AFTER_MS sets how soon a module that stands still is given up,
// EDGECORE_FIRST_BACKOFF_MS how soon one that has failed restarts first.

#include <cstdlib>
#include <utility>

#include "edgecore/app/program.hpp"
#include "faulty/faulty_module.hpp"

namespace {

void make_faulty(std::vector<edgecore::beehive::ModuleSpec>& specs) {
  edgecore::beehive::ModuleSpec troublemaker;
  troublemaker.name = "troublemaker";
  troublemaker.group = "test";
  troublemaker.make = edgecore::faulty::make_idle_module();
  specs.insert(specs.begin(), std::move(troublemaker));
  for (auto& spec : specs) spec.make = edgecore::faulty::with_faults(std::move(spec.make));
}

}  // namespace

int main(int argc, char** argv) {
  edgecore::app::Alterations alterations;
  alterations.modules = make_faulty;
  const auto take = [](const char* variable, std::chrono::milliseconds& into) {
    if (const char* text = std::getenv(variable)) into = std::chrono::milliseconds(std::atoi(text));
  };
  take("EDGECORE_HANG_AFTER_MS", alterations.supervision.hang_after);
  take("EDGECORE_FIRST_BACKOFF_MS", alterations.supervision.first_backoff);
  return edgecore::app::run_program(argc, argv, alterations);
}
