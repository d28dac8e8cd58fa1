// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/kube/api_resources.hpp"
#include "edgecore/metaserver/metaserver.hpp"
#include "edgecore/net/http_server.hpp"
#include "metaserver/access/access_rules.hpp"
#include "metaserver/access/audit.hpp"
#include "metaserver/access/authentication.hpp"
#include "metaserver/access/rate_limit.hpp"
#include "metaserver/access/user.hpp"
#include "metaserver/cache/object_cache.hpp"
#include "metaserver/cache/object_filter.hpp"
#include "metaserver/cache/scopes.hpp"
#include "metaserver/http/representation.hpp"
#include "metaserver/http/request_info.hpp"
#include "metaserver/schema/discovery.hpp"

namespace edgecore::metaserver {

class OfflineWrites;
class Metrics;

/// What requests are served from. Everything outlives the Api.
struct ApiParts {
  beehive::ModuleContext& context;
  beehive::TaskGroup& tasks;
  const MetaServerOptions& options;
  store::Store& store;
  const store::Reader& reader;
  kube::ApiResources& resources;
  ObjectCache& cache;
  CloudCalls& cloud;
  Scopes& scopes;
  const AccessRules* rules;              ///< null with the gate off
  TokenAuthenticator* authenticator;     ///< null with the gate off
  std::function<void()> look_at_tokens;  ///< brings the stored tokens up to date, before a full check
  ClientLimits& limits;
  DenialLog& denials;
  OfflineWrites& offline_writes;
  Metrics& metrics;
};

/// One request from its first look to its answer. Belongs to the module's thread.
class Api {
 public:
  explicit Api(ApiParts parts);
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;
  ~Api();

  /// The handler of the HTTP servers. Answers whatever happens, but for a client that is gone.
  boost::asio::awaitable<void> handle(net::Request& request, net::Responder& responder);

 private:
  struct Call {
    net::Request& request;
    net::Responder& responder;
    RequestInfo info;
    std::shared_ptr<const User> user;
    ClientLimits::Ticket ticket;
    kube::ApiResourcePtr resource;
    int code = 0;  ///< of the answer, for the metrics
    [[nodiscard]] std::string query(std::string_view name) const {
      return info.target.find(name).value_or("");
    }
    [[nodiscard]] bool query_is_true(std::string_view name) const;
  };
  struct Question;  ///< one GET of the cloud that several wait for
  using Done = boost::asio::awaitable<void>;

  Done serve(Call& call);
  Done identify(Call& call);
  boost::asio::awaitable<bool> look_for_account(std::string_view authorization);
  void deny(const Denial& denial);
  [[nodiscard]] std::shared_ptr<const User> user_of_certificate(const net::Certificate& certificate);
  void permit(Call& call);
  void enter(Call& call);
  [[nodiscard]] std::string client_of(const Call& call) const;

  Done serve_path(Call& call);
  Done serve_version(Call& call);
  Done serve_discovery(Call& call);
  Done serve_openapi(Call& call);
  Done serve_resource(Call& call);
  Done find_resource(Call& call);
  Done look_for_definitions();
  /// A document made from the resources, kept as long as these stay.
  std::string document(const std::string& key, const std::function<std::string()>& make);

  // Reading (api_read.cpp).
  Done get(Call& call);
  Done list(Call& call);
  Done watch(Call& call);
  boost::asio::awaitable<ObjectPtr> current_object(kube::ApiResourcePtr resource, std::string ns,
                                                   std::string name, std::chrono::milliseconds patience);
  boost::asio::awaitable<ObjectPtr> ask_for_object(kube::ApiResourcePtr resource, std::string ns,
                                                   std::string name, std::chrono::milliseconds patience);
  Done put_question(std::string key, std::shared_ptr<Question> question);
  Done wait_for(std::shared_ptr<Question> question, SteadyTime until);
  Done pass_list_on(Call& call);
  Done send_list(Call& call, Collection& collection, const ObjectFilter& filter);
  Done send_objects(Call& call, std::vector<ObjectPtr> objects, std::uint64_t version,
                    std::string continuation, std::size_t remaining);
  Done send_object(Call& call, int status, ObjectPtr object);
  boost::asio::awaitable<void> look_at_own_node(const kube::ApiResource& resource);
  [[nodiscard]] bool is_of_own_node(const ObjectFilter& filter, const kube::ApiResource& resource) const;
  [[nodiscard]] bool is_own_pod(const kube::ApiResource& resource, const ObjectPtr& object) const;

  // Writing (api_write.cpp).
  Done create(Call& call);
  Done update(Call& call);
  Done patch(Call& call);
  Done remove(Call& call);
  Done remove_collection(Call& call);
  Done review(Call& call);
  Done issue_token(Call& call);
  Done scale(Call& call);
  boost::asio::awaitable<CloudAnswer> write_to_cloud(Call& call, beehive::Application application);
  ObjectPtr take_answer(const kube::ApiResourcePtr& resource, const std::string& subresource,
                        const std::string& body);
  /// The end of an update or patch: what the cloud made of it.
  Done send_written(Call& call, const CloudAnswer& answer);
  [[noreturn]] void refuse_offline(const Call& call, const kube::Status& why);

  // Pods (api_pods.cpp).
  Done pod_log(Call& call);
  static Done follow_until_gone(class PodLog& log,
                                std::function<boost::asio::awaitable<void>(std::string)> sink,
                                net::Responder& responder);
  Done restart_pods(Call& call);

  // Answers (api_answers.cpp).
  Done send_json(Call& call, int status, const Json& document, const Representation& wanted);
  Done send_text(Call& call, int status, std::string body, const Representation& wanted);
  Done send_status(Call& call, const kube::Status& status);
  Done send_plain(Call& call, int status, std::string text, std::string content_type);
  [[nodiscard]] net::Headers headers_for(const Call& call, const std::string& content_type) const;
  [[nodiscard]] std::chrono::milliseconds patience_of(const Call& call) const;
  [[nodiscard]] Freshness freshness() const;

  /// The answer to a list that was given last, while the collection stays as it is and somebody may ask
  /// again.
  struct Rendered {
    std::uint64_t revision = 0;
    SteadyTime made{};
    std::shared_ptr<const std::string> body;
  };
  /// What a list in pages shows: what was there when it began.
  struct Snapshot {
    std::string id;
    std::vector<ObjectPtr> objects;
    std::uint64_t version = 0;
    SteadyTime made{};
  };

  ApiParts parts_;
  std::shared_ptr<const User> admin_;
  std::string certificate_seen_;
  std::shared_ptr<const User> certificate_user_;
  std::unordered_map<std::string, Rendered> rendered_;
  std::deque<Snapshot> snapshots_;
  std::unordered_map<std::string, SteadyTime> asked_before_;
  std::map<std::string, std::shared_ptr<Question>> questions_;
  std::map<std::string, std::string> documents_;  ///< by path and form
  unsigned long documents_revision_ = 0;          ///< of the resources they are made from
  std::string version_text_;
  SteadyTime version_at_{};
  SteadyTime own_node_at_{};
};

}  // namespace edgecore::metaserver
