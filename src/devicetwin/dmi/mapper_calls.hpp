// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "devicetwin/cloud/catalog.hpp"
#include "edgecore/async/event.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/devicetwin/dmi.hpp"
#include "edgecore/store/mapper_objects.hpp"

namespace edgecore::devicetwin {

/// Keeps mappers up to date with the cluster's Devices and DeviceModels (protocol/04-devices.md §3.5, §3.7).
/// One lane per protocol, so that a hanging mapper delays only itself. The calls to make are found by
/// comparing the catalog with what the mapper was told, so nothing queues up for an absent mapper: it gets
/// the newest version when it is back. After a call with unknown outcome (time-out, kill -9), the next one is
/// one that works whether the mapper has the object or not. Belongs to the module's thread.
class MapperCalls {
 public:
  struct Tuning {
    std::chrono::milliseconds deadline{10000};
    std::chrono::milliseconds first_retry{1000};
    std::chrono::milliseconds last_retry{60000};
    /// Refusals of an object by its mapper, after which it is not sent until it changes or the mapper
    /// registers again.
    int refusals = 5;
  };
  using Told = std::map<store::mapper_objects::Key, std::string>;
  struct Parts {
    beehive::ModuleContext& context;
    async::TaskGroup& tasks;
    MapperClient& client;
    const Catalog& catalog;
    Tuning tuning;
    /// JSON text of the stored object; "" if it does not exist. `type` is "device" or "devicemodel".
    std::function<std::string(std::string_view type, std::string_view name_space, std::string_view name)>
        object;
    /// A mapper knows this version of an object now (nullopt: it does not know the object any more). To be
    /// stored soon.
    std::function<void(const store::mapper_objects::Key& key, const std::optional<std::string>& digest)> told;
    /// As `told`, but returns when it is on disk.
    std::function<boost::asio::awaitable<void>(store::mapper_objects::Key key, std::string digest)> promise;
  };
  MapperCalls(Parts parts, Told told);
  ~MapperCalls();
  MapperCalls(const MapperCalls&) = delete;
  MapperCalls& operator=(const MapperCalls&) = delete;

  /// A mapper is known: just registered, or from the database. Calls may begin at once.
  void set_mapper(const Mapper& mapper);
  [[nodiscard]] bool has_mapper(std::string_view protocol) const;
  /// The mapper got everything in the answer to its registration; or (`given` false) it had asked for
  /// everything, and it is unknown what it got. Call this before `set_mapper`.
  void gave_everything(const std::string& protocol, bool given);
  /// The object has changed in the catalog: `<namespace>/device/<name>` or `<namespace>/devicemodel/<name>`.
  void changed(const std::string& object);

 private:
  struct Lane;
  struct Step;
  boost::asio::awaitable<void> serve(std::string protocol, std::shared_ptr<Lane> lane);
  std::optional<Step> next_step(const std::string& protocol, Lane& lane);
  void finish(const std::string& protocol, Lane& lane, const Step& step, const DmiStatus& status);
  void refused(const std::string& protocol, Lane& lane, const Step& step, const DmiStatus& status);
  /// The digest that the mapper of this protocol should know of the object; nullopt: it should not know it
  /// (any more, or yet).
  [[nodiscard]] std::optional<std::string> wanted(const std::string& protocol,
                                                  const std::string& object) const;
  [[nodiscard]] std::set<std::string> protocols_of_model(const std::string& id) const;
  void note(const std::string& protocol, const std::string& object, const std::optional<std::string>& digest);
  void open(const std::string& protocol, const std::string& object);

  Parts parts_;
  Told told_;
  std::map<std::string, std::shared_ptr<Lane>, std::less<>> lanes_;
};

}  // namespace edgecore::devicetwin
