// SPDX-License-Identifier: Apache-2.0
// What keeps a pod's containers from starting is in its status, through the whole module.

#include "unit/edged/edged_fixture.hpp"

namespace edgecore::edged::test {
namespace {

class PodReasons : public EdgedTest {
 protected:
  [[nodiscard]] std::string waiting(const std::string& name) const {
    const Json why = meta_->status(name, "containerStatuses/0/state/waiting");
    if (!why.is_object()) return "";
    return kube::string_or(why, "reason") + ": " + kube::string_or(why, "message");
  }
  bool waits(const std::string& name, const std::string& part) {
    return eventually([&] { return waiting(name).find(part) != std::string::npos; });
  }
};

TEST_F(PodReasons, ASandboxThatCannotBeMadeIsInTheStatusAndThePodStartsWhenItCan) {
  runtime_.fail_always("RunPodSandbox",
                       {cri::Code::kInvalidArgument, "runAsGroup is specified without a runAsUser"});
  start_edged();
  meta_->put(pod("web", "u-1"));
  EXPECT_TRUE(waits("web", "CreatePodSandboxError: "));
  EXPECT_NE(waiting("web").find("without a runAsUser"), std::string::npos) << waiting("web");
  runtime_.heal("RunPodSandbox");
  EXPECT_TRUE(runs("web"));
}

TEST_F(PodReasons, AHostNameThatIsTooLongIsInTheStatus) {
  adjust_ = [](EdgedOptions& options) { options.config.kubelet.cluster_domain = std::string(60, 'd'); };
  start_edged();
  Json odd = pod("web", "u-1");
  odd["spec"]["setHostnameAsFQDN"] = true;
  odd["spec"]["subdomain"] = "sub";
  meta_->put(odd);
  EXPECT_TRUE(waits("web", "CreatePodSandboxError: "));
  EXPECT_NE(waiting("web").find("longer than"), std::string::npos) << waiting("web");
}

TEST_F(PodReasons, ANetworkThatIsNotReadyIsInTheStatus) {
  start_edged();
  for (auto& condition : runtime_.runtime_status.conditions) {
    if (condition.type == "NetworkReady") condition.status = false;
  }
  turn_for(6s);
  meta_->put(pod("web", "u-1"));
  EXPECT_TRUE(waits("web", "network is not ready"));
}

}  // namespace
}  // namespace edgecore::edged::test
