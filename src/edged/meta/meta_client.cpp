// SPDX-License-Identifier: Apache-2.0
#include "edged/meta/meta_client.hpp"

#include <utility>

#include "edgecore/beehive/names.hpp"

namespace edgecore::edged {

boost::asio::awaitable<MetaAnswer> MetaClient::ask(std::string operation, std::string resource, Json content,
                                                   std::chrono::milliseconds within) {
  beehive::Message question = beehive::make_message(names::module::kEdged, names::group::kMeta, operation,
                                                    resource, std::move(content));
  MetaAnswer answer;
  try {
    const beehive::MessagePtr reply =
        co_await bus_.request(names::module::kMetaManager, std::move(question), within);
    if (reply->route.operation == names::operation::kResponse) {
      answer.object = reply->content;
    } else {
      answer.refused = kube::Status::from_json(reply->content);
    }
  } catch (const beehive::RequestFailed& failure) {
    answer.refused = kube::Status::timeout(failure.what());
  }
  co_return answer;
}

boost::asio::awaitable<MetaAnswer> MetaClient::get(const std::string& ns, const std::string& type,
                                                   const std::string& name) {
  return ask(names::operation::kQuery, beehive::resource_path(ns, type, name), nullptr);
}

}  // namespace edgecore::edged
