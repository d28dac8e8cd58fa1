// SPDX-License-Identifier: Apache-2.0
#include <spdlog/fmt/fmt.h>

#include "edgecore/base/ascii.hpp"
#include "edgecore/kube/table.hpp"
#include "edgecore/kube/time.hpp"
#include "kube/table/table_columns.hpp"

namespace edgecore::kube {
namespace {

/// Names and images of the containers of the pod spec at `path`: only with -o wide.
void add_containers(Columns& columns, const std::string& path) {
  const auto column = [&](const char* name, const char* member) {
    columns.push_back({name, "string", 1,
                       [path, member](const Json& object, WallTime) {
                         return joined(object, path + ".containers", member);
                       },
                       "", ""});
  };
  column("Containers", "name");
  column("Images", "image");
}

Column selector_column(const char* path) {
  return {"Selector", "string",
          1,          [path](const Json& object, WallTime) { return selector_text(object, path); },
          "",         ""};
}

/// "1/3": ready and wanted pods.
Column ready_of_wanted() {
  return {"Ready",
          "string",
          0,
          [](const Json& object, WallTime) {
            return fmt::format("{}/{}", int_or(object, "status.readyReplicas", 0),
                               int_or(object, "spec.replicas", 0));
          },
          "",
          "Ready pods and wanted pods"};
}

std::string job_completions(const Json& job) {
  const std::int64_t done = int_or(job, "status.succeeded", 0);
  if (find_path(job, "spec.completions") != nullptr)
    return fmt::format("{}/{}", done, int_or(job, "spec.completions", 0));
  const std::int64_t parallelism = int_or(job, "spec.parallelism", 0);
  return parallelism > 1 ? fmt::format("{}/1 of {}", done, parallelism) : fmt::format("{}/1", done);
}

std::string job_duration(const Json& job, WallTime now) {
  const auto started = time_at(job, "status.startTime");
  if (!started) return "";
  return human_age(*started, time_at(job, "status.completionTime").value_or(now));
}

Columns job_columns() {
  Columns columns = {
      name_column(),
      {"Completions", "string", 0, [](const Json& job, WallTime) { return job_completions(job); }, "", ""},
      {"Duration", "string", 0, job_duration, "", ""},
      age_column()};
  add_containers(columns, "spec.template.spec");
  columns.push_back(selector_column("spec.selector"));
  return columns;
}

Columns cron_job_columns() {
  Column active = size_column("Active", "status.active");
  active.type = "integer";
  Columns columns = {name_column(),
                     text_column("Schedule", "spec.schedule", 0, ""),
                     flag_column("Suspend", "spec.suspend"),
                     std::move(active),
                     {"Last Schedule", "string", 0,
                      [](const Json& job, WallTime now) {
                        return find_path(job, "status.lastScheduleTime") == nullptr
                                   ? std::string("<none>")
                                   : since(job, "status.lastScheduleTime", now);
                      },
                      "", ""},
                     age_column()};
  add_containers(columns, "spec.jobTemplate.spec.template.spec");
  columns.push_back(selector_column("spec.jobTemplate.spec.selector"));
  return columns;
}

Columns deployment_columns() {
  Columns columns = {name_column(), ready_of_wanted(), number_column("Up-to-date", "status.updatedReplicas"),
                     number_column("Available", "status.availableReplicas"), age_column()};
  add_containers(columns, "spec.template.spec");
  columns.push_back(selector_column("spec.selector"));
  return columns;
}

Columns daemon_set_columns() {
  Columns columns = {
      name_column(),
      number_column("Desired", "status.desiredNumberScheduled"),
      number_column("Current", "status.currentNumberScheduled"),
      number_column("Ready", "status.numberReady"),
      number_column("Up-to-date", "status.updatedNumberScheduled"),
      number_column("Available", "status.numberAvailable"),
      {"Node Selector", "string", 0,
       [](const Json& set, WallTime) { return labels_text(set, "spec.template.spec.nodeSelector"); }, "", ""},
      age_column()};
  add_containers(columns, "spec.template.spec");
  columns.push_back(selector_column("spec.selector"));
  return columns;
}

/// Replica sets, and replication controllers, whose selector is a plain map.
Columns replica_columns(bool plain_selector) {
  Columns columns = {name_column(), number_column("Desired", "spec.replicas"),
                     number_column("Current", "status.replicas"),
                     number_column("Ready", "status.readyReplicas"), age_column()};
  add_containers(columns, "spec.template.spec");
  columns.push_back(
      plain_selector
          ? Column{"Selector", "string", 1,
                   [](const Json& object, WallTime) { return labels_text(object, "spec.selector"); }, "", ""}
          : selector_column("spec.selector"));
  return columns;
}

Columns stateful_set_columns() {
  Columns columns = {name_column(), ready_of_wanted(), age_column()};
  add_containers(columns, "spec.template.spec");
  return columns;
}

Columns pod_template_columns() {
  Columns columns = {name_column()};
  add_containers(columns, "template.spec");
  for (Column& column : columns) column.priority = 0;
  columns.push_back(
      {"Pod Labels", "string", 0,
       [](const Json& object, WallTime) { return labels_text(object, "template.metadata.labels"); }, "", ""});
  return columns;
}

std::string controller_of(const Json& revision) {
  for (const Json& owner : array_or_empty(revision, "metadata.ownerReferences")) {
    if (!bool_or(owner, "controller", false)) continue;
    const std::string kind = lower_case(string_or(owner, "kind"));
    std::string group = string_or(owner, "apiVersion");
    group.resize(std::min(group.find('/'), group.size()));
    return fmt::format("{}.{}/{}", kind, group, string_or(owner, "name"));
  }
  return "<none>";
}

}  // namespace

Columns workload_columns(const ApiResource& resource) {
  const std::string& kind = resource.kind;
  if (resource.group == "apps") {
    if (kind == "Deployment") return deployment_columns();
    if (kind == "DaemonSet") return daemon_set_columns();
    if (kind == "ReplicaSet") return replica_columns(false);
    if (kind == "StatefulSet") return stateful_set_columns();
    if (kind == "ControllerRevision") {
      return {name_column(),
              {"Controller", "string", 0, [](const Json& object, WallTime) { return controller_of(object); },
               "", ""},
              number_column("Revision", "revision"),
              age_column()};
    }
  }
  if (resource.group == "batch" && kind == "Job") return job_columns();
  if (resource.group == "batch" && kind == "CronJob") return cron_job_columns();
  if (resource.group.empty() && kind == "ReplicationController") return replica_columns(true);
  if (resource.group.empty() && kind == "PodTemplate") return pod_template_columns();
  return {};
}

}  // namespace edgecore::kube
