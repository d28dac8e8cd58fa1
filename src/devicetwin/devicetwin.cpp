// SPDX-License-Identifier: Apache-2.0
#include "edgecore/devicetwin/devicetwin.hpp"

#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "devicetwin/cloud/catalog.hpp"
#include "devicetwin/cloud/cloud_channel.hpp"
#include "devicetwin/dmi/dmi_inbox.hpp"
#include "devicetwin/dmi/mapper_calls.hpp"
#include "devicetwin/dmi/mappers.hpp"
#include "devicetwin/twin/device_requests.hpp"
#include "devicetwin/twin/device_table.hpp"
#include "devicetwin/twin/rows.hpp"
#include "devicetwin/twin/texts.hpp"
#include "edgecore/async/attempt.hpp"
#include "edgecore/async/event.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/outcome.hpp"
#include "edgecore/base/steady_timer.hpp"
#include "edgecore/beehive/bus.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/store/awaitable.hpp"
#include "edgecore/store/error.hpp"
#include "edgecore/store/mapper_objects.hpp"
#include "edgecore/store/meta.hpp"
#include "edgecore/store/unreported.hpp"

namespace edgecore::devicetwin {
namespace {

namespace op = names::operation;
namespace type = names::resource;
namespace mapper_objects = store::mapper_objects;

/// Limits of a batch, which shares one commit: requests, and bytes of them and of their publications.
constexpr std::size_t kBatchMessages = 512;
constexpr std::size_t kBatchBytes = 4U << 20U;

/// An object, or its JSON text.
Json object_of(const Json& content) {
  if (content.is_string()) return kube::parse_json(content.get_ref<const std::string&>(), "The content");
  return content;
}

/// A message to the module's own mailbox, so that it is handled in sequence with requests.
beehive::Message mend_message() {
  return beehive::make_message(names::module::kTwin, names::group::kTwin, op::kUpdate, "mend", nullptr);
}

bool is_mend_message(const beehive::Message& message) {
  return message.route.source == names::module::kTwin && message.route.resource == "mend";
}

/// A mapper's row, in place of those of mappers it has taken the protocol from.
struct MapperWrite {
  store::meta::Row row;
  std::vector<std::string> gone;  ///< keys
};

/// This module alone writes these rows, one commit after the other: what it reads is what there is.
std::vector<MapperWrite> plan_mappers(const store::Source& from, const std::vector<Mapper>& registrations) {
  std::vector<MapperWrite> writes;
  if (registrations.empty()) return writes;
  std::map<std::string, std::string> protocols;  // of the stored mappers, by key
  for (const auto& row : store::meta::list(from, kDeviceMapperType))
    if (const auto mapper = read_mapper(row)) protocols[row.key] = mapper->protocol;
  for (const Mapper& mapper : registrations) {
    MapperWrite write{mapper_row(mapper), {}};
    for (const auto& [key, protocol] : protocols)
      if (protocol == mapper.protocol && key != write.row.key) write.gone.push_back(key);
    for (const std::string& key : write.gone) protocols.erase(key);
    protocols[write.row.key] = mapper.protocol;
    writes.push_back(std::move(write));
  }
  return writes;
}

class DeviceTwin final : public beehive::Module {
 public:
  DeviceTwin(beehive::ModuleContext& context, const DeviceTwinDeps& deps)
      : context_(context),
        deps_(deps),
        reader_(deps.store.open_reader()),
        table_(load_devices(reader_)),
        requests_({table_, effects_, context.clock, context.log, deps.node_name}),
        cloud_({context, deps.store, table_, catalog_, deps.node_name, deps.tuning}),
        told_due_(context.executor),
        mend_due_(context.executor),
        tasks_(context.executor) {}

  boost::asio::awaitable<void> run() override {
    load_catalog();
    cloud_.load(reader_);
    if (deps_.mapper_client && deps_.dmi_server) start_mappers();
    for (const auto& [id, device] : catalog_.devices) adopt(id, device);
    co_await commit();  // devices of the catalog that are missing in the tables
    tasks_.spawn("requests", serve_requests());
    tasks_.spawn("to the cloud", cloud_.send());
    tasks_.spawn("marks", cloud_.clear_marks());
    tasks_.spawn("connection", cloud_.ask_connection());
    tasks_.spawn("record of mappers", write_told());
    tasks_.spawn("after failed writes", mend());
    if (deps_.dmi_server) tasks_.spawn("dmi socket", keep_socket_open());
    co_await tasks_.join();
  }

