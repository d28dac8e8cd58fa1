#include "devicetwin/mapper_calls.hpp"

#include <algorithm>
#include <utility>

#include "edgecore/beehive/message.hpp"
#include "edgecore/beehive/names.hpp"

namespace edgecore::devicetwin {
namespace {

using store::mapper_objects::Told;

SteadyTime steady_now() {
  return std::chrono::steady_clock::now();
}

std::string key_of(std::string_view id, const char* type) {
  const std::size_t slash = id.find('/');
  return beehive::resource_path(id.substr(0, slash), type, id.substr(slash + 1));
}

bool is_model(const beehive::ResourcePath& path) {
  return path.type == names::resource::kDeviceModel;
}

}  // namespace

/// What one mapper is to be told next.
struct MapperCalls::Step {
  std::string key;
  MapperCall call;
  std::optional<Told> after;  ///< what it knows when it has taken it
};

struct MapperCalls::Lane {
  explicit Lane(boost::asio::any_io_executor executor) : changed(std::move(executor)) {}
  std::string address;
  std::string mapper;
  beehive::Wakeup changed;
  /// Objects to look at, models before the devices that need them: the key's rank and the key.
  std::set<std::pair<int, std::string>> open;
  struct Refused {
    std::string digest;
    int times = 0;
  };
  std::map<std::string, Refused> refused;
  std::chrono::milliseconds retry{0};
  log::Quiet complaints;
};

MapperCalls::MapperCalls(Parts parts, std::map<std::string, Told> told)
    : parts_(std::move(parts)), told_(std::move(told)) {}
MapperCalls::~MapperCalls() = default;

std::optional<Told> MapperCalls::wanted(const std::string& key) const {
  const auto path = beehive::parse_resource(key);
  if (!path) return std::nullopt;
  const std::string id = path->ns + "/" + path->name;
  if (is_model(*path)) {
    const auto model = parts_.catalog.models.find(id);
    if (model == parts_.catalog.models.end()) return std::nullopt;
    return Told{model->second.protocol, model->second.digest};
  }
  const auto device = parts_.catalog.devices.find(id);
  if (device == parts_.catalog.devices.end()) return std::nullopt;
  return Told{device->second.protocol, device->second.digest};
}

void MapperCalls::note(const std::string& key, const std::optional<Told>& told) {
  if (told) {
    told_[key] = *told;
  } else {
    told_.erase(key);
  }
  parts_.told(key, told);
}

void MapperCalls::wake(const std::string& protocol) {
  const auto lane = lanes_.find(protocol);
  if (lane != lanes_.end()) lane->second->changed.notify();
}

void MapperCalls::set_mapper(const Mapper& mapper) {
  auto& lane = lanes_[mapper.protocol];
  const bool made = lane == nullptr;
  if (made) lane = std::make_shared<Lane>(parts_.context.executor);
  lane->address = mapper.address;
  lane->mapper = mapper.name;
  lane->retry = std::chrono::milliseconds(0);
  lane->refused.clear();
  lane->complaints.reset();
  for (const auto& [id, model] : parts_.catalog.models)
    if (model.protocol == mapper.protocol) lane->open.emplace(0, key_of(id, names::resource::kDeviceModel));
  for (const auto& [id, device] : parts_.catalog.devices)
    if (device.protocol == mapper.protocol) lane->open.emplace(1, key_of(id, names::resource::kDevice));
  for (const auto& [key, told] : told_)
    if (told.protocol == mapper.protocol)
      lane->open.emplace(is_model(*beehive::parse_resource(key)) ? 0 : 1, key);
  lane->changed.notify();
  if (made) parts_.tasks.spawn("mapper " + mapper.protocol, serve(mapper.protocol, lane));
}

void MapperCalls::gave_everything(const std::string& protocol) {
  std::vector<std::string> gone;
  for (const auto& [key, told] : told_)
    if (told.protocol == protocol && !wanted(key)) gone.push_back(key);
  for (const std::string& key : gone) note(key, std::nullopt);
  std::set<std::string> models;
  for (const auto& [id, device] : parts_.catalog.devices) {
    const auto model = parts_.catalog.models.find(device.model);
    // Without its model a device is not given.
    if (device.protocol != protocol || model == parts_.catalog.models.end()) continue;
    note(key_of(id, names::resource::kDevice), Told{protocol, device.digest});
    if (models.insert(device.model).second)
      note(key_of(device.model, names::resource::kDeviceModel), Told{protocol, model->second.digest});
  }
}

void MapperCalls::changed(const std::string& key) {
  const auto path = beehive::parse_resource(key);
  if (!path) return;
  const int rank = is_model(*path) ? 0 : 1;
  const auto put = [&](const std::string& protocol) {
    const auto lane = lanes_.find(protocol);
    if (lane == lanes_.end()) return;
    lane->second->open.emplace(rank, key);
    if (rank == 0) {  // devices that waited for it
      for (const auto& [id, device] : parts_.catalog.devices)
        if (device.model == path->ns + "/" + path->name)
          lane->second->open.emplace(1, key_of(id, names::resource::kDevice));
    }
    lane->second->changed.notify();
  };
  const auto now_wanted = wanted(key);
  const auto before = told_.find(key);
  if (now_wanted) put(now_wanted->protocol);
  if (before != told_.end() && (!now_wanted || before->second.protocol != now_wanted->protocol))
    put(before->second.protocol);
}

std::optional<MapperCalls::Step> MapperCalls::next_step(const std::string& protocol, Lane& lane) {
  using Kind = MapperCall::Kind;
  while (!lane.open.empty()) {
    const std::string key = lane.open.begin()->second;
    lane.open.erase(lane.open.begin());
    const auto path = beehive::parse_resource(key);
    const auto want = wanted(key);
    const auto told = told_.find(key);
    const bool knows = told != told_.end() && told->second.protocol == protocol;
    const bool model = is_model(*path);
    Step step;
    step.key = key;
    step.call.name_space = path->ns;
    step.call.name = path->name;
    if (!want || want->protocol != protocol) {
      if (!knows) continue;
      step.call.kind = model ? Kind::kRemoveDeviceModel : Kind::kRemoveDevice;
      return step;
    }
    if (knows && told->second.digest == want->digest) continue;
    const auto refused = lane.refused.find(key);
    if (refused != lane.refused.end() && refused->second.digest == want->digest &&
        refused->second.times >= parts_.tuning.refusals)
      continue;
    if (!model) {
      const auto device = parts_.catalog.devices.find(path->ns + "/" + path->name);
      if (!parts_.catalog.models.contains(device->second.model)) continue;  // until the model comes
    }
    step.call.object = parts_.object(path->type, path->ns, path->name);
    if (step.call.object.empty()) continue;
    if (model) {
      step.call.kind = knows ? Kind::kUpdateDeviceModel : Kind::kCreateDeviceModel;
    } else {
      step.call.kind = knows ? Kind::kUpdateDevice : Kind::kRegisterDevice;
    }
    step.after = want;
    return step;
  }
  return std::nullopt;
}

void MapperCalls::finish(const std::string& protocol, Lane& lane, const Step& step, const DmiStatus& status) {
  const auto& log = parts_.context.log;
  const std::string mapper = log::quote(lane.mapper) + " (protocol " + log::quote(protocol) + ")";
  if (status.ok()) {
    lane.retry = std::chrono::milliseconds(0);
    lane.refused.erase(step.key);
    if (lane.complaints.count() > 0) log->info("mapper {} can be reached again", mapper);
    lane.complaints.reset();
    const auto told = told_.find(step.key);
    // Another mapper may have it by now.
    if (step.after || (told != told_.end() && told->second.protocol == protocol)) note(step.key, step.after);
    return;
  }
  const bool away = status.code == DmiStatus::Code::kUnavailable;
  lane.retry = lane.retry.count() == 0 ? parts_.tuning.first_retry
                                       : std::min(lane.retry * 2, parts_.tuning.last_retry);
  if (away) {
    if (lane.complaints.now())
      log->warn("mapper {} cannot be told of {}, it will be tried again: {}", mapper, log::quote(step.key),
                log::quote(status.text));
  } else if (!step.after) {
    // It does not want to know of the removal: as good as removed, it will not get another message about it.
    log->warn("mapper {} does not remove {}: {}", mapper, log::quote(step.key), log::quote(status.text));
    note(step.key, std::nullopt);
    return;
  } else {
    Lane::Refused& refused = lane.refused[step.key];
    if (refused.digest != step.after->digest) refused = {step.after->digest, 0};
    ++refused.times;
    log->warn("mapper {} refuses {} ({} of {} attempts): {}", mapper, log::quote(step.key), refused.times,
              parts_.tuning.refusals, log::quote(status.text));
  }
  lane.open.emplace(is_model(*beehive::parse_resource(step.key)) ? 0 : 1, step.key);
}

boost::asio::awaitable<void> MapperCalls::serve(std::string protocol, std::shared_ptr<Lane> lane) {
  for (;;) {
    auto step = next_step(protocol, *lane);
    if (!step) {
      co_await lane->changed.sleep();
      continue;
    }
    const MapperCall call = step->call;
    const DmiStatus status = co_await parts_.client.call(lane->address, call, parts_.tuning.deadline);
    finish(protocol, *lane, *step, status);
    if (!status.ok()) {
      // A change does not end the pause: a mapper that is away is away. One that registers is back.
      const SteadyTime until = steady_now() + lane->retry;
      while (lane->retry.count() > 0 && steady_now() < until) co_await lane->changed.sleep_until(until);
      lane->changed.notify();
    }
  }
}

}  // namespace edgecore::devicetwin
