// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/uuid.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/beehive/supervisor.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/kube/time.hpp"
#include "edgecore/metaserver/metaserver.hpp"
#include "edgecore/net/digest.hpp"
#include "edgecore/net/http_client.hpp"
#include "edgecore/store/meta_v2.hpp"
#include "support/free_port.hpp"
#include "support/temporary_directory.hpp"

namespace edgecore::metaserver {

using namespace std::chrono_literals;
using test::free_port;

/// The cloud's DynamicController as far as these tests need it, behind the mailbox of module `websocket`, on
/// a thread of its own. Objects by their key in meta_v2.
class FakeCloud {
 public:
  explicit FakeCloud(beehive::Bus& bus)
      : bus_(bus), mailbox_(bus.add_module(names::module::kEdgeHub, "hub")) {}
  ~FakeCloud() { stop(); }

  void start() {
    thread_ = std::thread([this] {
      while (!stopping_) {
        beehive::Delivery delivery = holds ? beehive::Delivery() : mailbox_->try_receive();
        if (delivery) {
          answer(*delivery);
        } else {
          std::this_thread::sleep_for(1ms);
        }
      }
    });
  }
  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }

  /// What the cluster holds; every change gets the next version.
  std::string put(const std::string& key, Json object) {
    const std::lock_guard lock(mutex_);
    object["metadata"]["resourceVersion"] = std::to_string(++version_);
    if (!object["metadata"].contains("uid")) object["metadata"]["uid"] = "uid-of-" + key;
    objects_[key] = object;
    return object.dump();
  }
  void erase(const std::string& key) {
    const std::lock_guard lock(mutex_);
    ++version_;
    objects_.erase(key);
  }
  /// Calls seen so far as "<verb> <key>".
  std::vector<std::string> calls() {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  std::size_t count(const std::string& call) {
    std::size_t found = 0;
    for (const std::string& seen : calls()) found += seen == call ? 1 : 0;
    return found;
  }
  /// Questions that are not taken yet.
  [[nodiscard]] std::size_t waiting() const { return mailbox_->size(); }
  Json last_sync() {
    const std::lock_guard lock(mutex_);
    return last_sync_;
  }

  std::atomic<bool> holds = false;          ///< takes nothing until it is set back
  std::atomic<bool> silent = false;         ///< answers nothing
  std::atomic<bool> forbids_lists = false;  ///< as CloudCore does what its role does not allow

 private:
  void answer(const beehive::Message& question) {
    const std::lock_guard lock(mutex_);
    if (question.route.resource == "watchapp/sync") {
      calls_.emplace_back("sync");
      last_sync_ = question.content;
      respond(question, Json::object());
      return;
    }
    if (question.route.group != names::group::kDynamicController) return;
    const Json& call = question.content;
    const std::string verb = call["Verb"], key = call["Key"];
    calls_.push_back(verb + " " + key);
    if (silent) return;
    Json done = call;
    done["Status"] = "Approved";
    if (verb == "list") list(done);
    if (verb == "get") get(done);
    if (verb == "create" || verb == "update") write(done);
    if (verb == "delete") remove(done);
    respond(question, done);
  }
  void respond(const beehive::Message& question, const Json& content) {
    beehive::Message reply = beehive::make_response(question, content);
    reply.route.operation = names::operation::kApplicationResponse;
    bus_.respond(std::move(reply));
  }
  static void approve(Json& done, const Json& body) { done["RespBody"] = net::base64(body.dump()); }
  static void refuse(Json& done, int code, const std::string& reason) {
    done["Status"] = "Rejected";
    done["Error"]["ErrStatus"] = {
        {"code", code}, {"reason", reason}, {"message", reason}, {"status", "Failure"}};
  }
  void list(Json& done) const {
    if (forbids_lists) {
      done["Status"] = "Rejected";
      done["Reason"] = "get current list error: things is forbidden: User \"cloudcore\" cannot list";
      return;
    }
    const Json option = Json::parse(net::base64_decode(done["Option"].get<std::string>()));
    std::string prefix = done["Key"].get<std::string>();
    prefix.resize(prefix.size() - std::string("null").size());
    if (prefix.ends_with("/null/")) prefix.resize(prefix.size() - std::string("null/").size());
    const std::string wanted = option.value("fieldSelector", std::string());
    Json items = Json::array();
    std::string next = option.value("continue", std::string());
    const std::size_t limit = option.value("limit", std::size_t{1000000});
    std::string more;
    for (auto at = objects_.lower_bound(prefix); at != objects_.end() && at->first.starts_with(prefix);
         ++at) {
      if (!next.empty() && at->first <= next) continue;
      if (!wanted.empty() && wanted != "metadata.name=" + at->second["metadata"]["name"].get<std::string>())
        continue;
      if (items.size() == limit) {
        more = std::prev(at)->first;
        break;
      }
      items.push_back(at->second);
    }
    Json body = {{"kind", "List"}, {"apiVersion", "v1"}, {"items", items}};
    body["metadata"]["resourceVersion"] = std::to_string(version_);
    if (!more.empty()) body["metadata"]["continue"] = more;
    approve(done, body);
  }
  void get(Json& done) const {
    const auto at = objects_.find(done["Key"].get<std::string>());
    if (at == objects_.end()) return refuse(done, 404, "NotFound");
    approve(done, at->second);
  }
  void write(Json& done) {
    Json object = Json::parse(net::base64_decode(done["ReqBody"].get<std::string>()));
    std::string key = done["Key"];
    if (done["Verb"] == "create") {
      key.resize(key.size() - std::string("null").size());
      key += object["metadata"]["name"].get<std::string>();
      if (objects_.contains(key)) return refuse(done, 409, "AlreadyExists");
    } else if (!objects_.contains(key)) {
      return refuse(done, 404, "NotFound");
    }
    object["metadata"]["resourceVersion"] = std::to_string(++version_);
    object["metadata"]["uid"] = "uid-of-" + key;
    objects_[key] = object;
    approve(done, object);
  }
  void remove(Json& done) {
    if (objects_.erase(done["Key"].get<std::string>()) == 0) return refuse(done, 404, "NotFound");
    ++version_;
  }

  beehive::Bus& bus_;
  std::shared_ptr<beehive::Mailbox> mailbox_;
  std::thread thread_;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::map<std::string, Json> objects_;
  std::uint64_t version_ = 1000;
  std::vector<std::string> calls_;
  Json last_sync_;
};

/// The module on a real bus with a real store and real HTTP; cloud and metamanager are in the test's hands.
class ServerFixture : public ::testing::Test {
 protected:
  ServerFixture() {
    store::Options at;
    at.path = directory / "edgecore.db";
    store.emplace(at);
    cloud.emplace(bus);
    metamanager = bus.add_module(names::module::kMetaManager, names::group::kMeta);
    edged = bus.add_module(names::module::kEdged, names::group::kEdged);
    asking_thread = std::thread([this] { asking.run(); });
  }
  ~ServerFixture() override {
    if (supervisor) supervisor->stop();
    cloud->stop();
    bus.stop();
    work.reset();
    asking_thread.join();
    supervisor.reset();
    store.reset();
  }

