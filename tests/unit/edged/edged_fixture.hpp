// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/edged/edged.hpp"
#include "edgecore/kube/status.hpp"
#include "edgecore/kube/strategic_merge.hpp"
#include "support/cri/fake_runtime.hpp"
#include "support/skipped_time.hpp"
#include "support/temporary_directory.hpp"

namespace edgecore::edged::test {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// The machine's clocks, which a test may push forward.
class ShiftedClock final : public edgecore::test::SkippedClock {
 public:
  [[nodiscard]] WallTime wall() const override { return SkippedClock::wall() + shift_ + set_; }
  [[nodiscard]] SteadyTime steady() const override { return SkippedClock::steady() + shift_; }
  void advance(std::chrono::seconds by) { shift_ += by; }
  /// Sets the wall clock alone, as NTP does.
  void set_forward(std::chrono::seconds by) { set_ += by; }

 private:
  std::chrono::seconds shift_{0}, set_{0};
};

/// A runtime that outlives the module's lives, like containerd.
class BorrowedRuntime final : public cri::Runtime {
 public:
  explicit BorrowedRuntime(cri::FakeRuntime& of) : of_(of) {}
  cri::Awaitable<cri::VersionInfo> version(std::string_view v) override { return of_.version(v); }
  cri::Awaitable<cri::RuntimeStatus> status(bool verbose) override { return of_.status(verbose); }
  cri::Awaitable<std::string> run_pod_sandbox(const cri::PodSandboxConfig& c, std::string_view h) override {
    return of_.run_pod_sandbox(c, h);
  }
  cri::Awaitable<void> stop_pod_sandbox(std::string_view id) override { return of_.stop_pod_sandbox(id); }
  cri::Awaitable<void> remove_pod_sandbox(std::string_view id) override { return of_.remove_pod_sandbox(id); }
  cri::Awaitable<cri::PodSandboxStatus> pod_sandbox_status(std::string_view id) override {
    return of_.pod_sandbox_status(id);
  }
  cri::Awaitable<std::optional<std::int64_t>> pod_sandbox_pid(std::string_view id) override {
    return of_.pod_sandbox_pid(id);
  }
  cri::Awaitable<std::vector<cri::PodSandbox>> list_pod_sandbox(const cri::PodSandboxFilter& f) override {
    return of_.list_pod_sandbox(f);
  }
  cri::Awaitable<std::string> port_forward(std::string_view id, const std::vector<std::int32_t>& p) override {
    return of_.port_forward(id, p);
  }
  cri::Awaitable<std::string> create_container(std::string_view id, const cri::ContainerConfig& c,
                                               const cri::PodSandboxConfig& s) override {
    return of_.create_container(id, c, s);
  }
  cri::Awaitable<void> start_container(std::string_view id) override { return of_.start_container(id); }
  cri::Awaitable<void> stop_container(std::string_view id, std::chrono::seconds g) override {
    return of_.stop_container(id, g);
  }
  cri::Awaitable<void> remove_container(std::string_view id) override { return of_.remove_container(id); }
  cri::Awaitable<cri::ContainerStatus> container_status(std::string_view id) override {
    return of_.container_status(id);
  }
  cri::Awaitable<std::optional<std::int64_t>> container_pid(std::string_view id) override {
    return of_.container_pid(id);
  }
  cri::Awaitable<std::vector<cri::Container>> list_containers(const cri::ContainerFilter& f) override {
    return of_.list_containers(f);
  }
  cri::Awaitable<void> reopen_container_log(std::string_view id) override {
    return of_.reopen_container_log(id);
  }
  cri::Awaitable<cri::ExecResult> exec_sync(std::string_view id, const std::vector<std::string>& cmd,
                                            std::chrono::seconds t) override {
    return of_.exec_sync(id, cmd, t);
  }
  cri::Awaitable<std::string> exec(const cri::ExecRequest& r) override { return of_.exec(r); }
  cri::Awaitable<std::string> attach(const cri::AttachRequest& r) override { return of_.attach(r); }
  cri::Awaitable<cri::ContainerStats> container_stats(std::string_view id) override {
    return of_.container_stats(id);
  }
  cri::Awaitable<std::vector<cri::ContainerStats>> list_container_stats(
      const cri::ContainerStatsFilter& f) override {
    return of_.list_container_stats(f);
  }
  cri::Awaitable<cri::PodSandboxStats> pod_sandbox_stats(std::string_view id) override {
    return of_.pod_sandbox_stats(id);
  }
  cri::Awaitable<std::vector<cri::PodSandboxStats>> list_pod_sandbox_stats(
      const cri::PodSandboxStatsFilter& f) override {
    return of_.list_pod_sandbox_stats(f);
  }
  std::unique_ptr<cri::EventStream> container_events() override { return of_.container_events(); }
  std::unique_ptr<cri::TaskEventStream> task_events() override { return of_.task_events(); }
  cri::Awaitable<std::vector<cri::Image>> list_images(std::string_view image) override {
    return of_.list_images(image);
  }
  cri::Awaitable<std::optional<cri::Image>> image_status(const cri::ImageSpec& image) override {
    return of_.image_status(image);
  }
  cri::Awaitable<std::string> pull_image(const cri::ImageSpec& image,
                                         const std::optional<cri::AuthConfig>& auth,
                                         const cri::PodSandboxConfig& sandbox) override {
    return of_.pull_image(image, auth, sandbox);
  }
  cri::Awaitable<void> remove_image(const cri::ImageSpec& image) override { return of_.remove_image(image); }
  cri::Awaitable<std::vector<cri::FilesystemUsage>> image_fs_info() override { return of_.image_fs_info(); }

