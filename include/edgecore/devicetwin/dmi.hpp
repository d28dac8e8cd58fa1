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

/// The Device Mapper Interface as DeviceTwin uses it (protocol/04-devices.md §3): requests of mappers and
/// calls to them. gRPC and protobuf stay behind these interfaces, so that the rest is tested without them.
namespace edgecore::devicetwin {

/// A mapper as it registers itself (MapperInfo, §3.3).
struct Mapper {
  std::string name;
  std::string version;
  std::string api_version;
  std::string protocol;  ///< it serves the devices with this `spec.protocol.protocolName`
  std::string address;   ///< path of the unix socket on which it serves DeviceMapperService
  std::string state;
  bool operator==(const Mapper&) const = default;
};

/// One property of a device in a mapper's report. nullopt: the submessage is absent.
struct ReportedTwin {
  std::string property;
  std::optional<std::string> observed_desired;
  std::optional<std::string> reported;
};

/// One rpc of a mapper, decoded but not checked.
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

/// The result of an rpc, with gRPC's numbers.
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
  std::string text;  ///< a sentence; "" on success
  [[nodiscard]] bool ok() const { return code == Code::kOk; }
};

/// Serves `v1beta1.DeviceManagerService` on a unix socket (§3.1, §3.2). Owned by the module and used on its
/// thread. Destroying it closes the listener, removes the socket's file and ends waiting rpcs as unavailable,
/// within a few tenths of a second. Limits: requests of 1 MiB and 1024 twins, 256 open rpcs that hold 8 MiB,
/// 128 connections with 64 rpcs each.
class DmiServer {
 public:
  virtual ~DmiServer() = default;
  /// Ends the rpc `id`; ignores one that has ended (deadline, mapper gone).
  virtual void answer(std::uint64_t id, const DmiStatus& status) = 0;
  /// Ends a kRegister with the cluster's models and devices (JSON objects of kind DeviceModel and Device,
  /// converted by §3.4; the two lists are parallel, so a model is repeated for each of its devices). A device
  /// that cannot be converted is left out with its model, and logged. False if the rpc has ended.
  virtual bool answer_register(std::uint64_t id, const std::vector<nlohmann::json>& models,
                               const std::vector<nlohmann::json>& devices) = 0;
};

/// Takes a request; false if there is no room (the rpc ends as kResourceExhausted). Called on gRPC's threads,
/// several at a time; must be short and must not throw.
using DmiSink = std::function<bool(DmiRequest)>;

/// Makes the server. Throws Error with a sentence if it cannot listen. A stale socket file is removed first;
/// the socket's mode is 0600.
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
  /// Calls the mapper that listens on `address` (a path, or "unix:///path"). Returns the mapper's status;
  /// kUnavailable if nobody listens or `deadline` passes; kInvalidArgument if the object cannot be converted
  /// (nothing is sent) or the address is not a path; kUnknown for codes that DmiStatus lacks, such as an rpc
  /// that the mapper does not serve. Each call opens its own connection; calls do not wait for one another.
  /// Cancellation: terminal, with boost::system::system_error (operation_aborted).
  virtual boost::asio::awaitable<DmiStatus> call(std::string address, MapperCall call,
                                                 std::chrono::milliseconds deadline) = 0;
};
using MapperClientFactory = std::function<std::unique_ptr<MapperClient>()>;

/// The gRPC implementations (cmake target edgecore_devicetwin_grpc).
std::unique_ptr<DmiServer> make_grpc_dmi_server(const std::filesystem::path& socket, DmiSink sink);
std::unique_ptr<MapperClient> make_grpc_mapper_client();

}  // namespace edgecore::devicetwin
