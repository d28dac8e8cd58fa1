// SPDX-License-Identifier: Apache-2.0
#include "metaserver/http/representation.hpp"

#include <spdlog/fmt/fmt.h>
#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "metaserver/http/api_error.hpp"
#include "metaserver/http/media_types.hpp"

namespace edgecore::metaserver {
namespace {

constexpr std::size_t kMaxAlternatives = 32;  // in an Accept header; clients send three
/// Two spellings of one type. The older one comes first; it is not a valid media type, and Go refuses it in
/// an answer.
constexpr std::string_view kOpenApiProtoTypes[] = {
    "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
    "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"};

constexpr std::string_view kHeaderBlanks = " \t";

/// Takes the part before `mark` off the front of `rest`.
std::string_view next_part(std::string_view& rest, char mark) {
  const std::size_t end = std::min(rest.find(mark), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return trimmed(part, kHeaderBlanks);
}

double quality(std::string_view text) {
  double value = 1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && value >= 0 && value <= 1 ? value : 1;
}

/// One alternative of the Accept header.
struct Alternative {
  std::string_view type;  // "application/json", "*/*"
  std::string_view as, group, version;
  double q = 1;
  bool usable = true;
};

Alternative read_alternative(std::string_view text) {
  Alternative found;
  found.type = next_part(text, ';');
  while (!text.empty()) {
    std::string_view value = next_part(text, ';');
    const std::string_view key = next_part(value, '=');
    if (key == "q") found.q = quality(value);
    if (key == "as") found.as = value;
    if (key == "g") found.group = value;
    if (key == "v") found.version = value;
    if (key == "charset" && !iequals(value, "utf-8")) found.usable = false;
  }
  return found;
}

int wildcards(std::string_view type) {
  return static_cast<int>(std::count(type.begin(), type.end(), '*'));
}

std::vector<Alternative> read_accept(std::string_view accept) {
  std::vector<Alternative> found;
  while (!accept.empty() && found.size() < kMaxAlternatives) {
    const std::string_view part = next_part(accept, ',');
    if (part.empty()) continue;
    const Alternative alternative = read_alternative(part);
    if (alternative.usable && alternative.q > 0) found.push_back(alternative);
  }
  std::stable_sort(found.begin(), found.end(), [](const Alternative& left, const Alternative& right) {
    if (left.q != right.q) return left.q > right.q;
    return wildcards(left.type) < wildcards(right.type);
  });
  return found;
}

bool matches(std::string_view wanted, std::string_view offered) {
  if (wanted == "*/*" || wanted == "*") return true;
  if (wanted.ends_with("/*")) return offered.starts_with(wanted.substr(0, wanted.size() - 1));
  return iequals(wanted, offered);
}

/// Sets form and version; false if the offer does not have the form.
bool set_form(Representation& into, const Alternative& wanted, Offer offer) {
  if (wanted.as.empty()) return true;
  into.version = wanted.version;
  if (offer == Offer::kDiscovery) {
    into.form = Form::kAggregatedDiscovery;
    return wanted.as == "APIGroupDiscoveryList" && wanted.group == "apidiscovery.k8s.io" &&
           (wanted.version == "v2" || wanted.version == "v2beta1");
  }
  if (wanted.group != "meta.k8s.io" || (wanted.version != "v1" && wanted.version != "v1beta1")) return false;
  const bool one = offer == Offer::kObject || offer == Offer::kWatch, list = offer == Offer::kList;
  if (wanted.as == "Table") {
    into.form = Form::kTable;
    return one || list;
  }
  if (wanted.as == "PartialObjectMetadata") {
    into.form = Form::kPartialObjectMetadata;
    return one;
  }
  into.form = Form::kPartialObjectMetadataList;
  return list && wanted.as == "PartialObjectMetadataList";
}

bool choose(Representation& into, const Alternative& wanted, Offer offer) {
  into = {};
  if (offer == Offer::kOpenApi) {
    for (const std::string_view type : kOpenApiProtoTypes) {
      if (!iequals(wanted.type, type)) continue;
      into.form = Form::kOpenApiProto;
      into.encoding = Encoding::kProto;
      into.content_type = kOpenApiProtoTypes[1];
      return true;
    }
  }
  const bool yaml_offered = offer != Offer::kWatch && offer != Offer::kOpenApi;
  if (matches(wanted.type, kJsonType)) {
    into.encoding = Encoding::kJson;
  } else if (yaml_offered && matches(wanted.type, kYamlType)) {
    into.encoding = Encoding::kYaml;
  } else {
    return false;
  }
  if (!set_form(into, wanted, offer)) return false;
  into.content_type = into.encoding == Encoding::kJson ? kJsonType : kYamlType;
  // Only for discovery do clients read the form from the header.
  if (into.form == Form::kAggregatedDiscovery)
    into.content_type += ";g=apidiscovery.k8s.io;v=" + into.version + ";as=APIGroupDiscoveryList";
  return true;
}

[[noreturn]] void not_acceptable(Offer offer) {
  std::string types(kJsonType);
  if (offer == Offer::kOpenApi) types += fmt::format(", {}", kOpenApiProtoTypes[0]);
  if (offer != Offer::kWatch && offer != Offer::kOpenApi) types += fmt::format(", {}", kYamlType);
  throw ApiError(
      kube::Status::not_acceptable("only the following media types are accepted: " + std::move(types)));
}

/// curl, wget and browsers are recognised by their name and get indented JSON, unless `pretty` is given.
bool wants_pretty(const net::Headers& headers, const net::Target& target) {
  if (const auto asked = target.find("pretty"); asked && !asked->empty())
    return *asked == "1" || iequals(*asked, "t") || iequals(*asked, "true");
  const std::string_view agent = headers.get("User-Agent");
  return agent.starts_with("curl") || agent.starts_with("Wget") || agent.starts_with("Mozilla/5.0");
}

bool accepts_gzip(std::string_view encodings) {
  while (!encodings.empty()) {
    const Alternative coding = read_alternative(next_part(encodings, ','));
    if (iequals(coding.type, "gzip")) return coding.q > 0;
  }
  return false;
}

kube::IncludeObject include_object(const net::Target& target) {
  const std::string asked = target.find("includeObject").value_or("");
  if (asked.empty() || asked == "Metadata") return kube::IncludeObject::kMetadata;
  if (asked == "None") return kube::IncludeObject::kNone;
  if (asked == "Object") return kube::IncludeObject::kObject;
  bad_request(fmt::format("unrecognized includeObject value: \"{}\"; None, Metadata and Object are known",
                          asked.substr(0, 100)));
}

}  // namespace

Representation representation(const net::Headers& headers, const net::Target& target, Offer offer) {
  Representation chosen;
  const std::string_view accept = headers.get("Accept");
  const std::vector<Alternative> alternatives =
      read_accept(trimmed(accept, kHeaderBlanks).empty() ? "*/*" : accept);
  const bool found = std::any_of(alternatives.begin(), alternatives.end(),
                                 [&](const Alternative& wanted) { return choose(chosen, wanted, offer); });
  if (!found) not_acceptable(offer);
  if (chosen.form == Form::kTable) chosen.include = include_object(target);
  chosen.pretty = chosen.encoding != Encoding::kProto && wants_pretty(headers, target);
  chosen.gzip = accepts_gzip(headers.get("Accept-Encoding"));
  return chosen;
}

std::string pretty_print(std::string_view json, std::size_t most) {
  if (json.size() > most) return std::string(json);
  std::string out;
  out.reserve(std::min(json.size() * 2, most));
  std::size_t depth = 0;
  bool in_string = false, escaped = false, opened = false;
  const auto new_line = [&] { out.append("\n").append(depth * 2, ' '); };
  for (const char c : json) {
    if (out.size() > most) return std::string(json);
    if (in_string) {
      out += c;
      if (!escaped && c == '"') in_string = false;
      escaped = !escaped && c == '\\';
      continue;
    }
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    const bool closes = c == '}' || c == ']';
    if (closes && depth > 0) --depth;
    if (opened != closes) new_line();  // `{}` stays together
    opened = c == '{' || c == '[';
    out += c;
    if (opened) ++depth;
    if (c == ',') new_line();
    if (c == ':') out += ' ';
    in_string = c == '"';
  }
  out += '\n';
  return out.size() > most ? std::string(json) : out;
}

std::string gzip(std::string_view text) {
  constexpr int kGzipWindow = 15 + 16;  // zlib's way to ask for a gzip header
  constexpr int kMemoryLevel = 8;
  z_stream stream{};
  // The fastest level: most of the gain for little CPU.
  if (::deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) !=
      Z_OK)
    throw Error("The answer could not be compressed");
  std::string out(::deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // zlib only reads it
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const bool whole = ::deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  if (!whole) throw Error("The answer could not be compressed");
  return out;
}

}  // namespace edgecore::metaserver
