// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace edgecore::kube {

/// An image name taken apart as container runtimes understand it (protocol/05-edged.md §1.8).
struct ImageReference {
  std::string registry;    ///< host[:port]; "docker.io" when the text has none
  std::string repository;  ///< path in the registry; "library/nginx" for "nginx"
  std::string tag;         ///< "latest" when the text has neither tag nor digest; empty with a digest alone
  std::string digest;      ///< "sha256:…" or empty
  std::string as_given;    ///< the text, with ":latest" added when the default tag was taken

  /// Fully qualified: "docker.io/library/nginx:1.25".
  [[nodiscard]] std::string canonical() const;
  /// The pull policy Kubernetes gives a container without one: Always for the tag `latest`, else
  /// IfNotPresent.
  [[nodiscard]] std::string_view default_pull_policy() const;
};

/// Throws BadInput with a sentence that names the fault; the pod's reason is then InvalidImageName.
ImageReference parse_image_reference(std::string_view text);

}  // namespace edgecore::kube
