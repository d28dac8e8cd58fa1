// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace edgecore::kube {

/// An image name, parsed as container runtimes do (protocol/05-edged.md §1.8).
struct ImageReference {
  std::string registry;    ///< host[:port]; "docker.io" when the text has none
  std::string repository;  ///< path in the registry; "library/nginx" for "nginx"
  std::string tag;         ///< "latest" when the text has neither tag nor digest; empty with a digest alone
  std::string digest;      ///< "sha256:…" or empty
  std::string as_given;    ///< the text, with ":latest" added if it is the default tag

  /// Fully qualified: "docker.io/library/nginx:1.25".
  [[nodiscard]] std::string canonical() const;
  /// The default pull policy of Kubernetes: Always for the tag `latest`, else IfNotPresent.
  [[nodiscard]] std::string_view default_pull_policy() const;
};

/// Throws BadInput that names the fault; the pod's reason is then InvalidImageName.
ImageReference parse_image_reference(std::string_view text);

}  // namespace edgecore::kube
