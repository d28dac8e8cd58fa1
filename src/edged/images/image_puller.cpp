// SPDX-License-Identifier: Apache-2.0
#include "edged/images/image_puller.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "edgecore/async/attempt.hpp"
#include "edgecore/async/sleep.hpp"

namespace edgecore::edged {
namespace {

/// How long a container shows why its pull has failed before it shows that it waits for the next one.
constexpr std::chrono::seconds kFailureShown{2};

std::size_t places(const config::TailoredKubeletConfig& config) {
  if (config.serialize_image_pulls.value_or(true)) return 1;
  const std::int32_t most = config.max_parallel_image_pulls.value_or(0);
  return most > 0 ? static_cast<std::size_t>(most) : std::numeric_limits<std::size_t>::max();
}

cri::ImageSpec spec_of(const kube::Container& container, const std::string& reference) {
  cri::ImageSpec spec;
  spec.image = reference;
  spec.user_specified_image = container.image;
  return spec;
}

}  // namespace

ImagePuller::ImagePuller(Deps deps)
    : deps_(std::move(deps)),
      backoff_(deps_.clock),
      line_(places(deps_.config)),
      tokens_(deps_.config.registry_burst) {}

void ImagePuller::forget_idle() {
  backoff_.forget_idle();
  std::erase_if(until_, [now = steady_now()](const auto& one) { return one.second < now; });
}

boost::asio::awaitable<void> ImagePuller::pace() {
  const double rate = deps_.config.registry_pull_qps.value_or(5);
  if (rate <= 0) co_return;
  const double most = std::max(1, deps_.config.registry_burst);
  for (;;) {
    const SteadyTime now = steady_now();
    tokens_ = std::min(most, tokens_ + rate * std::chrono::duration<double>(now - filled_).count());
    filled_ = now;
    if (tokens_ >= 1) break;
    const std::chrono::duration<double> missing((1 - tokens_) / rate);
    co_await async::sleep_for(std::chrono::duration_cast<SteadyTime::duration>(missing) +
                              std::chrono::milliseconds(1));
  }
  tokens_ -= 1;
}

boost::asio::awaitable<std::optional<ImagePuller::Local>> ImagePuller::find(const cri::ImageSpec& spec) {
  try {
    const std::optional<cri::Image> image = co_await deps_.runtime.image_status(spec);
    if (!image) co_return std::nullopt;
    co_return Local{image->id, image_user(*image)};
  } catch (const cri::CallError& error) {
    throw NotStarted(
        {"ImageInspectError", "Failed to inspect image \"" + spec.image + "\": " + error.message()});
  }
}

boost::asio::awaitable<ImagePuller::Local> ImagePuller::ensure(const kube::Pod& pod,
                                                               const kube::Container& container,
                                                               const Keyring& keys,
                                                               const cri::PodSandboxConfig& sandbox) {
  const ImageChoice choice = choose_image(container.image);
  if (choice.refused) throw NotStarted(*choice.refused);
  const cri::ImageSpec spec = spec_of(container, choice.reference);
  std::optional<Local> local = co_await find(spec);
  const PullDecision decision = decide_pull(container.image_pull_policy, container.image, local.has_value());
  if (decision == PullDecision::kUseLocal) co_return *local;
  if (decision == PullDecision::kRefuse) throw NotStarted(never_pull_refusal(container.image));

  const std::string key = pod.uid + "_" + container.image;
  if (backoff_.waiting(key)) throw NotStarted(pull_backoff_refusal(container.image), until_[key]);
  const async::Semaphore::Permit permit = co_await line_.acquire();
  if (container.image_pull_policy != "Always") {
    // Another pod may have pulled it while this one stood in line.
    local = co_await find(spec);
    if (local) co_return *local;
  }
  co_await pace();
  const auto pulled = co_await async::attempt<NotStarted>(pull(spec, keys, sandbox));
  if (pulled) {
    backoff_.forget(key);
    until_.erase(key);
    co_return *pulled;
  }
  backoff_.advance(key);
  std::optional<SteadyTime> again;
  if (const auto pause = backoff_.waiting(key)) {
    until_[key] = steady_now() + *pause;
    again = steady_now() + std::min<SteadyTime::duration>(*pause, kFailureShown);
  }
  deps_.log->warn("pod {}: cannot pull image {}: {}", pod.full_name(), log::quote(container.image),
                  log::quote(pulled.failure().message()));
  throw NotStarted(pulled.failure().as<NotStarted>()->why(), again);
}

boost::asio::awaitable<ImagePuller::Local> ImagePuller::pull(const cri::ImageSpec& spec, const Keyring& keys,
                                                             const cri::PodSandboxConfig& sandbox) {
  const SteadyTime begun = steady_now();
  const std::string ref = co_await download(spec, keys, sandbox);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(steady_now() - begun);
  deps_.log->info("pulled image {} in {} ms", log::quote(spec.image), took.count());
  std::optional<Local> local = co_await find(spec);
  co_return local ? *local : Local{ref, {}};
}

/// The reference of the image, with the first credentials that the registry takes.
boost::asio::awaitable<std::string> ImagePuller::download(const cri::ImageSpec& spec, const Keyring& keys,
                                                          const cri::PodSandboxConfig& sandbox) {
  std::vector<std::optional<cri::AuthConfig>> credentials;
  for (cri::AuthConfig& one : keys.lookup(spec.image)) credentials.emplace_back(std::move(one));
  if (credentials.empty()) credentials.emplace_back(std::nullopt);
  std::optional<Refusal> refused;
  for (const auto& auth : credentials) {
    try {
      co_return co_await deps_.runtime.pull_image(spec, auth, sandbox);
    } catch (const cri::CallError& error) {
      refused = pull_failure(error.message());
    }
  }
  throw NotStarted(*refused);
}

}  // namespace edgecore::edged
