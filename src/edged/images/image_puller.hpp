// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <optional>
#include <string>

#include "edgecore/async/semaphore.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/config/model.hpp"
#include "edgecore/cri/runtime.hpp"
#include "edged/host/backoff.hpp"
#include "edged/images/image_policy.hpp"
#include "edged/spec/security.hpp"

namespace edgecore::edged {

/// Provides a container's image (protocol/05-edged.md §1.8): pulls it if the policy says so, one pull after
/// the other, at the configured rate, with back-off after failures. Part of edged; belongs to its thread.
class ImagePuller {
 public:
  struct Deps {
    cri::Runtime& runtime;
    const config::TailoredKubeletConfig& config;
    const Clock& clock;
    boost::asio::any_io_executor executor;
    log::Logger log;
  };
  explicit ImagePuller(Deps deps);

  /// An image that is on the node.
  struct Local {
    std::string ref;  ///< for ContainerConfig.image
    ImageUser user;
  };
  /// `pod`, `container` and the others outlive the call. Throws NotStarted when there is no image.
  boost::asio::awaitable<Local> ensure(const kube::Pod& pod, const kube::Container& container,
                                       const Keyring& keys, const cri::PodSandboxConfig& sandbox);

  /// Drops back-offs of images that nobody asks for any more.
  void forget_idle();

 private:
  boost::asio::awaitable<std::optional<Local>> find(const cri::ImageSpec& spec);
  boost::asio::awaitable<Local> pull(const cri::ImageSpec& spec, const Keyring& keys,
                                     const cri::PodSandboxConfig& sandbox);
  boost::asio::awaitable<std::string> download(const cri::ImageSpec& spec, const Keyring& keys,
                                               const cri::PodSandboxConfig& sandbox);
  boost::asio::awaitable<void> pace();

  Deps deps_;
  Backoff backoff_;
  std::map<std::string, SteadyTime> until_;  ///< end of the pause, by the back-off's key
  async::Semaphore line_;
  double tokens_;
  SteadyTime filled_{};
};

}  // namespace edgecore::edged
