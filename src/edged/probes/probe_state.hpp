// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "edgecore/kube/pod.hpp"
#include "edged/probes/probe_runner.hpp"

namespace edgecore::edged {

enum class ProbeKind { kStartup, kReadiness, kLiveness };
std::string_view probe_name(ProbeKind kind);

/// Turns a series of replies of one container's probe into a verdict, by the probe's thresholds
/// (protocol/05-edged.md §1.9). Pure: does no timing and runs nothing.
class ProbeState {
 public:
  ProbeState(ProbeKind kind, const kube::Probe& probe) : kind_(kind), probe_(probe) {}

  /// A container with another id has come: starts over, from verdict `known` if there is one.
  void restart(std::optional<bool> known);
  /// Takes a reply; true if the verdict changed. Errors leave it as it is.
  bool take(ProbeReply::Kind reply);
  /// The pod is to stop: the probe must not fail this container any more.
  void give_in();

  /// nullopt = not known yet.
  [[nodiscard]] std::optional<bool> verdict() const { return verdict_; }
  [[nodiscard]] bool succeeded() const { return verdict_ == true; }
  [[nodiscard]] bool failed() const { return verdict_ == false; }
  /// No more probes until another container comes: this one is to be killed, or has started.
  [[nodiscard]] bool settled() const;

 private:
  ProbeKind kind_;
  kube::Probe probe_;
  std::optional<bool> verdict_;
  std::optional<bool> last_;
  std::int64_t run_ = 0;  ///< how many times in a row `last_` was the answer
};

}  // namespace edgecore::edged