 private:
  // --- start ---
  void load_catalog() {
    for (const auto& row : store::meta::list(reader_, type::kDeviceModel)) load_object(row);
    for (const auto& row : store::meta::list(reader_, type::kDevice)) load_object(row);
  }

  void load_object(const store::meta::Row& row) {
    const auto path = beehive::parse_resource(row.key);
    if (!path || path->name.empty()) return;
    try {
      catalogue(*path, id_of(*path), kube::parse_json(row.value, "The stored object"));
    } catch (const BadInput& bad) {
      context_.log->warn("cannot read the stored {}: {}", log::quote(row.key), bad.what());
    }
  }

  void start_mappers() {
    client_ = deps_.mapper_client();
    MapperCalls::Tuning tuning;
    tuning.deadline = deps_.tuning.mapper_deadline;
    tuning.first_retry = deps_.tuning.mapper_retry;
    const auto object = [this](std::string_view kind, std::string_view ns, std::string_view name) {
      return stored_text(kind, ns, name);
    };
    const auto told = [this](const mapper_objects::Key& key, const std::optional<std::string>& digest) {
      told_[key] = digest;
      told_due_.notify();
    };
    const auto promise = [this](mapper_objects::Key key, std::string digest) {
      return write_promise(std::move(key), std::move(digest));
    };
    MapperCalls::Parts parts{context_, tasks_, *client_, catalog_, tuning, object, told, promise};
    calls_.emplace(std::move(parts), mapper_objects::list(reader_));
    for (const auto& row : store::meta::list(reader_, kDeviceMapperType)) {
      if (const auto mapper = read_mapper(row)) {
        calls_->set_mapper(*mapper);
      } else {
        context_.log->warn("cannot read the stored mapper {}; it has to register again", log::quote(row.key));
      }
    }
  }

  boost::asio::awaitable<void> keep_socket_open() {
    log::Quiet complaints;
    for (;;) {
      const Outcome<void> opened = open_socket();
      if (opened) break;
      if (complaints.now())
        context_.log->error("mappers cannot reach this node: {}", opened.failure().message());
      SteadyTimer pause(context_.executor, deps_.tuning.socket_retry);
      co_await pause.async_wait(boost::asio::use_awaitable);
    }
    if (complaints.count() > 0) context_.log->info("the DMI socket {} is open", deps_.dmi_socket.string());
  }

  Outcome<void> open_socket() {
    try {
      server_ = deps_.dmi_server(deps_.dmi_socket, [this](DmiRequest request) {
        return inbox_.put(context_.bus, std::move(request));
      });
      return {};
    } catch (const Error& error) {
      return Failure::of(error);
    }
  }

  // --- requests ---
  boost::asio::awaitable<void> serve_requests() {
    for (;;) {
      std::vector<beehive::Delivery> batch;
      auto first = co_await context_.mailbox->receive();
      batch.push_back(std::move(first));
      std::size_t bytes = 0;
      for (;;) {
        take(*batch.back());
        bytes += batch.back()->weight;
        if (batch.size() >= kBatchMessages || bytes + effects_.bytes >= kBatchBytes) break;
        auto more = context_.mailbox->try_receive();
        if (!more) break;
        batch.push_back(std::move(more));
      }
      co_await commit();
    }
  }

  void take(const beehive::Message& message) {
    try {
      dispatch(message);
    } catch (const BadInput& bad) {
      complain(message, bad.what());
    }
  }

  void complain(const beehive::Message& message, const char* why) {
    if (!bad_messages_.now()) return;
    context_.log->warn("ignoring {} {} ({} messages so far): {}", log::quote(message.route.operation),
                       log::quote(message.route.resource), bad_messages_.count(), why);
  }

