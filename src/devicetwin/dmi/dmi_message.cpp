// SPDX-License-Identifier: Apache-2.0
#include "devicetwin/dmi/dmi_message.hpp"

#include "edgecore/beehive/names.hpp"
#include "edgecore/kube/json.hpp"

namespace edgecore::devicetwin {
namespace {

/// Source, operation and resource.
constexpr char kDmi[] = "dmi";

}  // namespace

bool is_dmi_message(const beehive::Message& message) {
  return message.route.source == kDmi && message.route.operation == kDmi;
}

beehive::Message dmi_message(const DmiRequest& request) {
  Json content = Json::object();
  content["kind"] = static_cast<int>(request.kind);
  content["id"] = request.id;
  content["withData"] = request.with_data;
  content["namespace"] = request.device_namespace;
  content["name"] = request.device_name;
  content["state"] = request.state;
  if (request.mapper) {
    const Mapper& mapper = *request.mapper;
    content["mapper"] = {
        {"name", mapper.name},         {"version", mapper.version}, {"api_version", mapper.api_version},
        {"protocol", mapper.protocol}, {"address", mapper.address}, {"state", mapper.state}};
  }
  Json& twins = content["twins"] = Json::array();
  for (const ReportedTwin& twin : request.twins) {
    Json each = {{"property", twin.property}};
    if (twin.observed_desired) each["observed"] = *twin.observed_desired;
    if (twin.reported) each["reported"] = *twin.reported;
    twins.push_back(std::move(each));
  }
  return beehive::make_message(kDmi, names::group::kTwin, kDmi, kDmi, std::move(content));
}

DmiRequest dmi_request(const Json& content) {
  DmiRequest request;
  request.kind = static_cast<DmiRequest::Kind>(content.at("kind").get<int>());
  request.id = content.at("id").get<std::uint64_t>();
  request.with_data = content.at("withData").get<bool>();
  request.device_namespace = content.at("namespace").get<std::string>();
  request.device_name = content.at("name").get<std::string>();
  request.state = content.at("state").get<std::string>();
  if (const auto mapper = content.find("mapper"); mapper != content.end()) {
    request.mapper =
        Mapper{mapper->at("name").get<std::string>(),        mapper->at("version").get<std::string>(),
               mapper->at("api_version").get<std::string>(), mapper->at("protocol").get<std::string>(),
               mapper->at("address").get<std::string>(),     mapper->at("state").get<std::string>()};
  }
  for (const Json& each : content.at("twins")) {
    ReportedTwin twin;
    twin.property = each.at("property").get<std::string>();
    if (each.contains("observed")) twin.observed_desired = each.at("observed").get<std::string>();
    if (each.contains("reported")) twin.reported = each.at("reported").get<std::string>();
    request.twins.push_back(std::move(twin));
  }
  return request;
}

}  // namespace edgecore::devicetwin
