// SPDX-License-Identifier: Apache-2.0
// Requests to the node's Kubernetes API: method, path, headers that say what goes in and out, body. The
// input's first four lines are method and target, Content-Type, Accept and Accept-Encoding.
#include "edgecore/kube/api_resources.hpp"
#include "input.hpp"
#include "metaserver/http/api_error.hpp"
#include "metaserver/http/body.hpp"
#include "metaserver/http/representation.hpp"
#include "metaserver/http/request_info.hpp"

namespace {

using namespace edgecore;
using namespace edgecore::metaserver;

std::string_view line_of(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

/// A refusal is an answer, if it has a code of a client's mistake.
template <class Body>
void answered(Body&& body) {
  try {
    body();
  } catch (const ApiError& error) {
    fuzz::hold(error.status().code >= 400 && error.status().code < 500 && !error.status().message.empty());
  }
}

}  // namespace

// yaml-cpp holds 260 bytes for a bracket, and the tree is made beside it. Fixed: what aliases may make of a
// small text (yaml_budget), and an indented text (kPrettyBytes) as it grows.
const edgecore::fuzz::MemoryBudget edgecore::fuzz::kMemory{.per_byte = 400, .fixed = 8 * kMiB};

void edgecore::fuzz::take(std::string_view text) {
  static const kube::ApiResources resources;
  const std::string_view first = line_of(text);
  const std::size_t space = std::min(first.find(' '), first.size());
  const std::string_view target = first.substr(std::min(space + 1, first.size()));
  net::Headers headers;
  for (const char* name : {"Content-Type", "Accept", "Accept-Encoding"})
    headers.add(name, std::string(line_of(text)));

  answered([&] {
    const RequestInfo info = parse_request(first.substr(0, space), target);
    for (const std::string* part : {&info.ns, &info.name, &info.resource, &info.subresource})
      fuzz::hold(part->find_first_of("/%\n") == std::string::npos && *part != "..");
    for (const Offer offer :
         {Offer::kObject, Offer::kList, Offer::kWatch, Offer::kDiscovery, Offer::kOpenApi})
      answered([&] { fuzz::hold(!representation(headers, info.target, offer).content_type.empty()); });
    const auto resource = resources.find(info.group, info.version, info.resource);
    if (!resource) return;
    const Json object = prepare_object(read_object(headers, text), *resource, info);
    fuzz::hold(info.name.empty() || object["metadata"]["name"] == info.name);
  });
  answered([&] { read_patch(headers, text); });
  answered([&] { read_delete_options(headers, text); });
  answered([&] { read_names(text, 100); });
  fuzz::hold(pretty_print(text).size() <= std::max(text.size(), kPrettyBytes));
}