  void start(bool connected = true) {
    options.node_name = "edge1";
    options.config.server = "127.0.0.1:" + std::to_string(free_port());
    options.pki = directory / "pki";
    options.node_ca = directory / "rootCA.crt";
    options.pod_logs = directory / "pods";
    beehive::SupervisorOptions supervision;
    supervision.first_backoff = 5ms;
    supervisor.emplace(bus, SystemClock::instance(), supervision,
                       [](const std::string&, const beehive::MessagePtr&, const std::string&) {});
    cloud->start();
    beehive::ModuleSpec spec;
    spec.name = names::module::kMetaServer;
    spec.group = names::group::kMeta;
    spec.make = make_metaserver(options, MetaServerDeps{*store});
    supervisor->start({std::move(spec)});
    connect(connected);
  }
  void connect(bool up) {
    tell(beehive::make_message(names::source::kEdgeHub, names::group::kMeta, names::operation::kConnect,
                               names::resource::kNodeConnection,
                               up ? names::content::kCloudConnected : names::content::kCloudDisconnected));
  }
  void tell(beehive::Message message) {
    ASSERT_TRUE(bus.try_send(names::module::kMetaServer, std::move(message)));
  }
  /// As metamanager says what it has stored or removed.
  void changed(const std::string& key, const std::string& text) {
    tell(beehive::make_message(names::module::kMetaManager, names::group::kMeta, names::operation::kUpdate,
                               key, text));
  }
  void removed(const std::string& key, const std::string& uid, const std::string& version = "") {
    beehive::Message news = beehive::make_message(names::module::kMetaManager, names::group::kMeta,
                                                  names::operation::kDelete, key, uid);
    news.header.resource_version = version;
    tell(std::move(news));
  }
  void stored(const std::string& group, const std::string& version, const std::string& plural,
              const Json& object) {
    const std::string ns = kube::string_or(object, "metadata.namespace"),
                      name = kube::string_or(object, "metadata.name");
    store::meta_v2::Row row;
    row.key = store::meta_v2::make_key(group, version, plural, ns, name);
    row.gvr = store::meta_v2::make_gvr(group, version, plural);
    row.name_space = ns;
    row.name = name;
    row.resource_version = std::stoull(kube::string_or(object, "metadata.resourceVersion", "1"));
    row.value = object.dump();
    store->write([row](store::Transaction& into) { store::meta_v2::upsert(into, row); });
  }

