#include "edged/meta_client.hpp"

#include <utility>

#include "edgecore/beehive/names.hpp"

namespace edgecore::edged {
namespace {

/// metamanager answers within the cloud's time-out, asked twice (protocol/05-edged.md §3.1), plus a margin.
constexpr std::chrono::seconds kAnswerWithin{125};

}  // namespace

boost::asio::awaitable<MetaAnswer> MetaClient::ask(std::string operation, std::string resource,
                                                   Json content) {
  beehive::Message question = beehive::make_message(names::module::kEdged, names::group::kMeta, operation,
                                                    resource, std::move(content));
  MetaAnswer answer;
  try {
    const beehive::MessagePtr reply =
        co_await bus_.request(names::module::kMetaManager, std::move(question), kAnswerWithin);
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
