// SPDX-License-Identifier: Apache-2.0
#include "edgehub/node_task.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "edgecore/beehive/names.hpp"
#include "edgecore/kube/time.hpp"

namespace edgecore::edgehub {
namespace {

struct Step {
  std::string_view state, event;
};
/// The event that the cloud expects for a task in a state (protocol/01-tunnel.md §4.4).
constexpr std::array<Step, 7> kSteps{{{"", "Init"},
                                      {"Init", "Init"},
                                      {"Checking", "Check"},
                                      {"BackingUp", "Backup"},
                                      {"Upgrading", "Upgrade"},
                                      {"RollingBack", "Rollback"},
                                      {"Pulling", "Pull"}}};

constexpr std::string_view kJobPrefix = "operations.kubeedge.io/v1alpha2/";

/// A type of job in the resource, its kind, and the advice for the operator.
struct JobType {
  std::string_view type, kind, instead;
};
constexpr std::array<JobType, 3> kJobTypes{
    {{"nodeupgradejob", "NodeUpgradeJob", "upgrade edgecore on the node itself"},
     {"imageprepulljob", "ImagePrePullJob", "pull the images on the node itself"},
     {"configupdatejob", "ConfigUpdateJob", "change edgecore.yaml on the node itself"}}};

std::string why_refused(std::string_view kind, std::string_view instead) {
  return "this node does not run " + std::string(kind) + " jobs yet: " + std::string(instead);
}

std::string why_job_refused(std::string_view type) {
  for (const JobType& known : kJobTypes) {
    if (known.type == type) return why_refused(known.kind, known.instead);
  }
  return why_refused(type, "do it on the node itself");
}

/// The parts of `<group>/<version>/<type>/<job>/node/<node>`; empty for another form.
std::vector<std::string_view> job_parts(std::string_view resource) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= resource.size();) {
    const std::size_t end = std::min(resource.find('/', begin), resource.size());
    parts.push_back(resource.substr(begin, end - begin));
    begin = end + 1;
  }
  const bool whole = parts.size() == 6 && !parts[2].empty() && !parts[3].empty() && parts[4] == "node";
  return whole ? parts : std::vector<std::string_view>();
}

std::string text_member(const nlohmann::json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto member = object.find(key);
  return member != object.end() && member->is_string() ? member->get<std::string>() : std::string();
}

}  // namespace

bool is_node_job(const beehive::Message& message) {
  return message.route.resource.starts_with(kJobPrefix);
}

std::optional<beehive::Message> refuse_node_job(const beehive::Message& job, const std::string& node_name,
                                                WallTime now) {
  const std::string& resource = job.route.resource;
  const auto parts = job_parts(resource);
  if (!is_node_job(job) || parts.empty() || parts[5] != node_name) return std::nullopt;
  nlohmann::json report = {{"action", "Check"},
                           {"succ", false},
                           {"finishTime", kube::format_time(now)},
                           {"reason", why_job_refused(parts[2])},
                           {"extend", ""}};
  // A CloudHub that enforces authorization drops this report from any other source (§4).
  return beehive::make_message(names::module::kTwin, names::group::kHub,
                               names::operation::kUpdateNodeActionStatus, resource, std::move(report));
}

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
                             {"Reason", why_refused(type, "do it on the node itself")},
                             {"Time", ""},
                             {"ExternalMessage", ""}};
    const std::string resource = "task/" + id + "/node/" + node_name;
    return beehive::make_message(names::module::kEdgeHub, names::group::kHub, type, resource,
                                 std::move(report));
  }
  return std::nullopt;
}

}  // namespace edgecore::edgehub
