// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

#include "edgecore/base/log.hpp"
#include "edgecore/beehive/application.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/beehive/wakeup.hpp"
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
  /// How a call of the cloud's API ended.
  struct CloudOutcome {
    enum class Kind {
      kApproved,
      kRefused,      ///< the API server said no: `status`
      kUnreachable,  ///< nobody answered
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
    /// Between two calls: CloudCore makes the calls of all its nodes one after the other.
    std::chrono::milliseconds spacing = std::chrono::milliseconds(200);
    /// After a call that failed; doubles up to ten minutes, and begins anew with each connection.
    std::chrono::milliseconds retry = std::chrono::seconds(30);
  };
  explicit OfflineWrites(Parts parts);
  OfflineWrites(const OfflineWrites&) = delete;
  OfflineWrites& operator=(const OfflineWrites&) = delete;

  /// `DELETE` of a pod: it begins to end here, within its grace period. Gives back the pod as it is then,
  /// which is the answer (200). Throws ApiError: 503 for a pod this node does not run or may not decide on,
  /// 409 when the preconditions do not hold, 404 when it is gone.
  boost::asio::awaitable<Json> delete_pod(Json pod, Json delete_options);

  /// `PATCH` of a device. Gives back the device as it is then. Throws ApiError: 503 when more than desired
  /// values would change or another node serves it, 409 for another version or uid, 400, 404, 413, 415.
  boost::asio::awaitable<Json> patch_device(Json device, std::string content_type, std::string patch);
  /// The same for a `PUT`.
  boost::asio::awaitable<Json> update_device(Json device, Json wanted);

  /// Repeats what deletions have to do here (a kill may have come between their acceptance and that), then
  /// sends what waits. Until cancelled.
  boost::asio::awaitable<void> run();

  /// From the connection notices. Before the first one a connection is taken for possible.
  void on_link(bool up);

  /// Writes that wait for the cloud.
  [[nodiscard]] std::size_t pending() const { return pending_; }

 private:
  using Row = store::offline_writes::Row;
  enum class Local { kDone, kGone, kFailed };
  enum class Sent { kSettled, kKept, kUnreachable };
  struct LocalAnswer {
    Local result = Local::kFailed;
    Json object;
    kube::Status status;
  };

  boost::asio::awaitable<Row> add(Row row);
  boost::asio::awaitable<void> forget(std::int64_t id);
  boost::asio::awaitable<LocalAnswer> change(std::string resource, std::string uid, Json patch);
  boost::asio::awaitable<Json> change_device(Json device, Json after);
  boost::asio::awaitable<bool> repeat_deletions();
  boost::asio::awaitable<Local> begin_deletion(const Row& row);
  [[nodiscard]] Json stored_pod(const Row& row) const;

  /// True when nothing is left.
  boost::asio::awaitable<bool> send_all();
  boost::asio::awaitable<Sent> send(Row row);
  boost::asio::awaitable<void> pace();
  [[nodiscard]] beehive::Application call_of(const Row& row) const;
  Sent judge(const Row& row, const CloudOutcome& outcome);
  void count();

  Parts parts_;
  beehive::Wakeup wakeup_;
  bool down_ = false;
  bool deletions_begun_ = false;
  std::size_t pending_ = 0;
  std::chrono::milliseconds retry_;
  SteadyTime retry_at_{};
  SteadyTime last_call_{};
  log::Quiet refusals_;
};

}  // namespace edgecore::metaserver
