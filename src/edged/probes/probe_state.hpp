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

/// What a row of probes says about one container (protocol/05-edged.md §1.9). Pure: knows no time and runs
/// nothing.
class ProbeState {
 public:
  ProbeState(ProbeKind kind, const kube::Probe& probe) : kind_(kind), probe_(probe) {}

  /// A container of another id has come: everything begins anew, from `known` where that is known already.
  void restart(std::optional<bool> known);
  /// Takes a reply; true when the verdict changed by it. Errors say nothing about the container.
  bool take(ProbeReply::Kind reply);
  /// The pod is to stop: whatever was found, it is not this container that fails it.
  void give_in();

  /// nullopt = not known yet.
  [[nodiscard]] std::optional<bool> verdict() const { return verdict_; }
  [[nodiscard]] bool succeeded() const { return verdict_ == true; }
  [[nodiscard]] bool failed() const { return verdict_ == false; }
  /// The container is to be killed, or has started: nothing is to be asked until another one comes.
  [[nodiscard]] bool settled() const;

 private:
  ProbeKind kind_;
  kube::Probe probe_;
  std::optional<bool> verdict_;
  std::optional<bool> last_;
  std::int64_t run_ = 0;  ///< how often `last_` was the answer
};

}  // namespace edgecore::edged