  void dispatch(const beehive::Message& message) {
    const auto& route = message.route;
    if (!message.header.parent_id.empty()) {
      cloud_.on_answer(message.header.parent_id);
    } else if (route.source == names::source::kBus) {
      if (message.content.is_string())
        requests_.on_topic(route.resource, message.content.get_ref<const std::string&>());
    } else if (DmiInbox::is_notice(message)) {
      if (const auto request = inbox_.take(message)) on_mapper(*request);
    } else if (is_mend_message(message)) {
      on_mend();
    } else if (route.source == names::source::kEdgeHub) {
      if (route.resource == type::kNodeConnection)
        cloud_.on_connection(message.content == names::content::kCloudConnected);
    } else if (route.group == names::group::kResource) {
      on_object(message);
    } else {
      on_cloud(message);
    }
  }

  /// Messages of the cloud for DeviceTwin only (protocol/04-devices.md §2.3).
  void on_cloud(const beehive::Message& message) {
    const std::string& resource = message.route.resource;
    if (resource.find("membership") != std::string::npos) {
      requests_.on_membership(object_of(message.content));
      return;
    }
    if (!resource.starts_with("device/")) {
      context_.log->debug("ignoring {} {}", log::quote(message.route.operation), log::quote(resource));
      return;
    }
    constexpr std::string_view kPrefix = "device/";
    constexpr std::string_view kSuffix = "/twin/cloud_updated";
    if (resource.ends_with(kSuffix)) {
      const std::string id =
          resource.substr(kPrefix.size(), resource.size() - kPrefix.size() - kSuffix.size());
      requests_.on_cloud_update(id, object_of(message.content));
    } else if (message.route.operation.find("updated") != std::string::npos) {
      requests_.on_attributes(resource.substr(kPrefix.size()), object_of(message.content));
    }
  }

  static std::string id_of(const beehive::ResourcePath& path) {
    auto id = device_id(path.ns, path.name);
    if (!id) throw BadInput("its name is not a device id");
    return std::move(*id);
  }

  void on_object(const beehive::Message& message) {
    const auto path = beehive::parse_resource(message.route.resource);
    if (!path || path->name.empty()) throw BadInput("the resource has no object name");
    const bool device = path->type == type::kDevice;
    if (!device && path->type != type::kDeviceModel) return;
    const std::string id = id_of(*path);
    bool news = true;
    if (message.route.operation == op::kDelete) {
      if (device) {
        catalog_.devices.erase(id);
        requests_.forget(id);
      } else {
        catalog_.models.erase(id);
      }
    } else {
      const ByName<std::string> desired = catalog_.desired(id);
      news = catalogue(*path, id, object_of(message.content));
      if (device) {
        const CatalogDevice& known = catalog_.devices.find(id)->second;
        adopt(id, known);
        requests_.on_withdrawn(id, withdrawn(desired, known));
      }
    }
    if (news && calls_) calls_->changed(beehive::resource_path(path->ns, path->type, path->name));
  }

  /// Puts the object into the catalog. True if its mapper has to be told; false for an echo of its status.
  bool catalogue(const beehive::ResourcePath& path, const std::string& id, const Json& object) {
    if (path.type == type::kDeviceModel) {
      const CatalogModel model = read_model(object);
      CatalogModel& known = catalog_.models[id];
      const bool changed = known.digest != model.digest || known.protocol != model.protocol;
      known = model;
      return changed;
    }
    CatalogDevice device = read_device(object);
    CatalogDevice& known = catalog_.devices[id];
    const bool changed =
        known.digest != device.digest || known.protocol != device.protocol || known.model != device.model;
    device.shown.merge(known.shown);
    known = std::move(device);
    return changed;
  }

  /// Makes the device known. Its membership message may come later or be lost (protocol/04-devices.md §2.13).
  void adopt(const std::string& id, const CatalogDevice& device) {
    requests_.make_known(id, device.description);
    // A mapper sets the desired value on the device itself and reports it.
    if (!calls_ || !calls_->has_mapper(device.protocol)) requests_.on_desired(id, device.desired);
  }

  void on_mapper(const DmiRequest& request) {
    DmiAnswer answer;
    answer.id = request.id;
    switch (request.kind) {
      case DmiRequest::Kind::kReportStatus:
        answer.status = requests_.on_status_report(request);
        break;
      case DmiRequest::Kind::kReportStates:
        answer.status = requests_.on_state_report(request);
        break;
      case DmiRequest::Kind::kRegister:
        if (auto flaw = flaw_of(request.mapper)) {
          answer.status = std::move(*flaw);
          break;
        }
        registrations_.push_back(*request.mapper);
        answer.registration = request.with_data;
        answer.protocol = request.mapper->protocol;
        break;
    }
    effects_.answers.push_back(std::move(answer));
  }

