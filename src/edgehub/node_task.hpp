// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "edgecore/base/clock.hpp"
#include "edgecore/beehive/message.hpp"

/// Jobs that the cloud gives to a node (group `taskmanager`): upgrade, pull images, change edgecore.yaml.
/// This agent does none of it yet. It reports each as failed, so that the job ends in the cloud instead of
/// waiting for this node. Pure functions; they never throw for what the cloud may send.
namespace edgecore::edgehub {

/// Whether a message is a node job of CloudCore v1.21 and later (protocol/08-later-clouds.md §10.3); else it
/// is a node task of the earlier form.
[[nodiscard]] bool is_node_job(const beehive::Message& message);

/// The final report for a node job: its first action, `Check`, has failed. nullopt if the resource does not
/// name a job of this node. The content does not matter: also an unreadable job needs its report.
[[nodiscard]] std::optional<beehive::Message> refuse_node_job(const beehive::Message& job,
                                                              const std::string& node_name, WallTime now);

/// The report for a node task (protocol/01-tunnel.md §4.4): it has failed in the step it is in. nullopt for
/// an unknown type or state, and for a task without an id.
[[nodiscard]] std::optional<beehive::Message> refuse_node_task(const beehive::Message& task,
                                                               const std::string& node_name);

}  // namespace edgecore::edgehub
