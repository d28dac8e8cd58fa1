// keadm: an operator's view of what runs on this node.

#include "edgecore/app/version.hpp"
#include "edgecore/keadm/program.hpp"

int main(int argc, char** argv) {
  return edgecore::keadm::run_program(argc, argv, edgecore::app::kVersion);
}
