// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

/// The Device Mapper Interface, seen from DeviceTwin (protocol/04-devices.md §3): what mappers ask and what
/// they are told. gRPC and protobuf stay behind these interfaces, so that everything else is tested without
/// them.
namespace edgecore::devicetwin {

/// A mapper as it registers itself (MapperInfo, §3.3).
struct Mapper {
  std::string name;
  std::string version;
  std::string api_version;
  std::string protocol;  ///< which devices are its: those with this `spec.protocol.protocolName`
  std::string address;   ///< path of the unix socket on which it serves DeviceMapperService
  std::string state;
  bool operator==(const Mapper&) const = default;
};

/// One property of a device as its mapper reports it. nullopt: the mapper did not say (the submessage is
/// absent).
struct ReportedTwin {
  std::string property;
  std::optional<std::string> observed_desired;
  std::optional<std::string> reported;
};

/// One rpc of a mapper, decoded but not judged.
struct DmiRequest {
  enum class Kind { kRegister, kReportStatus, kReportStates };
  Kind kind = Kind::kRegister;
  std::uint64_t id = 0;             ///< for the answer
  bool with_data = false;           ///< kRegister: the mapper wants its models and devices
  std::optional<Mapper> mapper;     ///< kRegister; nullopt: absent
  std::string device_namespace;     ///< reports
  std::string device_name;          ///< reports
  std::vector<ReportedTwin> twins;  ///< kReportStatus
  std::string state;                ///< kReportStates
};

/// How an rpc ends. The numbers are gRPC's.
struct DmiStatus {
  enum class Code {
    kOk = 0,
    kUnknown = 2,
    kInvalidArgument = 3,
    kNotFound = 5,
    kResourceExhausted = 8,
    kInternal = 13,
    kUnavailable = 14
  };
  Code code = Code::kOk;
  std::string text;  ///< a sentence; "" when it went well
  [[nodiscard]] bool ok() const { return code == Code::kOk; }
};

/// Serves `v1beta1.DeviceManagerService` on a unix socket (§3.1, §3.2). Owned by the module and used on its
/// thread. Destroying it ends the listener, removes the socket's file and ends rpcs that wait as unavailable;
/// it takes no longer than a few tenths of a second, whatever clients do. What mappers may cost is bounded:
/// requests of 1 MiB and 1024 twins, 256 rpcs in hand that hold 8 MiB, 128 connections with 64 rpcs each.
class DmiServer {
 public:
  virtual ~DmiServer() = default;
  /// Ends the rpc `id`; one that is not there any more (its deadline is over, the mapper is gone) is ignored.
  virtual void answer(std::uint64_t id, const DmiStatus& status) = 0;
  /// Ends a kRegister with the models and devices as the cluster has them (JSON objects of kind DeviceModel
  /// and Device, converted as §3.4 says; the two lists are parallel, a model is repeated for each of its
  /// devices). One that cannot be converted is left out, with its model, and named in the log. False when
  /// the rpc was not there any more.
  virtual bool answer_register(std::uint64_t id, const std::vector<nlohmann::json>& models,
                               const std::vector<nlohmann::json>& devices) = 0;
};

/// Takes a request over; false when there is no room (the rpc ends as kResourceExhausted). Called on gRPC's
/// threads, several at a time; must be short and must not throw.
using DmiSink = std::function<bool(DmiRequest)>;

/// Makes the server. Throws Error when it cannot listen there (a sentence). A file of that name that nobody
/// listens on is removed first; the socket's mode is what the umask leaves of 0777, as the Go agent's.
using DmiServerFactory =
    std::function<std::unique_ptr<DmiServer>(const std::filesystem::path& socket, DmiSink sink)>;

/// One rpc of `v1beta1.DeviceMapperService`, which the mapper serves.
struct MapperCall {
  enum class Kind {
    kRegisterDevice,
    kUpdateDevice,
    kRemoveDevice,
    kCreateDeviceModel,
    kUpdateDeviceModel,
    kRemoveDeviceModel
  };
  Kind kind = Kind::kRegisterDevice;
  std::string name_space;
  std::string name;
  std::string object;  ///< JSON text of the Device or DeviceModel; "" for removals
};

/// Calls mappers. Owned by the module and used on its thread; calls complete there.
class MapperClient {
 public:
  virtual ~MapperClient() = default;
  /// Calls the mapper that listens on `address` (a path). Ends with the mapper's status; kUnavailable when
  /// nobody listens or `deadline` is over; kInvalidArgument when the object cannot be converted (then nothing
  /// is sent), or the address is no path; kUnknown for codes of the mapper's that DmiStatus lacks, such as
  /// that it does not serve the rpc. `address` may also be written "unix:///path". Each call has a connection
  /// of its own, and calls do not wait for one another. Cancellation: terminal, with
  /// boost::system::system_error (operation_aborted).
  virtual boost::asio::awaitable<DmiStatus> call(std::string address, MapperCall call,
                                                 std::chrono::milliseconds deadline) = 0;
};
using MapperClientFactory = std::function<std::unique_ptr<MapperClient>()>;

/// The real ones (cmake target edgecore_devicetwin_grpc).
std::unique_ptr<DmiServer> make_grpc_dmi_server(const std::filesystem::path& socket, DmiSink sink);
std::unique_ptr<MapperClient> make_grpc_mapper_client();

}  // namespace edgecore::devicetwin