  // --- commit and its effects ---
  boost::asio::awaitable<void> commit() {
    const std::vector<std::string> marks = cloud_.to_mark(effects_);
    store::Job job = make_job(marks);
    Outcome<void> written;
    if (job) {
      for (int tries = 0; tries < 2; ++tries) {
        written = co_await async::attempt(store::async_write(deps_.store, job));
        if (written) break;
        SteadyTimer pause(context_.executor, deps_.tuning.write_retry);
        co_await pause.async_wait(boost::asio::use_awaitable);
      }
    }
    if (written) {
      table_.committed();
      follow_up(marks);
    } else {
      take_back(written.failure().message());
    }
    registrations_.clear();
    effects_.clear();
  }

  /// Empty if there is nothing to write.
  store::Job make_job(const std::vector<std::string>& marks) {
    std::vector<std::string> gone(effects_.forgotten.begin(), effects_.forgotten.end());
    if (!table_.changed() && marks.empty() && registrations_.empty() && gone.empty()) return {};
    std::vector<MapperWrite> mappers = plan_mappers(reader_, registrations_);
    return [devices = table_.job(), marks, gone, mappers = std::move(mappers)](store::Transaction& into) {
      devices(into);
      for (const auto& id : gone) store::unreported::remove(into, id);
      for (const auto& id : marks) store::unreported::add(into, id);
      for (const auto& mapper : mappers) {
        for (const auto& key : mapper.gone) store::meta::remove(into, key);
        store::meta::upsert(into, mapper.row);
      }
    };
  }

  void follow_up(const std::vector<std::string>& marks) {
    for (Publication& each : effects_.publications) publish(std::move(each.topic), std::move(each.payload));
    cloud_.stored(effects_, marks);
    for (const DmiAnswer& answer : effects_.answers) end_rpc(answer);
    for (const Mapper& mapper : registrations_) {
      context_.log->info("mapper {} is registered for protocol {} at {}", log::quote(mapper.name),
                         log::quote(mapper.protocol), log::quote(mapper.address));
      if (calls_) calls_->set_mapper(mapper);
    }
  }

  void take_back(const std::string& failure) {
    if (write_failures_.now())
      context_.log->error("changes of devices cannot be stored, requests are answered with 500: {}", failure);
    table_.undo();
    cloud_.taken_back(effects_);
    undone_ = true;
    undone_removals_.insert(effects_.forgotten.begin(), effects_.forgotten.end());
    mend_due_.notify();
    const std::int64_t now = unix_millis(context_.clock.wall());
    for (Publication& each : effects_.publications) {
      if (each.answer) publish(std::move(each.topic), refusal_text(each.event_id, now, {500, failure}));
    }
    for (const DmiAnswer& answer : effects_.answers)
      if (server_) server_->answer(answer.id, {DmiStatus::Code::kInternal, failure});
  }

  void end_rpc(const DmiAnswer& answer) {
    if (!server_) return;
    if (!answer.registration) return server_->answer(answer.id, answer.status);
    std::vector<Json> models;
    std::vector<Json> devices;
    for (const auto& [id, device] : catalog_.devices) {
      if (device.protocol != answer.protocol || !catalog_.models.contains(device.model)) continue;
      auto object = stored(type::kDevice, id);
      auto model = stored(type::kDeviceModel, device.model);
      if (object.is_null() || model.is_null()) continue;
      devices.push_back(std::move(object));
      models.push_back(std::move(model));
    }
    const bool given = server_->answer_register(answer.id, models, devices);
    if (calls_) calls_->gave_everything(answer.protocol, given);
  }

  /// JSON text of an object of the cluster; "" if it does not exist.
  [[nodiscard]] std::string stored_text(std::string_view kind, std::string_view ns,
                                        std::string_view name) const {
    auto row = store::meta::find(reader_, beehive::resource_path(ns, kind, name));
    return row ? std::move(row->value) : std::string();
  }

