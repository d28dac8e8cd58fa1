// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "edgecore/async/event.hpp"
#include "edgecore/async/semaphore.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/application.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/kube/status.hpp"
#include "edgecore/store/offline_writes.hpp"
#include "edgecore/store/store.hpp"

namespace edgecore::metaserver {

/// Writes to what this node owns that are accepted while the cloud cannot be reached
/// (docs/metaserver.md "Writes without the cloud"): the deletion of a pod it runs, the desired values of a
/// device it serves. Each is on disk before it is answered, takes effect on the node at once, and goes to the
/// cloud's API when that can be reached, in the order of acceptance. Belongs to the module's thread.
class OfflineWrites {
 public:
  /// The outcome of a call of the cloud's API.
  struct CloudOutcome {
    enum class Kind {
      kApproved,
      kRefused,      ///< the API server refused: `status`
      kUnreachable,  ///< no answer
    } kind = Kind::kUnreachable;
    kube::Status status;
  };
  using CallCloud = std::function<boost::asio::awaitable<CloudOutcome>(beehive::Application)>;

  struct Parts {
    beehive::ModuleContext& context;
    store::Store& store;
    const store::Reader& reader;
    std::string node_name;
    CallCloud call;
    /// Between two calls: CloudCore handles the calls of all its nodes one by one.
    std::chrono::milliseconds spacing = std::chrono::milliseconds(200);
    /// Back-off after a failed call, up to ten minutes; reset by each connection.
    std::chrono::milliseconds retry = std::chrono::seconds(30);
  };
  explicit OfflineWrites(Parts parts);
  OfflineWrites(const OfflineWrites&) = delete;
  OfflineWrites& operator=(const OfflineWrites&) = delete;

  /// `DELETE` of a pod: it is stopped here within its grace period. Returns the pod with its
  /// deletionTimestamp, which is the answer (200). Throws ApiError: 503 for a pod this node does not run or
  /// may not decide on, 409 if the preconditions do not hold, 404 if it does not exist.
  boost::asio::awaitable<Json> delete_pod(Json pod, Json delete_options);

  /// `PATCH` of a device. Returns the changed device. Throws ApiError: 503 if more than desired values would
  /// change or another node serves it, 409 for another version or uid, 400, 404, 413, 415.
  boost::asio::awaitable<Json> patch_device(Json device, std::string content_type, std::string patch);
  /// `PUT` of a device, like patch_device().
  boost::asio::awaitable<Json> update_device(Json device, Json wanted);

  /// Carries out accepted deletions on this node (a kill may have come in between), then sends the waiting
  /// writes. Runs until cancelled.
  boost::asio::awaitable<void> run();

  /// From the connection notices. Assumed connected until the first notice.
  void on_link(bool up);

  /// Writes that wait for the cloud.
  [[nodiscard]] std::size_t pending() const { return pending_; }
  /// Whether one of them is for the object with this uid. A newer write of that object has to wait behind it:
  /// sent past it, it would be undone.
  [[nodiscard]] bool has_pending(std::string_view uid) const;

 private:
  using Row = store::offline_writes::Row;
  enum class Local { kDone, kGone, kFailed };
  enum class Sent { kSettled, kKept, kUnreachable };
  struct LocalAnswer {
    Local result = Local::kFailed;
    Json object;
    kube::Status status;
  };

  void check_deletion(const Json& pod, const Json& options) const;
  boost::asio::awaitable<Row> add(Row row);
  boost::asio::awaitable<void> forget(std::int64_t id);
  boost::asio::awaitable<LocalAnswer> change(std::string resource, std::string uid, Json patch);
  void check_device(const Json& device) const;
  boost::asio::awaitable<Json> change_device(Json device, Json after);
  [[nodiscard]] Json newest_device(Json device) const;
  boost::asio::awaitable<bool> repeat_deletions();
  boost::asio::awaitable<Local> begin_deletion(const Row& row);
  [[nodiscard]] Json stored_pod(const Row& row) const;

  /// True if no write is left.
  boost::asio::awaitable<bool> send_all();
  boost::asio::awaitable<Sent> send(Row row);
  boost::asio::awaitable<void> pace();
  [[nodiscard]] beehive::Application call_of(const Row& row) const;
  Sent judge(const Row& row, const CloudOutcome& outcome);
  void count();

  Parts parts_;
  async::Event wakeup_;
  async::Semaphore device_turn_{1};  ///< a change begins with what the one before it has left
  bool down_ = false;
  bool deletions_begun_ = false;
  std::size_t pending_ = 0;
  std::chrono::milliseconds retry_;
  SteadyTime retry_at_{};
  SteadyTime last_call_{};
  log::Quiet refusals_;
};

}  // namespace edgecore::metaserver
