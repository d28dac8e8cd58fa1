// SPDX-License-Identifier: Apache-2.0
// Small languages of Kubernetes. The first byte says which one the rest is written in.
#include <map>
#include <string>

#include "edgecore/base/go_duration.hpp"
#include "edgecore/kube/image_reference.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/kube/names.hpp"
#include "edgecore/kube/quantity.hpp"
#include "edgecore/kube/selector.hpp"
#include "edgecore/kube/time.hpp"
#include "input.hpp"
#include "support/objects.hpp"

namespace {

using namespace edgecore;

void quantity(std::string_view text) {
  const auto parsed = kube::Quantity::try_parse(text);
  if (!parsed) return;
  const std::string canonical = parsed->text();
  const auto again = kube::Quantity::try_parse(canonical);
  fuzz::hold(again.has_value());
  fuzz::hold(*again == *parsed);
  fuzz::hold(again->text() == canonical);
  parsed->value();
  parsed->milli_value();
  fuzz::hold((*parsed - *parsed).is_zero());
  fuzz::hold(*parsed + *parsed == *again + *again);
}

void selectors(std::string_view text) {
  const std::map<std::string, std::string> labels{{"app", "web"}, {"tier", ""}, {"example.com/zone", "a"}};
  const Json object = {{"metadata", {{"name", "a"}, {"labels", {{"app", "web"}}}}},
                       {"status", {{"phase", 1}}}};
  fuzz::accepted([&] {
    const auto selector = kube::LabelSelector::parse(text);
    if (selector.selects_everything()) fuzz::hold(selector.matches(labels));
    test::matches_object(selector, object);
  });
  fuzz::accepted([&] {
    const auto selector = kube::FieldSelector::parse(text);
    if (selector.selects_everything()) fuzz::hold(selector.matches(object));
    selector.matches(object);
    for (const auto& path : selector.paths()) selector.required_value(path);
  });
  fuzz::accepted([&] {
    const auto selector = kube::LabelSelector::from_json(kube::parse_json(text));
    selector.matches(labels);
  });
}

void times(std::string_view text) {
  if (const auto time = kube::parse_time(text)) {
    fuzz::hold(kube::parse_time(kube::format_nano_time(*time)) == time);
    kube::format_time(*time);
    kube::format_micro_time(*time);
  }
  if (const auto duration = parse_go_duration(text))
    fuzz::hold(parse_go_duration(format_go_duration(*duration)) == duration);
}

void image(std::string_view text) {
  fuzz::accepted([&] {
    const auto reference = kube::parse_image_reference(text);
    fuzz::hold(!reference.repository.empty() && !reference.registry.empty());
    const auto again = kube::parse_image_reference(reference.canonical());
    fuzz::hold(again.canonical() == reference.canonical());
    reference.default_pull_policy();
  });
}

void names(std::string_view text) {
  if (kube::is_service_name(text)) fuzz::hold(kube::is_dns_label(text));
  if (kube::is_dns_label(text)) fuzz::hold(kube::is_dns_subdomain(text));
  // What may be part of a file path never leaves its folder.
  if (kube::is_config_key(text) || kube::is_dns_subdomain(text)) fuzz::hold(kube::is_path_segment(text));
  if (kube::is_path_segment(text)) fuzz::hold(text.find('/') == std::string_view::npos && text != "..");
  kube::is_qualified_name(text);
  kube::is_label_value(text);
  kube::is_env_name(text);
}

}  // namespace

// A selector as a tree, and what is made of it.
const edgecore::fuzz::MemoryBudget edgecore::fuzz::kMemory{.per_byte = 2 * kJsonTree, .fixed = 64 * kKiB};

void edgecore::fuzz::take(std::string_view input) {
  if (input.empty()) return;
  const auto text = input.substr(1);
  switch (input.front()) {
    case 'q':
      quantity(text);
      break;
    case 's':
      selectors(text);
      break;
    case 't':
      times(text);
      break;
    case 'i':
      image(text);
      break;
    case 'n':
      names(text);
      break;
    default:
      break;
  }
}
