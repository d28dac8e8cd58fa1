// SPDX-License-Identifier: Apache-2.0
#include "edgehub/node_task.hpp"

#include <array>
#include <string_view>
#include <utility>

#include "edgecore/beehive/names.hpp"

namespace edgecore::edgehub {
namespace {

struct Step {
  std::string_view state, event;
};
/// Which event the cloud expects from a task in a state (protocol/01-tunnel.md §4.4).
constexpr std::array<Step, 7> kSteps{{{"", "Init"},
                                      {"Init", "Init"},
                                      {"Checking", "Check"},
                                      {"BackingUp", "Backup"},
                                      {"Upgrading", "Upgrade"},
                                      {"RollingBack", "Rollback"},
                                      {"Pulling", "Pull"}}};

std::string text_member(const nlohmann::json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto member = object.find(key);
  return member != object.end() && member->is_string() ? member->get<std::string>() : std::string();
}

}  // namespace

std::optional<beehive::Message> refuse_node_task(const beehive::Message& task, const std::string& node_name) {
  const std::string id = text_member(task.content, "TaskID");
  const std::string type = text_member(task.content, "Type");
  const std::string state = text_member(task.content, "State");
  if (id.empty() || id.find('/') != std::string::npos) return std::nullopt;
  if (type != names::operation::kUpgrade && type != names::operation::kPrepull) return std::nullopt;
  for (const Step& step : kSteps) {
    if (step.state != state) continue;
    nlohmann::json report = {{"NodeName", node_name},
                             {"State", ""},
                             {"Event", step.event},
                             {"Action", "Failure"},
                             {"Reason", "this edgecore does not run " + type + " jobs: do it on the node"},
                             {"Time", ""},
                             {"ExternalMessage", ""}};
    const std::string resource = "task/" + id + "/node/" + node_name;
    return beehive::make_message(names::module::kEdgeHub, names::group::kHub, type, resource,
                                 std::move(report));
  }
  return std::nullopt;
}

}  // namespace edgecore::edgehub
