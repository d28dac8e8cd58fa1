// SPDX-License-Identifier: Apache-2.0
#include "devicetwin/dmi/mapper_calls.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/beehive/message.hpp"
#include "edgecore/beehive/names.hpp"

namespace edgecore::devicetwin {
namespace {

using store::mapper_objects::Key;

std::string key_of(std::string_view id, const char* type) {
  const std::size_t slash = id.find('/');
  return beehive::resource_path(id.substr(0, slash), type, id.substr(slash + 1));
}

/// Models first: devices need them.
int rank_of(std::string_view object) {
  const auto path = beehive::parse_resource(object);
  return path && path->type == names::resource::kDeviceModel ? 0 : 1;
}

}  // namespace

/// The next call to a mapper.
struct MapperCalls::Step {
  std::string object;
  MapperCall call;
  std::optional<std::string>
      after;           ///< digest that the mapper knows after the call; nullopt: it does not know the object
  bool first = false;  ///< it was never told of the object
};

struct MapperCalls::Lane {
  explicit Lane(boost::asio::any_io_executor executor) : changed(std::move(executor)) {}
  std::string address;
  std::string mapper;
  bool active = true;  ///< false: its mapper has registered for another protocol
  async::Event changed;
  std::set<std::pair<int, std::string>> open;          ///< objects to compare, by rank
  std::set<std::pair<SteadyTime, std::string>> later;  ///< refused objects and when to try them again
  struct Refused {
    std::string digest;
    int times = 0;
  };
  std::map<std::string, Refused> refused;
  std::chrono::milliseconds retry{0};
  log::Quiet complaints;
};

MapperCalls::MapperCalls(Parts parts, Told told) : parts_(std::move(parts)), told_(std::move(told)) {}
MapperCalls::~MapperCalls() = default;

bool MapperCalls::has_mapper(std::string_view protocol) const {
  const auto lane = lanes_.find(protocol);
  return lane != lanes_.end() && lane->second->active;
}

std::set<std::string> MapperCalls::protocols_of_model(const std::string& id) const {
  std::set<std::string> protocols;
  const auto model = parts_.catalog.models.find(id);
  if (model == parts_.catalog.models.end()) return protocols;
  if (!model->second.protocol.empty()) protocols.insert(model->second.protocol);
  for (const auto& [name, device] : parts_.catalog.devices)
    if (device.model == id) protocols.insert(device.protocol);
  return protocols;
}

std::optional<std::string> MapperCalls::wanted(const std::string& protocol, const std::string& object) const {
  const auto path = beehive::parse_resource(object);
  if (!path) return std::nullopt;
  const std::string id = path->ns + "/" + path->name;
  if (path->type == names::resource::kDeviceModel) {
    const auto model = parts_.catalog.models.find(id);
    if (model == parts_.catalog.models.end() || !protocols_of_model(id).contains(protocol))
      return std::nullopt;
    return model->second.digest;
  }
  const auto device = parts_.catalog.devices.find(id);
  if (device == parts_.catalog.devices.end() || device->second.protocol != protocol) return std::nullopt;
  const auto model = parts_.catalog.models.find(device->second.model);
  if (model == parts_.catalog.models.end()) return std::nullopt;
  // A mapper builds a device from both.
  return device->second.digest + model->second.digest;
}

void MapperCalls::note(const std::string& protocol, const std::string& object,
                       const std::optional<std::string>& digest) {
  const Key key{protocol, object};
  if (digest) {
    told_[key] = *digest;
  } else {
    told_.erase(key);
  }
  parts_.told(key, digest);
}

void MapperCalls::open(const std::string& protocol, const std::string& object) {
  const auto lane = lanes_.find(protocol);
  if (lane == lanes_.end()) return;
  lane->second->open.emplace(rank_of(object), object);
  lane->second->changed.notify();
}

void MapperCalls::set_mapper(const Mapper& mapper) {
  for (auto& [protocol, other] : lanes_)
    if (protocol != mapper.protocol && other->mapper == mapper.name) other->active = false;
  auto& lane = lanes_[mapper.protocol];
  const bool made = lane == nullptr;
  if (made) lane = std::make_shared<Lane>(parts_.context.executor);
  lane->address = mapper.address;
  lane->mapper = mapper.name;
  lane->active = true;
  lane->retry = std::chrono::milliseconds(0);
  lane->refused.clear();
  lane->later.clear();
  lane->complaints.reset();
  for (const auto& [id, device] : parts_.catalog.devices) {
    if (device.protocol != mapper.protocol) continue;
    lane->open.emplace(1, key_of(id, names::resource::kDevice));
    if (!device.model.empty()) lane->open.emplace(0, key_of(device.model, names::resource::kDeviceModel));
  }
  for (const auto& [id, model] : parts_.catalog.models)
    if (model.protocol == mapper.protocol) lane->open.emplace(0, key_of(id, names::resource::kDeviceModel));
  for (const auto& [key, digest] : told_)
    if (key.protocol == mapper.protocol) lane->open.emplace(rank_of(key.object), key.object);
  lane->changed.notify();
  if (made) parts_.tasks.spawn("mapper " + mapper.protocol, serve(mapper.protocol, lane));
}

void MapperCalls::gave_everything(const std::string& protocol, bool given) {
  std::vector<std::string> before;
  for (const auto& [key, digest] : told_)
    if (key.protocol == protocol) before.push_back(key.object);
  for (const std::string& object : before) {
    const bool wants = wanted(protocol, object).has_value();
    if (!wants && given) {
      note(protocol, object, std::nullopt);
    } else if (!given) {
      note(protocol, object, std::string());
    }
  }
  if (!given) return;
  for (const auto& [id, device] : parts_.catalog.devices) {
    if (device.protocol != protocol) continue;
    const std::string object = key_of(id, names::resource::kDevice);
    const auto digest = wanted(protocol, object);
    if (!digest) continue;  // a device is not sent before its model
    note(protocol, object, digest);
    note(protocol, key_of(device.model, names::resource::kDeviceModel),
         parts_.catalog.models.find(device.model)->second.digest);
  }
}

void MapperCalls::changed(const std::string& object) {
  const auto path = beehive::parse_resource(object);
  if (!path) return;
  const std::string id = path->ns + "/" + path->name;
  for (const auto& [protocol, lane] : lanes_)
    if (told_.contains({protocol, object})) open(protocol, object);
  if (path->type == names::resource::kDeviceModel) {
    for (const std::string& protocol : protocols_of_model(id)) open(protocol, object);
    for (const auto& [name, device] : parts_.catalog.devices)
      if (device.model == id) open(device.protocol, key_of(name, names::resource::kDevice));
    return;
  }
  const auto device = parts_.catalog.devices.find(id);
  if (device == parts_.catalog.devices.end()) return;
  open(device->second.protocol, object);
  // The mapper of the new protocol may not have the model.
  if (!device->second.model.empty())
    open(device->second.protocol, key_of(device->second.model, names::resource::kDeviceModel));
}

std::optional<MapperCalls::Step> MapperCalls::next_step(const std::string& protocol, Lane& lane) {
  using Kind = MapperCall::Kind;
  while (!lane.later.empty() && lane.later.begin()->first <= steady_now()) {
    lane.open.emplace(rank_of(lane.later.begin()->second), lane.later.begin()->second);
    lane.later.erase(lane.later.begin());
  }
  while (!lane.open.empty()) {
    Step step;
    step.object = lane.open.begin()->second;
    lane.open.erase(lane.open.begin());
    const auto path = beehive::parse_resource(step.object);
    const bool model = path->type == names::resource::kDeviceModel;
    const auto told = told_.find({protocol, step.object});
    step.call.name_space = path->ns;
    step.call.name = path->name;
    step.first = told == told_.end();
    step.after = wanted(protocol, step.object);
    if (!step.after) {
      const bool waits_for_model =
          !model && parts_.catalog.devices.contains(path->ns + "/" + path->name) &&
          parts_.catalog.devices.find(path->ns + "/" + path->name)->second.protocol == protocol;
      if (step.first || waits_for_model) continue;
      step.call.kind = model ? Kind::kRemoveDeviceModel : Kind::kRemoveDevice;
      return step;
    }
    if (!step.first && told->second == *step.after) continue;
    const auto refused = lane.refused.find(step.object);
    const bool again = refused != lane.refused.end() && refused->second.digest == *step.after;
    if (again && refused->second.times >= parts_.tuning.refusals) continue;
    step.call.object = parts_.object(path->type, path->ns, path->name);
    if (step.call.object.empty()) continue;
    // If it is unknown whether the mapper has the object, update first: registering a device that it has
    // would change nothing. If the mapper refuses, the next attempt uses the other call.
    const bool unknown = !step.first && told->second.empty();
    const bool other_way = again && refused->second.times % 2 == 1;
    if (model) {
      step.call.kind =
          step.first || unknown != other_way ? Kind::kCreateDeviceModel : Kind::kUpdateDeviceModel;
    } else {
      step.call.kind = step.first || (unknown && other_way) ? Kind::kRegisterDevice : Kind::kUpdateDevice;
    }
    return step;
  }
  return std::nullopt;
}

void MapperCalls::finish(const std::string& protocol, Lane& lane, const Step& step, const DmiStatus& status) {
  const auto& log = parts_.context.log;
  const std::string mapper = log::quote(lane.mapper) + " (protocol " + log::quote(protocol) + ")";
  if (status.ok()) {
    lane.retry = std::chrono::milliseconds(0);
    lane.refused.erase(step.object);
    if (lane.complaints.count() > 0) log->info("mapper {} can be reached again", mapper);
    lane.complaints.reset();
    note(protocol, step.object, step.after);
    // It may have changed meanwhile.
    if (wanted(protocol, step.object) != step.after) open(protocol, step.object);
    return;
  }
  if (status.code != DmiStatus::Code::kUnavailable) return refused(protocol, lane, step, status);
  // The mapper may have carried it out despite the error.
  if (step.after && told_[{protocol, step.object}] != "") note(protocol, step.object, std::string());
  lane.retry = lane.retry.count() == 0 ? parts_.tuning.first_retry
                                       : std::min(lane.retry * 2, parts_.tuning.last_retry);
  if (lane.complaints.now())
    log->warn("mapper {} cannot be told of {}, it will be tried again: {}", mapper, log::quote(step.object),
              log::quote(status.text));
  open(protocol, step.object);
}

void MapperCalls::refused(const std::string& protocol, Lane& lane, const Step& step,
                          const DmiStatus& status) {
  const auto& log = parts_.context.log;
  const std::string mapper = log::quote(lane.mapper) + " (protocol " + log::quote(protocol) + ")";
  if (!step.after) {
    // A refused removal counts as done: the mapper gets no more messages about the object.
    log->warn("mapper {} does not remove {}: {}", mapper, log::quote(step.object), log::quote(status.text));
    return note(protocol, step.object, std::nullopt);
  }
  Lane::Refused& entry = lane.refused[step.object];
  if (entry.digest != *step.after) entry = {*step.after, 0};
  ++entry.times;
  // A conversion error or an invalid argument will not go away: do not try again.
  if (status.code == DmiStatus::Code::kInvalidArgument) entry.times = parts_.tuning.refusals;
  log->warn("mapper {} refuses {} ({} of {} attempts): {}", mapper, log::quote(step.object), entry.times,
            parts_.tuning.refusals, log::quote(status.text));
  lane.later.emplace(steady_now() + parts_.tuning.first_retry * (1 << std::min(entry.times, 5)), step.object);
}

boost::asio::awaitable<void> MapperCalls::serve(std::string protocol, std::shared_ptr<Lane> lane) {
  for (;;) {
    auto step = lane->active ? next_step(protocol, *lane) : std::nullopt;
    if (!step) {
      const SteadyTime until = lane->later.empty() ? SteadyTime::max() : lane->later.begin()->first;
      co_await lane->changed.sleep_until(until);
      continue;
    }
    if (step->first && step->after) {
      // Before the first call: after a restart it must be known that the mapper may have the object.
      told_[{protocol, step->object}] = "";
      Key key{protocol, step->object};
      co_await parts_.promise(std::move(key), std::string());
    }
    const MapperCall call = step->call;
    const DmiStatus status = co_await parts_.client.call(lane->address, call, parts_.tuning.deadline);
    finish(protocol, *lane, *step, status);
    if (lane->retry.count() == 0) continue;
    // A change of an object does not end the pause, as the mapper is still unreachable. A registration does.
    const SteadyTime until = steady_now() + lane->retry;
    while (lane->retry.count() > 0 && steady_now() < until) co_await lane->changed.sleep_until(until);
    lane->changed.notify();
  }
}

}  // namespace edgecore::devicetwin
