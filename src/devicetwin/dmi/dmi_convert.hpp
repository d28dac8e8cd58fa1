// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dmi.pb.h>

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/devicetwin/dmi.hpp"

/// Converts between the cluster's objects and the messages of proto/dmi.proto (protocol/04-devices.md §3.4).
/// Pure functions. Field names in objects match in any case, as in Go; null counts as absent.
namespace edgecore::devicetwin {

/// Limit of twins in one report: mappers send one or a few, and each takes many times its bytes in memory.
inline constexpr int kMaxReportedTwins = 1024;

/// The Device for a mapper. Submessages that mappers read without a check are always set: `spec`, `status`,
/// `spec.protocol`, each property's `desired`, `visitors` and `visitors.configData`, both sides of a status
/// twin. Throws BadInput, naming object and field, if a value has a type that the CRD does not allow, if
/// there is no name, or if it nests deeper than 128 levels.
v1beta1::Device device_message(const nlohmann::json& object);
v1beta1::DeviceModel model_message(const nlohmann::json& object);

/// One value of a `configData`: a string, number, or bool in Google's wrapper of its type. An integer that a
/// 32-bit float cannot represent becomes an Int64Value; null, arrays and objects become their JSON text in a
/// StringValue (v1.17 did not deliver such a device at all).
v1beta1::Any any_message(const nlohmann::json& value);

/// The answer to a registration, see DmiServer::answer_register.
v1beta1::MapperRegisterResponse register_response(const std::vector<nlohmann::json>& models,
                                                  const std::vector<nlohmann::json>& devices);

/// Reads a mapper's request. Throws BadInput if the bytes are not such a message or hold too many twins.
DmiRequest read_request(DmiRequest::Kind kind, std::string_view bytes);

/// A call of a mapper as sent: the rpc's bare name ("RegisterDevice") and the bytes of the request.
struct MapperRequest {
  const char* method;
  std::string bytes;
};
/// Throws BadInput if the object is not valid JSON or cannot be converted.
MapperRequest write_request(const MapperCall& call);

}  // namespace edgecore::devicetwin