 private:
  cri::FakeRuntime& of_;
};

/// metamanager and the cloud in memory: keeps objects, answers edged (docs/messages.md).
class FakeMeta {
 public:
  FakeMeta(beehive::Bus& bus, std::shared_ptr<beehive::Mailbox> mailbox)
      : bus_(bus), mailbox_(std::move(mailbox)) {}

  boost::asio::awaitable<void> run() {
    for (;;) {
      const beehive::Delivery delivery = co_await mailbox_->receive();
      answer(*delivery);
    }
  }

  struct Sent {
    std::string operation, resource;
    Json content;
  };
  std::vector<Sent> sent;  ///< all requests of edged
  bool connected = true;   ///< false: writes are refused with 503
  bool lost = false;  ///< the database is new and the cloud unreachable: pods are neither known nor denied
  int lists_to_fail = 0;  ///< this many pod lists are refused first
  /// A status patch is refused as not connected, and the connection's notice overtakes the refusal.
  bool connect_at_patch = false;
  Json amendment;  ///< changes that an admission hook of the API makes to every pod's status
  std::map<std::string, Json> objects;           ///< by `<ns>/<type>/<name>`
  std::set<std::string> unlisted;                ///< objects that the node's database has lost
  std::optional<kube::Status> creation_refusal;  ///< of pods

