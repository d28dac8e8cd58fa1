// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "edgecore/kube/table.hpp"
#include "edgecore/net/headers.hpp"
#include "edgecore/net/url.hpp"

namespace edgecore::metaserver {

/// The forms of an answer.
enum class Form {
  kObject,                     ///< as it is
  kTable,                      ///< meta.k8s.io Table
  kPartialObjectMetadata,      ///< only type and metadata
  kPartialObjectMetadataList,  ///< a list of these
  kAggregatedDiscovery,        ///< apidiscovery.k8s.io APIGroupDiscoveryList
  kOpenApiProto,               ///< gnostic's openapi.v2.Document
};

/// YAML is answered with JSON text, which is YAML as well.
enum class Encoding { kJson, kYaml, kProto };

/// The representations that the server offers for a path.
enum class Offer {
  kObject,     ///< one object: also as Table or PartialObjectMetadata
  kList,       ///< also as Table or PartialObjectMetadataList
  kWatch,      ///< events: JSON only; the objects in them also as Table or PartialObjectMetadata
  kDiscovery,  ///< /api and /apis: also aggregated
  kOpenApi,    ///< /openapi/v2: also as protobuf, in no YAML
  kDocument,   ///< any other document: as it is
};

/// How a client wants its answer (protocol/03-metaserver.md §2.3). A plain value.
struct Representation {
  Form form = Form::kObject;
  std::string version;  ///< of the form: "v1" or "v1beta1"; of aggregated discovery also "v2"; else ""
  kube::IncludeObject include = kube::IncludeObject::kMetadata;  ///< for tables
  Encoding encoding = Encoding::kJson;
  bool pretty = false;
  bool gzip = false;         ///< the client takes gzip
  std::string content_type;  ///< for the answer's header
};

/// Chooses the first alternative of the Accept header, in order of quality, that is offered;
/// protobuf is never chosen for objects, so that `application/vnd.kubernetes.protobuf, */*` gets JSON.
/// Throws ApiError: 406 when nothing fits, 400 for an unknown `includeObject`.
Representation representation(const net::Headers& headers, const net::Target& target, Offer offer);

/// Indentation multiplies a small text: brackets by half of their depth. Nobody reads more than this.
inline constexpr std::size_t kPrettyBytes = std::size_t{1} << 20;

/// JSON text indented by two spaces, with a line feed at its end; of other text only the layout changes. One
/// pass without parsing. A text that would be longer than `most` afterwards comes back as it is.
std::string pretty_print(std::string_view json, std::size_t most = kPrettyBytes);

/// Bodies of at least this size are worth compressing for a client that takes gzip.
inline constexpr std::size_t kGzipMinBytes = std::size_t{128} << 10;

/// A gzip member that holds `text`. Throws Error if there is no memory.
std::string gzip(std::string_view text);

}  // namespace edgecore::metaserver
