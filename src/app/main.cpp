// SPDX-License-Identifier: Apache-2.0
// edgecore: the agent of an edge node.

#include "edgecore/app/program.hpp"

int main(int argc, char** argv) {
  return edgecore::app::run_program(argc, argv);
}
