// SPDX-License-Identifier: Apache-2.0
// keadm: an operator's view of this node.

#include "edgecore/base/version.hpp"
#include "edgecore/keadm/program.hpp"

int main(int argc, char** argv) {
  return edgecore::keadm::run_program(argc, argv, edgecore::kVersion);
}
