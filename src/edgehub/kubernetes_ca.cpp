// SPDX-License-Identifier: Apache-2.0
#include "edgehub/kubernetes_ca.hpp"

#include <chrono>
#include <utility>

#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "edgecore/beehive/bus.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/net/x509.hpp"
#include "edgehub/credentials.hpp"

namespace edgecore::edgehub {
namespace {

constexpr std::chrono::seconds kAnswerWithin{60};

/// Throws BadInput for what must not replace the stored CA. CloudCore answers an empty string when its
/// kubeconfig embeds the CA (protocol/07-observed.md).
std::string pem_in(const beehive::Message& answer) {
  if (answer.route.operation != names::operation::kResponse)
    throw BadInput("the cloud answered with an error");
  if (!answer.content.is_string()) throw BadInput("it is no text");
  std::string pem = answer.content.get<std::string>();
  if (pem.empty()) throw BadInput("it is empty (CloudCore's kubeconfig has to name the CA as a file)");
  net::Certificate::all_from_pem(pem);
  return pem;
}

boost::asio::awaitable<std::string> ask(beehive::Bus& bus) {
  beehive::Message question =
      beehive::make_message(names::module::kMetaManager, names::group::kMeta, names::operation::kQuery,
                            names::resource::kKubernetesCa, nullptr);
  const beehive::MessagePtr answer =
      co_await bus.request(names::module::kEdgeHub, std::move(question), kAnswerWithin);
  co_return pem_in(*answer);
}

}  // namespace

boost::asio::awaitable<bool> fetch_kubernetes_ca(beehive::ModuleContext& context,
                                                 std::filesystem::path file) {
  try {
    const std::string pem = co_await ask(context.bus);
    if (read_file(file, kMaxPemFileBytes) == pem) co_return true;
    make_directories(file.parent_path(), 0755);
    write_file_atomic(file, pem, 0644);
    context.log->info("stored the cluster's CA in {}", file.string());
    co_return true;
  } catch (const Error& error) {
    context.log->warn("the cluster's CA could not be fetched, {} stays as it is: {}", file.string(),
                      error.what());
    co_return false;
  }
}

}  // namespace edgecore::edgehub
