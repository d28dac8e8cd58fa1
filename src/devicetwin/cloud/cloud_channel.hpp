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

/// DeviceTwin's messages to the cloud: reports of changed twins until they are confirmed
/// (protocol/04-devices.md §2.4, docs/devices.md "Towards the cloud"), and states of devices. The database
/// records the unconfirmed devices, so that a restart loses nothing. Belongs to the module's thread; the
/// module runs its coroutines.
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

  /// At the start, after the table is loaded.
  void load(const store::Source& from);

  /// The devices to mark in the transaction that stores these changes.
  std::vector<std::string> to_mark(const Effects& effects);
  /// The transaction is on disk.
  void stored(const Effects& effects, const std::vector<std::string>& marked);

  /// The transaction failed, and the table has been rolled back.
  void taken_back(const Effects& effects);

  void on_connection(bool up);
  /// The cloud has confirmed the message with this id.
  void on_answer(const std::string& message_id);

  /// Sends what is due, until cancelled.
  boost::asio::awaitable<void> send();
  /// Removes the marks of confirmed devices, after a delay and several in one transaction.
  boost::asio::awaitable<void> clear_marks();
  /// Asks for the connection's state: after a restart of this module alone there is no notice of it.
  boost::asio::awaitable<void> ask_connection();

 private:
  bool post(const char* operation, const std::string& resource, Json content, std::string* id = nullptr);
  void send_reports(SteadyTime now);
  SteadyTime send_states(SteadyTime now);

  Parts parts_;
  CloudReports reports_;
  std::set<std::string> marked_;                  ///< devices with a row in `edgecore_unreported`
  std::set<std::string> confirmed_;               ///< the marked devices whose row may go
  std::set<std::string> states_;                  ///< devices whose state is to be sent
  std::map<std::string, SteadyTime> state_sent_;  ///< when a state was last sent, for pacing
  std::optional<bool> connected_;                 ///< nullopt: unknown yet
  async::Event due_;
  async::Event marks_due_;
  log::Quiet write_failures_;
};

}  // namespace edgecore::devicetwin
