// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/faults.hpp"

#include "edgecore/base/error.hpp"
#include "support/objects.hpp"

namespace edgecore::cloudsim {
namespace {

double fraction(const Json& change, const char* key, double before) {
  const Json* value = kube::find_path(change, key);
  if (value == nullptr) return before;
  if (!value->is_number() || value->get<double>() < 0 || value->get<double>() > 1)
    throw BadInput(std::string("The fault ") + key + " must be a number from 0 to 1.");
  return value->get<double>();
}

std::chrono::milliseconds millis(const Json& change, const char* key, std::chrono::milliseconds before) {
  const auto value = test::optional_int(change, key);
  if (!value) return before;
  if (*value < 0 || *value > 86'400'000)
    throw BadInput(std::string("The fault ") + key + " is out of range.");
  return std::chrono::milliseconds(*value);
}

}  // namespace

void Faults::apply(const Json& change) {
  if (!change.is_object()) throw BadInput("Faults must be a JSON object.");
  const Json known = to_json();
  for (const auto& [key, value] : change.items()) {
    if (!known.contains(key)) throw BadInput("unknown fault " + key + "; see README.md.");
  }
  Faults next = *this;
  const auto flag = [&](const char* key, bool before) {
    return test::optional_bool(change, key).value_or(before);
  };
  next.refuse_connections = flag("refuseConnections", refuse_connections);
  next.upgrade_status =
      static_cast<int>(test::optional_int(change, "upgradeStatus").value_or(upgrade_status));
  next.answer_delay = millis(change, "answerDelayMs", answer_delay);
  next.drop_answers = fraction(change, "dropAnswers", drop_answers);
  next.drop_acks = fraction(change, "dropAcks", drop_acks);
  next.half_open = flag("halfOpen", half_open);
  next.server_identity = kube::optional_string(change, "serverIdentity").value_or(server_identity);
  if (next.server_identity != "right" && next.server_identity != "wrong-name" &&
      next.server_identity != "wrong-ca")
    throw BadInput("The fault serverIdentity must be right, wrong-name or wrong-ca.");
  next.expired_tokens = flag("expiredTokens", expired_tokens);
  next.node_limit = static_cast<int>(test::optional_int(change, "nodeLimit").value_or(node_limit));
  next.pause_pushes = flag("pausePushes", pause_pushes);
  next.pause_sync = flag("pauseSync", pause_sync);
  next.session_delay = millis(change, "sessionDelayMs", session_delay);
  next.close_successor = flag("closeSuccessor", close_successor);
  next.fragment = flag("fragment", fragment);
  next.keepalive = millis(change, "keepaliveMs", keepalive);
  next.deletion_version = kube::optional_string(change, "deletionVersion").value_or(deletion_version);
  if (next.deletion_version != "own" && next.deletion_version != "last" && next.deletion_version != "none")
    throw BadInput("The fault deletionVersion must be own, last or none.");
  next.router_timeout = millis(change, "routerTimeoutMs", router_timeout);
  next.dynamic_controller = flag("dynamicController", dynamic_controller);
  if (change.contains("forbidden")) {
    next.forbidden.clear();
    for (const Json& plural : kube::get_array(change, "forbidden")) {
      if (!plural.is_string()) throw BadInput("The fault forbidden must be a list of plural names.");
      next.forbidden.insert(plural.get<std::string>());
    }
  }
  if (const auto value = test::optional_int(change, "seed")) {
    next.seed = static_cast<std::uint64_t>(*value);
    next.random_.seed(next.seed);
  }
  *this = next;
}

Json Faults::to_json() const {
  return {{"refuseConnections", refuse_connections},
          {"upgradeStatus", upgrade_status},
          {"answerDelayMs", answer_delay.count()},
          {"dropAnswers", drop_answers},
          {"dropAcks", drop_acks},
          {"halfOpen", half_open},
          {"serverIdentity", server_identity},
          {"expiredTokens", expired_tokens},
          {"nodeLimit", node_limit},
          {"pausePushes", pause_pushes},
          {"pauseSync", pause_sync},
          {"sessionDelayMs", session_delay.count()},
          {"closeSuccessor", close_successor},
          {"fragment", fragment},
          {"keepaliveMs", keepalive.count()},
          {"deletionVersion", deletion_version},
          {"forbidden", forbidden},
          {"dynamicController", dynamic_controller},
          {"routerTimeoutMs", router_timeout.count()},
          {"seed", seed}};
}

bool Faults::strikes(double fraction) {
  if (fraction <= 0) return false;
  return std::uniform_real_distribution<double>(0, 1)(random_) < fraction;
}

}  // namespace edgecore::cloudsim
