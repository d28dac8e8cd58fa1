// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/kube/time.hpp"
#include "edgecore/net/digest.hpp"
#include "edgecore/net/x509.hpp"
#include "metaserver/serving/serving_certificate.hpp"
#include "support/temporary_directory.hpp"

namespace edgecore::metaserver {

using namespace std::chrono_literals;
using beehive::MessagePtr;

/// The cluster's CA, for tests.
struct ClusterAuthority {
  net::PrivateKey key = net::PrivateKey::generate();
  net::Certificate ca = net::self_sign(ca_template(), key);

  static net::CertificateTemplate ca_template() {
    net::CertificateTemplate what;
    what.subject = {{"CN", "kubernetes"}};
    what.not_before = kube::parse_time("2025-01-01T00:00:00Z").value();
    what.not_after = kube::parse_time("2050-01-01T00:00:00Z").value();
    what.is_ca = true;
    return what;
  }
  /// What a request of the node edge-1 is granted from `begin` on.
  static net::CertificateTemplate granted(WallTime begin) {
    net::CertificateTemplate what;
    what.subject = {{"O", "system:nodes"}, {"CN", "system:node:edge-1"}};
    what.not_before = begin;
    what.not_after = begin + std::chrono::hours(100);
    what.server_auth = true;
    what.ip_addresses = {"127.0.0.1", "169.254.30.10"};
    return what;
  }
  [[nodiscard]] std::string sign(const net::CertificateTemplate& what, const std::string& request_pem) const {
    return net::sign(what, net::CertificateRequest::from_pem(request_pem), ca, key).pem();
  }
};

/// The certificate of node edge-1 on a real bus; the mailbox of `metamanager` is in the test's hands.
class ServingFixture : public ::testing::Test {
 protected:
  using Pair = std::pair<std::string, std::string>;  ///< chain and key

  ServingFixture() {
    options.node_name = "edge-1";
    options.ip_addresses = {"127.0.0.1", "169.254.30.10"};
    options.directory = root / "pki";
    options.pace = {5ms, 20ms, 10min, 5ms, 20ms, 5s, 1h};
    metamanager = bus.add_module(names::module::kMetaManager, names::group::kMeta);
    thread = std::thread([this] { io.run(); });
  }
  ~ServingFixture() override {
    stop();
    bus.stop();
    work.reset();
    thread.join();
  }

  /// A life of the module.
  void start() {
    certificate.emplace(context, options, [this](const std::string& chain, const std::string& key) {
      const std::lock_guard lock(mutex);
      pairs.emplace_back(chain, key);
      came.notify_all();
    });
    ended = boost::asio::co_spawn(
        io, certificate->run(), boost::asio::bind_cancellation_slot(signal.slot(), boost::asio::use_future));
  }
  void stop() {
    if (!certificate) return;
    boost::asio::post(io, [this] { signal.emit(boost::asio::cancellation_type::terminal); });
    EXPECT_EQ(ended.wait_for(5s), std::future_status::ready);
    EXPECT_THROW(ended.get(), boost::system::system_error);  // by cancellation, not by anything else
    certificate.reset();
  }
  void restart() {
    stop();
    start();
  }
  void connected() {
    boost::asio::post(io, [this] { certificate->notify_connected(); });
  }

  /// The next pair that is handed out; nullopt when there is none for `patience`.
  std::optional<Pair> next_pair(std::chrono::milliseconds patience = 5s) {
    std::unique_lock lock(mutex);
    if (!came.wait_for(lock, patience, [this] { return !pairs.empty(); })) return std::nullopt;
    Pair first = std::move(pairs.front());
    pairs.pop_front();
    return first;
  }

  /// The next question to metamanager; nullptr when there is none for `patience`.
  MessagePtr next(std::chrono::milliseconds patience = 5s) {
    const auto deadline = steady_now() + patience;
    do {
      if (auto delivery = metamanager->try_receive()) return delivery.message();
      std::this_thread::sleep_for(1ms);
    } while (steady_now() < deadline);
    return nullptr;
  }
  /// The next question, which has to be of this operation.
  MessagePtr expect(const std::string& operation) {
    MessagePtr message = next();
    if (!message) throw std::runtime_error("no " + operation + " came");
    EXPECT_EQ(message->route.operation, operation) << message->route.resource;
    return message;
  }
  void expect_quiet() {
    const auto message = next(60ms);
    EXPECT_FALSE(message) << message->route.operation << " " << message->route.resource;
  }

  void answer(const MessagePtr& question, Json content) {
    bus.respond(beehive::make_response(*question, std::move(content)));
  }
  void refuse(const MessagePtr& question, const kube::Status& status) {
    bus.respond(
        beehive::make_error(*question, names::module::kMetaManager, names::group::kMeta, status.to_json()));
  }
  static std::string name_of(const MessagePtr& question) {
    return question->route.resource.substr(question->route.resource.rfind('/') + 1);
  }
  static std::string request_pem(const Json& object) {
    return net::base64_decode(kube::get_string(object, "spec.request"));
  }

  /// The object in the cluster that an insert has made.
  static Json created(const MessagePtr& insert, const std::string& uid = "u1") {
    Json object = insert->content;
    object["apiVersion"] = "certificates.k8s.io/v1";
    object["metadata"]["uid"] = uid;
    return object;
  }
  static Json with_condition(Json object, const std::string& type) {
    object["status"]["conditions"].push_back({{"type", type}, {"status", "True"}, {"message", "because"}});
    return object;
  }
  [[nodiscard]] Json issued(const Json& object, const net::CertificateTemplate& what) const {
    return issued_as(object, authority.sign(what, request_pem(object)));
  }
  [[nodiscard]] Json issued(const Json& object) const {
    return issued(object, ClusterAuthority::granted(clock.wall()));
  }
  static Json issued_as(const Json& object, const std::string& chain_pem) {
    Json out = with_condition(object, "Approved");
    out["status"]["certificate"] = net::base64(chain_pem);
    return out;
  }
  /// One request from its creation to its certificate; the insert.
  MessagePtr issue() {
    const MessagePtr insert = expect("insert");
    answer(insert, created(insert));
    answer(expect("query"), issued(created(insert)));
    return insert;
  }

  [[nodiscard]] std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(options.directory))
      names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }

  edgecore::test::TemporaryDirectory root;
  ClusterAuthority authority;
  FakeClock clock{kube::parse_time("2026-06-01T12:00:00Z").value()};
  ServingCertificate::Options options;
  beehive::Bus bus;
  std::shared_ptr<beehive::Mailbox> metamanager;
  boost::asio::io_context io;
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work{
      io.get_executor()};
  beehive::ModuleContext context{names::module::kMetaServer, bus,   nullptr,
                                 io.get_executor(),          clock, log::get("test")};
  std::optional<ServingCertificate> certificate;
  boost::asio::cancellation_signal signal;
  std::future<void> ended;
  std::thread thread;

  std::mutex mutex;
  std::condition_variable came;
  std::deque<Pair> pairs;
};

}  // namespace edgecore::metaserver
