// SPDX-License-Identifier: Apache-2.0
#include "edgehub/kubernetes_ca.hpp"

#include <chrono>
#include <utility>

#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/net/x509.hpp"
#include "edgehub/credentials.hpp"

namespace edgecore::edgehub {
namespace {

constexpr std::chrono::seconds kAnswerWithin{60};

}  // namespace

std::string flaw_of_kubernetes_ca(const nlohmann::json& content) {
  if (!content.is_string()) return "it is no text";
  const auto& pem = content.get_ref<const std::string&>();
  if (pem.empty()) return "it is empty (CloudCore's kubeconfig has to name the CA as a file)";
  try {
    net::Certificate::all_from_pem(pem);
  } catch (const BadInput& error) {
    return error.what();
  }
  return {};
}

boost::asio::awaitable<bool> fetch_kubernetes_ca(beehive::ModuleContext& context,
                                                 std::filesystem::path file) {
  std::string flaw;
  try {
    beehive::Message question =
        beehive::make_message(names::module::kMetaManager, names::group::kMeta, names::operation::kQuery,
                              names::resource::kKubernetesCa, nullptr);
    const beehive::MessagePtr answer =
        co_await context.bus.request(names::module::kEdgeHub, std::move(question), kAnswerWithin);
    flaw = answer->route.operation == names::operation::kResponse ? flaw_of_kubernetes_ca(answer->content)
                                                                  : "the cloud answered with an error";
    if (flaw.empty()) {
      const auto& pem = answer->content.get_ref<const std::string&>();
      if (read_file(file, kMaxPemFileBytes) != pem) {
        make_directories(file.parent_path());
        write_file_atomic(file, pem, 0644);
        context.log->info("stored the cluster's CA in {}", file.string());
      }
    }
  } catch (const Error& error) {
    flaw = error.what();
  }
  if (!flaw.empty())
    context.log->warn("the cluster's CA could not be fetched, {} stays as it is: {}", file.string(), flaw);
  co_return flaw.empty();
}

}  // namespace edgecore::edgehub
