// SPDX-License-Identifier: Apache-2.0
#include "keadm/commands.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <vector>

#include "edgecore/base/error.hpp"
#include "edgecore/net/url.hpp"
#include "keadm/describe.hpp"
#include "keadm/resources.hpp"
#include "keadm/text.hpp"

namespace edgecore::keadm {
namespace {

constexpr const char* kTableOrObject =
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,"
    "application/json";

using Query = std::vector<std::pair<std::string, std::string>>;

std::string with_query(std::string path, const Query& query) {
  char before = '?';
  for (const auto& [key, value] : query) {
    path += before + key + "=" + net::percent_encode(value);
    before = '&';
  }
  return path;
}

Json get_object(const Surroundings& in, const std::string& target, const char* accept = "application/json") {
  Question question;
  question.target = target;
  question.accept = accept;
  return object_of(in.ask(question));
}

std::vector<Json> items_of(const Json& list) {
  const Json& items = kube::array_or_empty(list, "items");
  return {items.begin(), items.end()};
}

/// Throws Error if the pod runs on another node.
void check_node(const Json& pod, const std::string& name, const Surroundings& in) {
  const std::string node = kube::string_or(pod, "spec.nodeName");
  if (!node.empty() && node != in.node)
    throw Error(
        fmt::format("the pod \"{}\" runs on node \"{}\", not on this one, \"{}\"", name, node, in.node));
}

/// One run of `get`.
class Get {
 public:
  Get(const GetCommand& command, const Surroundings& in)
      : command_(command), in_(in), resource_(find_resource(in.ask, command.resource)) {}

  int run() {
    table_ = command_.output == OutputFormat::kTable || command_.output == OutputFormat::kWide;
    int status = 0;
    if (command_.names.empty()) {
      answers_.push_back(get_object(in_, list_target(), accept()));
    } else {
      for (const std::string& name : command_.names) status = std::max(status, get_named(name));
    }
    print();
    return status;
  }

 private:
  [[nodiscard]] const char* accept() const { return table_ ? kTableOrObject : "application/json"; }
  [[nodiscard]] std::string ns() const {
    return resource_.namespaced && !command_.all_namespaces ? command_.ns : std::string();
  }
  [[nodiscard]] bool own_pods() const { return resource_.is_pods() && !command_.all_nodes; }

  [[nodiscard]] std::string list_target() const {
    Query query;
    if (!command_.selector.empty()) query.emplace_back("labelSelector", command_.selector);
    if (own_pods()) query.emplace_back("fieldSelector", "spec.nodeName=" + in_.node);
    return with_query(resource_.path(ns()), query);
  }

  /// Prints an error for a missing object; the others are printed nevertheless.
  int get_named(const std::string& name) {
    Query query;
    if (table_ && own_pods()) query.emplace_back("includeObject", "Object");
    try {
      Json answer = get_object(in_, with_query(resource_.path(ns()) + "/" + net::percent_encode(name), query),
                               accept());
      const Json* pod = &answer;
      const Json& rows = kube::array_or_empty(answer, "rows");
      if (is_table(answer) && !rows.empty()) pod = kube::find_path(rows.front(), "object");
      if (own_pods() && pod != nullptr) check_node(*pod, name, in_);
      answers_.push_back(std::move(answer));
      return 0;
    } catch (const Error& error) {
      in_.err << "error: " << one_line(error.what()) << "\n";
      return 1;
    }
  }

  static bool is_table(const Json& answer) { return kube::string_or(answer, "kind") == "Table"; }

  /// The objects of all answers.
  [[nodiscard]] std::vector<Json> objects() const {
    if (!command_.names.empty()) return answers_;
    return items_of(answers_.front());
  }

  void print() const {
    std::string text;
    if (command_.output == OutputFormat::kJson || command_.output == OutputFormat::kYaml) {
      if (answers_.empty()) return;
      Json value = answers_.front();
      if (answers_.size() > 1) {
        value = {{"apiVersion", "v1"},
                 {"kind", "List"},
                 {"metadata", {{"resourceVersion", ""}}},
                 {"items", answers_}};
      }
      text = command_.output == OutputFormat::kJson ? print_json(value) : print_yaml(value);
    } else if (command_.output == OutputFormat::kName) {
      if (!answers_.empty()) {
        for (const Json& one : objects())
          text += resource_.short_type() + "/" + one_line(kube::string_or(one, "metadata.name")) + "\n";
      }
    } else if (!answers_.empty()) {
      const TableStyle style{command_.output == OutputFormat::kWide,
                             command_.all_namespaces && resource_.namespaced};
      const bool tables = std::all_of(answers_.begin(), answers_.end(), is_table);
      text = tables ? print_tables(answers_, style, in_.now) : print_objects(objects(), style, in_.now);
    }
    in_.out << text << std::flush;
    if (!text.empty() || !command_.names.empty()) return;
    if (ns().empty()) {
      in_.err << "No resources found\n";
    } else {
      in_.err << "No resources found in " << command_.ns << " namespace.\n";
    }
  }