  /// Stores the pod in the API and pushes it to the node.
  void put(Json pod, const char* operation = names::operation::kUpdate) {
    pod["metadata"]["resourceVersion"] = std::to_string(++version_);
    objects[path_of(pod)] = pod;
    push(operation, pod);
  }
  std::vector<beehive::Message> late_refusals;
  void refuse_late() {
    for (const auto& message : std::exchange(late_refusals, {}))
      refuse(message, kube::Status::service_unavailable("not connected"));
  }
  /// Begins a deletion, like `kubectl delete`.
  void begin_deletion(const std::string& name, std::int64_t grace) {
    Json pod = objects.at("default/pod/" + name);
    pod["metadata"]["deletionTimestamp"] = "2024-06-10T06:13:20Z";
    pod["metadata"]["deletionGracePeriodSeconds"] = grace;
    put(std::move(pod));
  }
  void push(const char* operation, const Json& pod) {
    beehive::Message message = beehive::make_message(names::source::kEdgeController, names::group::kResource,
                                                     operation, path_of(pod), pod);
    ASSERT_TRUE(bus_.try_send(names::module::kEdged, std::move(message)));
  }
  void notice(bool up) {
    connected = up;
    beehive::Message message =
        beehive::make_message(names::source::kEdgeHub, names::group::kEdged, names::operation::kConnect,
                              names::resource::kNodeConnection,
                              up ? names::content::kCloudConnected : names::content::kCloudDisconnected);
    ASSERT_TRUE(bus_.try_send(names::module::kEdged, std::move(message)));
  }
  /// Status patches of that pod, in order.
  [[nodiscard]] std::vector<Json> patches(const std::string& name) const {
    std::vector<Json> out;
    for (const Sent& one : sent) {
      if (one.resource == "default/podpatch/" + name) out.push_back(one.content);
    }
    return out;
  }
  /// The pod's statuses that edged sent to metamanager only.
  [[nodiscard]] std::vector<Json> shown(const std::string& name) const {
    std::vector<Json> out;
    for (const Sent& one : sent) {
      if (one.resource == "default/podstatus/" + name) out.push_back(one.content);
    }
    return out;
  }
  [[nodiscard]] std::size_t count(const std::string& operation, const std::string& resource) const {
    std::size_t n = 0;
    for (const Sent& one : sent) n += one.operation == operation && one.resource == resource ? 1U : 0U;
    return n;
  }
  /// A member of the pod's status in the API; null if there is no such pod.
  [[nodiscard]] Json status(const std::string& name, const std::string& path) const {
    const auto found = objects.find("default/pod/" + name);
    if (found == objects.end()) return nullptr;
    const Json at = found->second.value("status", Json::object());
    return at.value(Json::json_pointer("/" + path), Json());
  }
  [[nodiscard]] std::string phase(const std::string& name) const {
    const Json phase = status(name, "phase");
    return phase.is_string() ? phase.get<std::string>() : "";
  }

 private:
  static std::string path_of(const Json& pod) {
    return kube::string_or(pod, "metadata.namespace") + "/pod/" + kube::string_or(pod, "metadata.name");
  }

  void answer(const beehive::Message& message) {
    const auto path = beehive::parse_resource(message.route.resource);
    if (!path || message.route.source != names::module::kEdged) return;
    sent.push_back({message.route.operation, message.route.resource, message.content});
    const std::string& operation = message.route.operation;
    if (operation == names::operation::kQuery) return query(message, *path);
    if (path->type == names::resource::kPodPatch && std::exchange(connect_at_patch, false)) {
      notice(true);
      late_refusals.push_back(message);
      return;
    }
    if (path->type == names::resource::kPodStatus) return;  // nobody waits for an answer
    if (!connected) return refuse(message, kube::Status::service_unavailable("not connected"));
    if (path->type == names::resource::kPodPatch) return patch(message, *path);
    if (path->type == names::resource::kPod && operation == names::operation::kDelete)
      return erase(message, *path);
    if (path->type == names::resource::kPod) return create_pod(message);
    if (path->type == names::resource::kNode || path->type == names::resource::kLease) {
      Json object = message.content;
      if (!object["metadata"].contains("uid"))
        object["metadata"]["uid"] = "made-" + std::to_string(++version_);
      object["metadata"]["resourceVersion"] = std::to_string(++version_);
      objects[message.route.resource] = object;
      return say(message, object);
    }
    if (path->type == names::resource::kNodePatch) {
      Json& node = objects["default/node/" + path->name];
      node = kube::apply_strategic_merge(node, message.content, "Node");
      return say(message, node);
    }
    refuse(message, kube::Status::not_found(path->type, path->name));
  }

  void create_pod(const beehive::Message& message) {
    const std::string& resource = message.route.resource;
    if (creation_refusal) return refuse(message, *creation_refusal);
    if (objects.contains(resource))
      return refuse(message,
                    kube::Status::already_exists("pods", kube::string_or(message.content, "metadata.name")));
    Json pod = message.content;
    pod["metadata"]["uid"] = "made-" + std::to_string(++version_);  // whatever uid the node sends
    pod["metadata"]["resourceVersion"] = std::to_string(++version_);
    objects[resource] = pod;
    say(message, pod);
    push(names::operation::kInsert, pod);
  }

