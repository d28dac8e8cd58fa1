// SPDX-License-Identifier: Apache-2.0
#include "keadm/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <map>
#include <memory>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/go_duration.hpp"

namespace edgecore::keadm {
namespace {

const std::map<std::string, OutputFormat> kFormats{{"wide", OutputFormat::kWide},
                                                   {"json", OutputFormat::kJson},
                                                   {"yaml", OutputFormat::kYaml},
                                                   {"name", OutputFormat::kName}};

/// The options as CLI11 fills them in.
struct Raw {
  std::string config = config::kDefaultConfigPath;
  bool version = false;
  GetCommand get;
  DescribeCommand describe;
  RestartCommand restart;
  LogsCommand logs;
  std::string output, since, restart_resource, logs_resource;
  std::int64_t tail = -1;
  std::vector<std::string> logs_names;
};

/// The subcommands of CLI11.
struct Commands {
  CLI::App* get = nullptr;
  CLI::App* describe = nullptr;
  CLI::App* restart = nullptr;
  CLI::App* logs = nullptr;
};

void add_namespace(CLI::App& to, std::string& ns) {
  to.add_option("-n,--namespace", ns, "Namespace (default: \"default\")");
}

Commands declare(CLI::App& app, Raw& raw) {
  app.allow_windows_style_options(false);
  app.fallthrough();
  app.add_flag("--version", raw.version, "Print the version");
  app.add_option("--config", raw.config,
                 "The configuration file of edgecore, which has the address of its MetaServer");
  CLI::App* const ctl = app.add_subcommand("ctl", "Inspect and control what runs on this node");
  ctl->fallthrough();
  ctl->require_subcommand(1);

  Commands commands;
  commands.get = ctl->add_subcommand("get", "Print resources as a table; pods of this node only");
  commands.get
      ->add_option("resource", raw.get.resource,
                   "Type of the resource, such as pod, node, configmap, device, svc")
      ->required();
  commands.get->add_option("names", raw.get.names, "Names (default: all)");
  add_namespace(*commands.get, raw.get.ns);
  commands.get->add_flag("-A,--all-namespaces", raw.get.all_namespaces, "List resources of all namespaces");
  commands.get->add_flag("--all-nodes", raw.get.all_nodes, "List pods of other nodes as well");
  commands.get->add_option("-l,--selector", raw.get.selector, "Label selector: a=b,c!=d,e in (f,g)");
  commands.get->add_option("-o,--output", raw.output, "Output format: wide, json, yaml or name");

  commands.describe = ctl->add_subcommand("describe", "Print the details of one object");
  commands.describe
      ->add_option("resource", raw.describe.resource, "Type of the resource, such as pod, node, device")
      ->required();
  commands.describe->add_option("name", raw.describe.name, "Its name")->required();
  add_namespace(*commands.describe, raw.describe.ns);

  commands.restart = ctl->add_subcommand("restart", "Restart the containers of pods");
  commands.restart->add_option("resource", raw.restart_resource, "pod")->required();
  commands.restart->add_option("names", raw.restart.names, "Names of pods")->required();
  add_namespace(*commands.restart, raw.restart.ns);

  commands.logs = ctl->add_subcommand("logs", "Print the log of a container");
  commands.logs->add_option("pod", raw.logs_names, "[pod] <name>")->required()->expected(1, 2);
  commands.logs->add_option("-c,--container", raw.logs.container, "The container, if the pod has several");
  add_namespace(*commands.logs, raw.logs.ns);
  commands.logs->add_flag("-f,--follow", raw.logs.follow, "Print new lines as they are written");
  commands.logs->add_flag("-p,--previous", raw.logs.previous, "Print the log of the previous container");
  commands.logs->add_flag("--timestamps", raw.logs.timestamps, "Print the time of each line");
  commands.logs->add_option("--tail", raw.tail, "Print the last lines only; -1: the whole newest log");
  commands.logs->add_option("--since", raw.since, "Print lines no older than this: 30s, 5m, 2h");
  return commands;
}

Text mistake(const std::string& sentence) {
  return {"error: " + sentence + "\n", true, 1};
}

bool names_pods(std::string_view typed) {
  const std::string resource = lower_case(typed);
  return resource == "pod" || resource == "pods" || resource == "po";
}

/// Accepts kubectl's "pod/web" for one object.
void split_slash(std::string& resource, std::vector<std::string>& names) {
  const auto slash = resource.find('/');
  if (slash == std::string::npos) return;
  names.insert(names.begin(), resource.substr(slash + 1));
  resource.resize(slash);
}

/// Splits "pod/web" for describe, because CLI11 expects two arguments.
std::vector<std::string> with_slash_split(std::vector<std::string> arguments) {
  const auto command = std::find(arguments.begin(), arguments.end(), "describe");
  if (command == arguments.end() || command + 1 == arguments.end()) return arguments;
  const std::string target = *(command + 1);
  const auto slash = target.find('/');
  if (slash == std::string::npos || target.starts_with('-')) return arguments;
  *(command + 1) = target.substr(0, slash);
  arguments.insert(command + 2, target.substr(slash + 1));
  return arguments;
}

std::optional<Text> finish(const Commands& commands, Raw& raw) {
  if (commands.get->parsed()) {
    split_slash(raw.get.resource, raw.get.names);
    if (!raw.output.empty()) {
      const auto format = kFormats.find(raw.output);
      if (format == kFormats.end())
        return mistake("--output must be wide, json, yaml or name, not \"" + raw.output + "\"");
      raw.get.output = format->second;
    }
    if (!raw.get.names.empty() && raw.get.all_namespaces)
      return mistake("a resource cannot be retrieved by name across all namespaces");
    if (!raw.get.names.empty() && !raw.get.selector.empty())
      return mistake("names and a selector cannot be given together");
  }
  if (commands.restart->parsed()) {
    split_slash(raw.restart_resource, raw.restart.names);
    if (!names_pods(raw.restart_resource))
      return mistake("only pods can be restarted: keadm ctl restart pod <name>");
  }
  if (commands.logs->parsed()) {
    const bool typed = raw.logs_names.size() == 2;
    std::string resource = typed ? raw.logs_names.front() : "pod";
    std::vector<std::string> names{raw.logs_names.back()};
    if (const auto slash = names.front().find('/'); !typed && slash != std::string::npos) {
      resource = names.front().substr(0, slash);
      names.front().erase(0, slash + 1);
    }
    if (!names_pods(resource)) return mistake("only pods have logs: keadm ctl logs pod <name>");
    raw.logs.pod = names.front();
    if (raw.tail < -1) return mistake("--tail must be a number of lines, or -1 for all");
    if (raw.tail >= 0) raw.logs.tail = raw.tail;
    if (!raw.since.empty()) {
      const auto since = parse_go_duration(raw.since);
      if (!since || since->count() <= 0)
        return mistake("--since must be a duration like 30s, 5m or 2h, not \"" + raw.since + "\"");
      raw.logs.since_seconds = std::chrono::ceil<std::chrono::seconds>(*since).count();
    }
  }
  return std::nullopt;
}

}  // namespace

std::variant<Invocation, Text> parse_command_line(const std::vector<std::string>& arguments,
                                                  const std::string& version) {
  Raw raw;
  CLI::App app("keadm: inspect this KubeEdge node through its own MetaServer", "keadm");
  const Commands commands = declare(app, raw);
  std::vector<std::string> reversed = with_slash_split(arguments);
  std::reverse(reversed.begin(), reversed.end());  // CLI11 expects them in reverse
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    return Text{app.help(), false, 0};
  } catch (const CLI::ParseError& error) {
    if (raw.version) return Text{"keadm " + version + "\n", false, 0};
    return mistake(std::string(error.what()) + " (see keadm --help)");
  }
  if (raw.version) return Text{"keadm " + version + "\n", false, 0};
  if (const auto wrong = finish(commands, raw)) return *wrong;
  Invocation out;
  out.config_path = raw.config;
  if (commands.get->parsed()) {
    out.command = std::move(raw.get);
  } else if (commands.describe->parsed()) {
    out.command = std::move(raw.describe);
  } else if (commands.restart->parsed()) {
    out.command = std::move(raw.restart);
  } else if (commands.logs->parsed()) {
    out.command = std::move(raw.logs);
  } else {
    return Text{app.help(), false, 0};
  }
  return out;
}

}  // namespace edgecore::keadm
