// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "edgecore/beehive/message.hpp"

namespace edgecore::edgehub {

/// The report for a node task (group `taskmanager`, protocol/01-tunnel.md §4.4). This agent does not run
/// upgrade and pre-pull jobs yet: each is reported as failed with that reason at the step it is in, so that
/// the job ends in the cloud instead of waiting. nullopt for a task that cannot be reported (unknown type or
/// state, no id).
std::optional<beehive::Message> refuse_node_task(const beehive::Message& task, const std::string& node_name);

}  // namespace edgecore::edgehub
