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

/// What CLI11 fills in.
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

/// The commands as CLI11 knows them.
struct Commands {
  CLI::App* get = nullptr;
  CLI::App* describe = nullptr;
  CLI::App* restart = nullptr;
  CLI::App* logs = nullptr;
};

void add_namespace(CLI::App& to, std::string& ns) {
  to.add_option("-n,--namespace", ns, "Namespace, \"default\" when none is given");
}

Commands declare(CLI::App& app, Raw& raw) {
  app.allow_windows_style_options(false);
  app.fallthrough();
  app.add_flag("--version", raw.version, "Print the version");
  app.add_option("--config", raw.config, "The configuration of edgecore: where its MetaServer is");
  CLI::App* const ctl = app.add_subcommand("ctl", "Look at and work on what runs on this node");
  ctl->fallthrough();
  ctl->require_subcommand(1);

  Commands commands;
  commands.get = ctl->add_subcommand("get", "Print resources as a table; pods of this node only");
  commands.get->add_option("resource", raw.get.resource, "Such as pod, node, configmap, device, svc")
      ->required();
  commands.get->add_option("names", raw.get.names, "Names; all when there is none");
  add_namespace(*commands.get, raw.get.ns);
  commands.get->add_flag("-A,--all-namespaces", raw.get.all_namespaces, "Of all namespaces");
  commands.get->add_flag("--all-nodes", raw.get.all_nodes, "Pods of other nodes too");
  commands.get->add_option("-l,--selector", raw.get.selector, "Labels they must have: a=b,c!=d,e in (f,g)");
  commands.get->add_option("-o,--output", raw.output, "wide, json, yaml or name");

  commands.describe = ctl->add_subcommand("describe", "Print all about one object as text");
  commands.describe->add_option("resource", raw.describe.resource, "Such as pod, node, device")->required();
  commands.describe->add_option("name", raw.describe.name, "Its name")->required();
  add_namespace(*commands.describe, raw.describe.ns);

  commands.restart = ctl->add_subcommand("restart", "Stop the containers of pods, which then start again");
  commands.restart->add_option("resource", raw.restart_resource, "pod")->required();
  commands.restart->add_option("names", raw.restart.names, "Names of pods")->required();
  add_namespace(*commands.restart, raw.restart.ns);

  commands.logs = ctl->add_subcommand("logs", "Print what a container has written");
  commands.logs->add_option("pod", raw.logs_names, "[pod] <name>")->required()->expected(1, 2);
  commands.logs->add_option("-c,--container", raw.logs.container, "The container, when the pod has several");
  add_namespace(*commands.logs, raw.logs.ns);
  commands.logs->add_flag("-f,--follow", raw.logs.follow, "Go on with what is written from now on");
  commands.logs->add_flag("-p,--previous", raw.logs.previous, "Of the container before the one that runs");
  commands.logs->add_flag("--timestamps", raw.logs.timestamps, "Each line with its time");
  commands.logs->add_option("--tail", raw.tail, "So many lines; -1: all of the newest log");
  commands.logs->add_option("--since", raw.since, "Lines no older than this: 30s, 5m, 2h");
  return commands;
}

Text mistake(const std::string& sentence) {
  return {"error: " + sentence + "\n", true, 1};
}

bool names_pods(std::string_view typed) {
  const std::string resource = lower_case(typed);
  return resource == "pod" || resource == "pods" || resource == "po";
}

/// kubectl's way to name one object: "pod/web".
void split_slash(std::string& resource, std::vector<std::string>& names) {
  const auto slash = resource.find('/');
  if (slash == std::string::npos) return;
  names.insert(names.begin(), resource.substr(slash + 1));
  resource.resize(slash);
}

/// "pod/web" as describe's only argument: CLI11 asks for two.
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
        return mistake("--output is one of wide, json, yaml and name, not \"" + raw.output + "\"");
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
    if (raw.tail < -1) return mistake("--tail is a number of lines, or -1 for all");
    if (raw.tail >= 0) raw.logs.tail = raw.tail;
    if (!raw.since.empty()) {
      const auto since = parse_go_duration(raw.since);
      if (!since || since->count() <= 0)
        return mistake("--since is a time like 30s, 5m or 2h, not \"" + raw.since + "\"");
      raw.logs.since_seconds = std::chrono::ceil<std::chrono::seconds>(*since).count();
    }
  }
  return std::nullopt;
}

}  // namespace

std::variant<Invocation, Text> parse_command_line(const std::vector<std::string>& arguments,
                                                  const std::string& version) {
  Raw raw;
  CLI::App app("keadm: what runs on this KubeEdge node, asked of its own MetaServer", "keadm");
  const Commands commands = declare(app, raw);
  std::vector<std::string> reversed = with_slash_split(arguments);
  std::reverse(reversed.begin(), reversed.end());  // as CLI11 wants them
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