  const GetCommand& command_;
  const Surroundings& in_;
  Resource resource_;
  bool table_ = true;
  std::vector<Json> answers_;
};

/// The object's events; nullopt if the server does not serve them: the rest is printed without.
Events events_of(const Json& object, const Resource& resource, const Surroundings& in) {
  const std::string ns = kube::string_or(object, "metadata.namespace");
  std::string selector = "involvedObject.name=" + kube::string_or(object, "metadata.name");
  if (!resource.kind.empty()) selector += ",involvedObject.kind=" + resource.kind;
  // The events of a node have its name as UID.
  const std::string uid = kube::string_or(object, "metadata.uid");
  if (!uid.empty() && resource.namespaced) selector += ",involvedObject.uid=" + uid;
  const std::string path =
      "/api/v1/namespaces/" + net::percent_encode(ns.empty() ? std::string("default") : ns) + "/events";
  try {
    const Query query{{"fieldSelector", selector}};
    return items_of(get_object(in, with_query(path, query)));
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

int get(const GetCommand& command, const Surroundings& in) {
  return Get(command, in).run();
}

int describe(const DescribeCommand& command, const Surroundings& in) {
  const Resource resource = find_resource(in.ask, command.resource);
  const Json object = get_object(in, resource.path(command.ns) + "/" + net::percent_encode(command.name));
  if (resource.is_pods()) {
    check_node(object, command.name, in);
    in.out << describe_pod(object, events_of(object, resource, in), in.now);
  } else if (resource.group.empty() && resource.plural == "nodes") {
    const Query query{{"fieldSelector", "spec.nodeName=" + command.name}};
    const std::vector<Json> pods = items_of(get_object(in, with_query("/api/v1/pods", query)));
    in.out << describe_node(object, pods, events_of(object, resource, in), in.now);
  } else {
    in.out << describe_object(object, events_of(object, resource, in), in.now);
  }
  in.out << std::flush;
  return 0;
}

int restart(const RestartCommand& command, const Surroundings& in) {
  Question question;
  question.method = "POST";
  question.target = "/api/v1/namespaces/" + net::percent_encode(command.ns) + "/pods/restart";
  question.body = kube::dump_json(command.names);
  const Json answer = object_of(in.ask(question));
  // KubeEdge spells it with a capital.
  for (const char* key : {"LogMessages", "logMessages"}) {
    for (const auto& one : kube::array_or_empty(answer, key)) {
      if (one.is_string()) in.out << one_line(one.get<std::string>()) << "\n";
    }
  }
  in.out << std::flush;
  bool failed = false;
  for (const auto& one : kube::array_or_empty(answer, "errMessages")) {
    if (one.is_string()) in.err << "error: " << one_line(one.get<std::string>()) << "\n";
    failed = true;
  }
  return failed ? 1 : 0;
}

int logs(const LogsCommand& command, const Surroundings& in) {
  Query query;
  if (!command.container.empty()) query.emplace_back("container", command.container);
  if (command.follow) query.emplace_back("follow", "true");
  if (command.previous) query.emplace_back("previous", "true");
  if (command.timestamps) query.emplace_back("timestamps", "true");
  if (command.tail) query.emplace_back("tailLines", std::to_string(*command.tail));
  if (command.since_seconds) query.emplace_back("sinceSeconds", std::to_string(*command.since_seconds));
  Question question;
  question.target = with_query("/api/v1/namespaces/" + net::percent_encode(command.ns) + "/pods/" +
                                   net::percent_encode(command.pod) + "/log",
                               query);
  question.accept = "text/plain, application/json";
  question.on_body = [&](std::string_view piece) {
    in.out << piece << std::flush;
    if (!in.out) throw Error("cannot write to standard output");
  };
  const Answer answer = in.ask(question);
  if (answer.status != 200) object_of(answer);
  return 0;
}

}  // namespace edgecore::keadm