  [[nodiscard]] Json stored(const char* kind, const std::string& id) const {
    const std::size_t slash = id.find('/');
    return kube::stored_json(stored_text(kind, id.substr(0, slash), id.substr(slash + 1)));
  }

  // --- to other modules ---
  void publish(std::string topic, std::string payload) {
    if (!context_.bus.has_module(names::module::kEventBus)) return;
    beehive::Message message = beehive::make_message(names::module::kTwin, names::group::kBus, op::kPublish,
                                                     topic, std::move(payload));
    message.header.timestamp = unix_millis(context_.clock.wall());
    if (context_.bus.try_send(names::module::kEventBus, std::move(message))) return;
    if (unpublished_.now())
      context_.log->warn(
          "EventBus does not keep up: {} messages about devices were dropped (the last for {})",
          unpublished_.count(), log::quote(topic));
  }

  /// Writes the record of what mappers were told. It may be late: after a restart they are told once more,
  /// which is harmless.
  boost::asio::awaitable<void> write_told() {
    for (;;) {
      if (told_.empty()) co_await told_due_.sleep();
      const SteadyTime until = steady_now() + deps_.tuning.confirmation_delay;
      while (steady_now() < until) co_await told_due_.sleep_until(until);
      store::Job job = [told = std::exchange(told_, {})](store::Transaction& into) {
        for (const auto& [key, digest] : told) {
          if (digest) {
            mapper_objects::upsert(into, key, *digest);
          } else {
            mapper_objects::remove(into, key);
          }
        }
      };
      co_await write_or_complain(std::move(job));
    }
  }

  boost::asio::awaitable<void> write_promise(mapper_objects::Key key, std::string digest) {
    store::Job job = [key = std::move(key), digest = std::move(digest)](store::Transaction& into) {
      mapper_objects::upsert(into, key, digest);
    };
    co_await write_or_complain(std::move(job));
  }

  boost::asio::awaitable<void> write_or_complain(store::Job job) {
    try {
      co_await store::async_write(deps_.store, std::move(job));
    } catch (const Error& error) {
      if (write_failures_.now())
        context_.log->warn("cannot store the record of what mappers were told: {}", error.what());
    }
  }

  /// After a failed write: repeats what the cluster's objects had asked for.
  boost::asio::awaitable<void> mend() {
    for (;;) {
      while (!undone_) co_await mend_due_.sleep();
      SteadyTimer pause(context_.executor, deps_.tuning.mend_after);
      co_await pause.async_wait(boost::asio::use_awaitable);
      undone_ = !context_.bus.try_send(names::module::kTwin, mend_message());
    }
  }

  void on_mend() {
    for (const std::string& id : std::exchange(undone_removals_, {}))
      if (!catalog_.devices.contains(id)) requests_.forget(id);
    for (const auto& [id, device] : catalog_.devices) adopt(id, device);
  }

  // Members are made in this order and destroyed in the reverse one.
  beehive::ModuleContext& context_;
  DeviceTwinDeps deps_;
  store::Reader reader_;
  Catalog catalog_;
  DeviceTable table_;
  Effects effects_;
  DeviceRequests requests_;
  CloudChannel cloud_;
  std::vector<Mapper> registrations_;  ///< registrations in the batch
  /// Digests that mappers know, to be written; nullopt: the row is to be removed.
  std::map<mapper_objects::Key, std::optional<std::string>> told_;
  bool undone_ = false;  ///< a write has failed
  std::set<std::string> undone_removals_;
  log::Quiet unpublished_;
  log::Quiet bad_messages_;
  log::Quiet write_failures_;
  async::Event told_due_;
  async::Event mend_due_;
  std::unique_ptr<MapperClient> client_;
  async::TaskGroup tasks_;
  std::optional<MapperCalls> calls_;
  DmiInbox inbox_;
  std::unique_ptr<DmiServer> server_;
};

}  // namespace

beehive::ModuleFactory make_devicetwin(DeviceTwinDeps deps) {
  return [deps = std::move(deps)](beehive::ModuleContext& context) -> std::unique_ptr<beehive::Module> {
    return std::make_unique<DeviceTwin>(context, deps);
  };
}

}  // namespace edgecore::devicetwin