  void query(const beehive::Message& message, const beehive::ResourcePath& path) {
    if (lost && path.type == names::resource::kPod) {
      if (path.name.empty()) return say(message, Json::array());
      return refuse(message, kube::Status::service_unavailable("not connected"));
    }
    if (path.name.empty()) {
      if (lists_to_fail > 0) {
        --lists_to_fail;
        return refuse(message, kube::Status::internal("not yet"));
      }
      Json list = Json::array();
      for (const auto& [key, object] : objects) {
        if (key.find("/pod/") != std::string::npos && !unlisted.contains(key)) list.push_back(object);
      }
      return say(message, list);
    }
    const auto found = objects.find(message.route.resource);
    if (found == objects.end()) return refuse(message, kube::Status::not_found(path.type, path.name));
    say(message, found->second);
  }

  void patch(const beehive::Message& message, const beehive::ResourcePath& path) {
    const auto found = objects.find(path.ns + "/pod/" + path.name);
    if (found == objects.end()) return refuse(message, kube::Status::not_found("pods", path.name));
    Json& pod = found->second;
    const std::string uid = kube::string_or(message.content, "metadata.uid");
    if (!uid.empty() && uid != kube::string_or(pod, "metadata.uid"))
      return refuse(message,
                    kube::Status::conflict("pods", path.name, "the UID in the precondition differs"));
    if (message.content.empty()) return say(message, pod);
    pod = kube::apply_strategic_merge(pod, message.content, "Pod");
    if (!amendment.is_null()) pod["status"].merge_patch(amendment);
    pod["metadata"]["resourceVersion"] = std::to_string(++version_);
    say(message, pod);
    push(names::operation::kUpdate, pod);  // the cloud's echo
  }

  void erase(const beehive::Message& message, const beehive::ResourcePath& path) {
    const auto found = objects.find(path.ns + "/pod/" + path.name);
    if (found == objects.end()) return refuse(message, kube::Status::not_found("pods", path.name));
    if (found->second["metadata"]["uid"] != message.content["preconditions"]["uid"])
      return refuse(message,
                    kube::Status::conflict("pods", path.name, "the UID in the precondition differs"));
    const Json pod = found->second;
    objects.erase(found);
    say(message, names::content::kOk);
    push(names::operation::kDelete, pod);
  }

  void say(const beehive::Message& to, Json content) {
    bus_.respond(beehive::make_response(to, std::move(content)));
  }
  void refuse(const beehive::Message& to, const kube::Status& why) {
    bus_.respond(beehive::make_error(to, names::module::kMetaManager, names::group::kMeta, why.to_json()));
  }

  beehive::Bus& bus_;
  std::shared_ptr<beehive::Mailbox> mailbox_;
  std::uint64_t version_ = 1000;
};

/// A node in a temporary directory: edged on one thread, with a runtime and a cloud in memory.
class EdgedTest : public ::testing::Test {
 protected:
  EdgedTest() : runtime_(clock_), pool_("test", {2, 64}) {
    runtime_.add_image("busybox:1");
    runtime_.with_events = false;
    edged_mailbox_ = bus_.add_module(names::module::kEdged, names::group::kEdged);
    meta_ =
        std::make_unique<FakeMeta>(bus_, bus_.add_module(names::module::kMetaManager, names::group::kMeta));
    boost::asio::co_spawn(loop_, meta_->run(), [](const std::exception_ptr&) {});
  }
  ~EdgedTest() override {
    stop_edged();
    bus_.stop();
    pool_.stop(5s);
    // The module makes its root a shared mount if it may.
    while (::umount2((root_ / "edged").c_str(), MNT_DETACH) == 0) {
    }
  }

