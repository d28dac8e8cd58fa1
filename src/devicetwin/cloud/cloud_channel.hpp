// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "devicetwin/cloud/catalog.hpp"
#include "devicetwin/cloud/cloud_reports.hpp"
#include "devicetwin/twin/device_table.hpp"
#include "devicetwin/twin/effects.hpp"
#include "edgecore/async/event.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/devicetwin/devicetwin.hpp"

namespace edgecore::devicetwin {

/// What DeviceTwin tells the cloud, over the tunnel when there is one: reports of changed twins until they
/// are confirmed (protocol/04-devices.md §2.4, docs/devices.md "Towards the cloud") and states of devices.
/// Which devices are not confirmed is in the database, so that a restart loses nothing. Belongs to the
/// module's thread; its coroutines are run by the module.
class CloudChannel {
 public:
  struct Parts {
    beehive::ModuleContext& context;
    store::Store& store;
    const DeviceTable& table;
    Catalog& catalog;
    std::string node_name;
    DeviceTwinTuning tuning;
  };
  explicit CloudChannel(Parts parts);

  /// At the start, once the table is there.
  void load(const store::Source& from);

  /// Devices that have to be marked in the transaction which stores these changes.
  std::vector<std::string> to_mark(const Effects& effects);
  /// That transaction is on disk.
  void stored(const Effects& effects, const std::vector<std::string>& marked);

  /// It could not be written, and the table is as it was before.
  void taken_back(const Effects& effects);

  void on_connection(bool up);
  /// The cloud has answered the message with this id.
  void on_answer(const std::string& message_id);

  /// Sends what is due, for ever.
  boost::asio::awaitable<void> send();
  /// Takes the marks of confirmed devices away, a little later and several at a time.
  boost::asio::awaitable<void> clear_marks();
  /// After a restart of this module alone nobody tells it whether there is a connection.
  boost::asio::awaitable<void> ask_connection();

 private:
  bool post(const char* operation, const std::string& resource, Json content, std::string* id = nullptr);
  void send_reports(SteadyTime now);
  SteadyTime send_states(SteadyTime now);

  Parts parts_;
  CloudReports reports_;
  std::set<std::string> marked_;                  ///< devices with a row in `edgecore_unreported`
  std::set<std::string> confirmed_;               ///< of these, the ones whose row may go
  std::set<std::string> states_;                  ///< devices whose state is to be told
  std::map<std::string, SteadyTime> state_sent_;  ///< lately
  std::optional<bool> connected_;                 ///< nullopt: nobody has said yet
  async::Event due_;
  async::Event marks_due_;
  log::Quiet write_failures_;
};

}  // namespace edgecore::devicetwin
