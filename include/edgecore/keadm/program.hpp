// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace edgecore::keadm {

/// The program `keadm` without its `main`: an operator's view of this node through its own MetaServer, with
/// or without a connection to the cloud (protocol/03-metaserver.md §5). Reads the command line and
/// edgecore.yaml, asks the server, prints. Returns the exit status: 0, or 1 after a sentence on standard
/// error. Once per process.
int run_program(int argc, char** argv, const std::string& version);

}  // namespace edgecore::keadm
