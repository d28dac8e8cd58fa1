// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/cri/types.hpp"
#include "edgecore/kube/json.hpp"
#include "edged/spec/refusal.hpp"

/// Decides which image to use, whether to pull it, and with which credentials (protocol/05-edged.md §1.8).
/// Pure functions.
namespace edgecore::edged {

/// The reference for the runtime, with the default tag added; or why the name is invalid (InvalidImageName).
struct ImageChoice {
  std::string reference;
  std::optional<Refusal> refused;
};
ImageChoice choose_image(const std::string& image);

enum class PullDecision { kUseLocal, kPull, kRefuse };
/// kRefuse: the policy is Never and the image is not present (ErrImageNeverPull).
PullDecision decide_pull(const std::string& policy, const std::string& image, bool present);
/// The waiting reason between two attempts to pull.
inline constexpr const char* kImagePullBackOff = "ImagePullBackOff";
Refusal never_pull_refusal(const std::string& image);
Refusal pull_backoff_refusal(const std::string& image);
/// The waiting reason of a failed pull, derived from the text of the runtime's error.
Refusal pull_failure(const std::string& error_text);

/// Credentials from pull secrets and from files on the node. Never log them.
class Keyring {
 public:
  /// Adds a Secret object; one of another type, or that cannot be read, adds nothing. True if something was
  /// added.
  bool add_secret(const Json& secret);
  /// Adds the text of a config.json ({"auths": {…}}) or of a .dockercfg ({…}).
  bool add_config(std::string_view text);

  /// Credentials to try for an image, most specific first; empty = pull anonymously.
  [[nodiscard]] std::vector<cri::AuthConfig> lookup(const std::string& image) const;

 private:
  void add_entries(const Json& entries);
  std::map<std::string, std::vector<cri::AuthConfig>, std::greater<>> entries_;  ///< by "host[:port][/path]"
};

}  // namespace edgecore::edged