  void start_edged() {
    EdgedOptions options;
    options.config.hostname_override = "edge1";
    if (!network_) options.config.node_ip = "192.0.2.7";
    options.config.root_directory = (root_ / "edged").string();
    options.config.kubelet.static_pod_path = (root_ / "manifests").string();
    options.config.kubelet.cgroups_per_qos = false;
    options.agent_version = "v1.17.4";
    options.pod_logs = root_ / "pods";
    options.container_logs = root_ / "containers";
    options.service_host = "169.254.30.10";
    options.service_port = "10550";
    options.config.kubelet.eviction_hard.clear();  // this machine's own shortages must not matter
    if (adjust_) adjust_(options);
    const auto runtime = [this]() -> std::unique_ptr<cri::Runtime> {
      return std::make_unique<BorrowedRuntime>(runtime_);
    };
    const beehive::ModuleFactory make =
        make_edged(std::move(options), EdgedDeps{runtime, pool_, watch_, {}, network_, processes_of_});
    context_ = std::make_unique<beehive::ModuleContext>(beehive::ModuleContext{
        names::module::kEdged, bus_, edged_mailbox_, loop_.get_executor(), clock_, log::get("edged-test")});
    edged_ = make(*context_);
    ended_ = false;
    boost::asio::co_spawn(
        loop_, edged_->run(),
        boost::asio::bind_cancellation_slot(stop_.slot(), [this](const std::exception_ptr& why) {
          ended_ = true;
          failure_ = why;
        }));
  }
  /// A file in the static pod directory.
  void write_manifest(const std::string& file, const std::string& text) {
    fs::create_directories(root_ / "manifests");
    std::ofstream(root_ / "manifests" / file) << text;
  }
  /// Ends the module like the supervisor; containers run on.
  void stop_edged() {
    if (edged_ == nullptr) return;
    stop_.emit(boost::asio::cancellation_type::terminal);
    EXPECT_TRUE(eventually([this] { return ended_; })) << "edged does not stop";
    edged_.reset();
  }

  /// Runs the loop until it holds; false after ten seconds, which are skipped (SkippedTime).
  bool eventually(const std::function<bool()>& what, std::chrono::milliseconds within = 10s) {
    return time_.until(what, within);
  }
  void turn_for(std::chrono::milliseconds time) { time_.pass(time); }

  static Json pod(const std::string& name, const std::string& uid) {
    Json out;
    out["kind"] = "Pod";
    out["apiVersion"] = "v1";
    out["metadata"] = {{"name", name}, {"namespace", "default"}, {"uid", uid}, {"labels", {{"app", name}}}};
    out["spec"] = {
        {"nodeName", "edge1"},
        {"restartPolicy", "Always"},
        {"terminationGracePeriodSeconds", 3},
        {"containers",
         Json::array({{{"name", "c"}, {"image", "busybox:1"}, {"imagePullPolicy", "IfNotPresent"}}})}};
    out["status"] = {{"phase", "Pending"}};
    return out;
  }
  /// The pod in metamanager after this node accepted a deletion that the cloud does not know: the same
  /// version, with the deletion mark.
  static Json marked_for_deletion(Json pod) {
    pod["metadata"]["deletionTimestamp"] = "2024-06-10T06:13:20Z";
    pod["metadata"]["deletionGracePeriodSeconds"] = 1;
    return pod;
  }
  [[nodiscard]] std::size_t running() const {
    std::size_t n = 0;
    for (const auto& one : runtime_.containers()) n += one.state == cri::ContainerState::kRunning ? 1U : 0U;
    return n;
  }
  bool runs(const std::string& name) {
    return eventually([&] { return meta_->phase(name) == "Running"; });
  }
  bool gone(const std::string& name) {
    return eventually([&] { return !meta_->objects.contains("default/pod/" + name); });
  }
  bool nothing_left() {
    return eventually([&] { return runtime_.containers().empty() && runtime_.sandboxes().empty(); });
  }

  std::function<void(EdgedOptions&)> adjust_;  ///< changes a test's configuration
  ShiftedClock clock_;
  edgecore::test::TemporaryDirectory root_;
  cri::FakeRuntime runtime_;
  BlockingPool pool_;
  boost::asio::io_context loop_;
  edgecore::test::SkippedTime time_{loop_, [this] { return pool_.busy(); }};
  /// As EdgedDeps; if set, the node's address comes from the test's network.
  std::function<std::unique_ptr<net::InterfacesWatch>(boost::asio::any_io_executor)> watch_;
  std::function<LocalNetwork()> network_;
  std::function<std::unique_ptr<cri::Processes>()> processes_of_;
  beehive::Bus bus_;
  std::shared_ptr<beehive::Mailbox> edged_mailbox_;
  std::unique_ptr<FakeMeta> meta_;
  std::unique_ptr<beehive::ModuleContext> context_;
  std::unique_ptr<beehive::Module> edged_;
  boost::asio::cancellation_signal stop_;
  bool ended_ = false;
  std::exception_ptr failure_;
};

}  // namespace edgecore::edged::test