  struct Reply {
    int status = 0;
    Json body;
    std::string text;
    net::Headers headers;
  };
  Reply request(const std::string& method, const std::string& target, const std::string& body = "",
                net::Headers headers = {}) {
    net::ClientRequest ask;
    ask.method = method;
    ask.url = "http://" + options.config.server + target;
    ask.headers = std::move(headers);
    ask.body = body;
    ask.timeout = 20s;
    if (!body.empty() && !ask.headers.has("Content-Type"))
      ask.headers.add("Content-Type", "application/json");
    for (int tries = 0;; ++tries) {
      net::ClientRequest again = ask;
      auto answer = boost::asio::co_spawn(asking, net::fetch(std::move(again)), boost::asio::use_future);
      try {
        const net::ClientResponse got = answer.get();
        return {got.status, Json::parse(got.body, nullptr, false), got.body, got.headers};
      } catch (const net::NetError&) {
        if (tries == 200) throw;  // the listener is on its way
        std::this_thread::sleep_for(10ms);
      }
    }
  }
  Reply get(const std::string& target, net::Headers headers = {}) {
    return request("GET", target, "", std::move(headers));
  }

  /// A connection that is sent these bytes.
  boost::asio::ip::tcp::socket dial(const std::string& bytes) {
    boost::asio::ip::tcp::socket socket(asking);
    const std::string& server = options.config.server;
    socket.connect({boost::asio::ip::make_address("127.0.0.1"),
                    static_cast<std::uint16_t>(std::stoi(server.substr(server.rfind(':') + 1)))});
    boost::asio::write(socket, boost::asio::buffer(bytes));
    return socket;
  }
  /// All that comes until the server closes, or until it ends with `end`.
  static std::string answer_of(boost::asio::ip::tcp::socket& socket, const std::string& end = "") {
    std::string all;
    boost::system::error_code error;
    while (!error && (end.empty() || !all.ends_with(end))) {
      char byte = 0;
      if (boost::asio::read(socket, boost::asio::buffer(&byte, 1), error) == 1) all += byte;
    }
    return all;
  }

  /// A watch whose lines are collected until the test's end.
  struct Lines {
    std::mutex mutex;
    std::string text;
    std::vector<Json> events() {
      const std::lock_guard lock(mutex);
      std::vector<Json> all;
      std::size_t begin = 0;
      for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
        all.push_back(Json::parse(text.substr(begin, end - begin), nullptr, false));
        begin = end + 1;
      }
      return all;
    }
    /// "ADDED a@5", ….
    std::vector<std::string> seen() {
      std::vector<std::string> all;
      for (const Json& event : events())
        all.push_back(event.value("type", "") + " " + kube::string_or(event, "object.metadata.name") + "@" +
                      kube::string_or(event, "object.metadata.resourceVersion"));
      return all;
    }
  };
  std::shared_ptr<Lines> watch(const std::string& target) {
    auto lines = std::make_shared<Lines>();
    net::ClientRequest ask;
    ask.url = "http://" + options.config.server + target;
    ask.timeout = 0ms;
    ask.on_body = [lines](std::string_view piece) {
      const std::lock_guard lock(lines->mutex);
      lines->text += piece;
    };
    boost::asio::co_spawn(asking, net::fetch(std::move(ask)),
                          [](const std::exception_ptr&, const net::ClientResponse&) {});
    return lines;
  }
  /// Waits until a condition holds; a failure says what was waited for.
  static void eventually(const std::string& what, const std::function<bool()>& holds) {
    const auto until = steady_now() + 5s;
    while (!holds()) {
      ASSERT_LT(steady_now(), until) << "not within 5 s: " << what;
      std::this_thread::sleep_for(2ms);
    }
  }

  static Json config_map(const std::string& name, const std::string& ns = "default",
                         const std::string& value = "v") {
    Json made = {{"kind", "ConfigMap"}, {"apiVersion", "v1"}};
    made["metadata"] = {{"name", name}, {"namespace", ns}};
    made["data"]["k"] = value;
    return made;
  }
  static std::string key(const std::string& name, const std::string& ns = "default") {
    return "/core/v1/configmaps/" + ns + "/" + name;
  }

  edgecore::test::TemporaryDirectory directory;
  std::optional<store::Store> store;
  beehive::Bus bus;
  std::optional<FakeCloud> cloud;
  std::shared_ptr<beehive::Mailbox> metamanager, edged;
  MetaServerOptions options;
  std::optional<beehive::Supervisor> supervisor;
  boost::asio::io_context asking;
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work{
      asking.get_executor()};
  std::thread asking_thread;
};

}  // namespace edgecore::metaserver
