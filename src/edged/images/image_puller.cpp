// SPDX-License-Identifier: Apache-2.0
#include "edged/images/image_puller.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "edgecore/beehive/wakeup.hpp"

namespace edgecore::edged {
namespace {

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
      line_(deps_.executor, places(deps_.config)),
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
    beehive::Wakeup pause(deps_.executor);
    co_await pause.sleep_until(now + std::chrono::duration_cast<SteadyTime::duration>(missing) +
                               std::chrono::milliseconds(1));
  }
  tokens_ -= 1;
}

boost::asio::awaitable<ImagePuller::Outcome> ImagePuller::inspect(const cri::ImageSpec& spec, bool& present) {
  Outcome outcome;
  try {
    const std::optional<cri::Image> image = co_await deps_.runtime.image_status(spec);
    present = image.has_value();
    if (image) {
      outcome.ref = image->id;
      outcome.user = image_user(*image);
    }
  } catch (const cri::CallError& error) {
    if (error.cancelled()) throw;
    outcome.refused =
        Refusal{"ImageInspectError", "Failed to inspect image \"" + spec.image + "\": " + error.message()};
  }
  co_return outcome;
}

boost::asio::awaitable<ImagePuller::Outcome> ImagePuller::ensure(const kube::Pod& pod,
                                                                 const kube::Container& container,
                                                                 const Keyring& keys,
                                                                 const cri::PodSandboxConfig& sandbox) {
  Outcome outcome;
  const ImageChoice choice = choose_image(container.image);
  if (choice.refused) {
    outcome.refused = choice.refused;
    co_return outcome;
  }
  const cri::ImageSpec spec = spec_of(container, choice.reference);
  bool present = false;
  outcome = co_await inspect(spec, present);
  if (outcome.refused) co_return outcome;
  const PullDecision decision = decide_pull(container.image_pull_policy, container.image, present);
  if (decision == PullDecision::kUseLocal) co_return outcome;
  if (decision == PullDecision::kRefuse) {
    outcome.refused = never_pull_refusal(container.image);
    co_return outcome;
  }

  const std::string key = pod.uid + "_" + container.image;
  if (backoff_.waiting(key)) {
    outcome.refused = pull_backoff_refusal(container.image);
    outcome.again = until_[key];
    co_return outcome;
  }
  const Turnstile::Place place = co_await line_.enter();
  if (container.image_pull_policy != "Always") {
    // Another pod may have pulled it while this one stood in line.
    outcome = co_await inspect(spec, present);
    if (outcome.refused || present) co_return outcome;
  }
  co_await pace();
  outcome = co_await pull(spec, keys, sandbox);
  if (outcome.refused) {
    backoff_.advance(key);
    if (const auto pause = backoff_.waiting(key)) outcome.again = until_[key] = steady_now() + *pause;
    deps_.log->warn("pod {}: cannot pull image {}: {}", pod.full_name(), log::quote(container.image),
                    log::quote(outcome.refused->message));
  } else {
    backoff_.forget(key);
    until_.erase(key);
  }
  co_return outcome;
}

boost::asio::awaitable<ImagePuller::Outcome> ImagePuller::pull(const cri::ImageSpec& spec,
                                                               const Keyring& keys,
                                                               const cri::PodSandboxConfig& sandbox) {
  std::vector<std::optional<cri::AuthConfig>> credentials;
  for (cri::AuthConfig& one : keys.lookup(spec.image)) credentials.emplace_back(std::move(one));
  if (credentials.empty()) credentials.emplace_back(std::nullopt);

  Outcome outcome;
  const SteadyTime begun = steady_now();
  for (const auto& auth : credentials) {
    std::string failure;
    try {
      outcome.ref = co_await deps_.runtime.pull_image(spec, auth, sandbox);
    } catch (const cri::CallError& error) {
      if (error.cancelled()) throw;
      failure = error.message();
    }
    if (failure.empty()) {
      const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(steady_now() - begun);
      deps_.log->info("pulled image {} in {} ms", log::quote(spec.image), took.count());
      bool present = false;
      Outcome pulled = co_await inspect(spec, present);
      if (!pulled.refused && pulled.ref.empty()) pulled.ref = outcome.ref;
      co_return pulled;
    }
    outcome.refused = pull_failure(failure);
  }
  co_return outcome;
}

}  // namespace edgecore::edged
