// SPDX-License-Identifier: Apache-2.0
#include "devicetwin/dmi/dmi_convert.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/kube/json.hpp"

namespace edgecore::devicetwin {
namespace {

using StringMap = google::protobuf::Map<std::string, std::string>;
using AnyMap = google::protobuf::Map<std::string, v1beta1::Any>;

constexpr std::size_t kMaxDepth = 128;

/// Reads the fields of a JSON object, which may be absent. Knows its path, for errors.
class Fields {
 public:
  Fields(const Json* object, std::string path) : object_(object), path_(std::move(path)) {
    if (object_ != nullptr && object_->is_null()) object_ = nullptr;
    if (object_ != nullptr && !object_->is_object()) wrong_type(path_, "an object", *object_);
  }

  [[nodiscard]] bool present() const { return object_ != nullptr; }
  [[nodiscard]] const Json* json() const { return object_; }

  [[nodiscard]] std::string text(std::string_view key) const {
    const Json* value = find(key);
    if (value == nullptr) return {};
    if (!value->is_string()) wrong_type(path_of(key), "a string", *value);
    return value->get<std::string>();
  }

  [[nodiscard]] bool flag(std::string_view key) const {
    const Json* value = find(key);
    if (value == nullptr) return false;
    if (!value->is_boolean()) wrong_type(path_of(key), "true or false", *value);
    return value->get<bool>();
  }

  [[nodiscard]] std::int64_t number(std::string_view key) const {
    const Json* value = find(key);
    if (value == nullptr) return 0;
    const auto number = kube::to_int(*value);
    if (!number) wrong_type(path_of(key), "a whole number", *value);
    return *number;
  }

  [[nodiscard]] std::int32_t small_number(std::string_view key) const {
    const auto value = number(key);
    if (value < std::numeric_limits<std::int32_t>::min() || value > std::numeric_limits<std::int32_t>::max())
      throw BadInput(fmt::format("\"{}\" is {}, which does not fit 32 bits", path_of(key), value));
    return static_cast<std::int32_t>(value);
  }

  [[nodiscard]] Fields object(std::string_view key) const { return {find(key), path_of(key)}; }

  /// Reads an array of objects.
  [[nodiscard]] std::vector<Fields> objects(std::string_view key) const {
    std::vector<Fields> all;
    const Json* array = array_at(key);
    if (array == nullptr) return all;
    for (const Json& one : *array) all.emplace_back(&one, fmt::format("{}[{}]", path_of(key), all.size()));
    return all;
  }

  [[nodiscard]] std::vector<std::string> texts(std::string_view key) const {
    std::vector<std::string> all;
    const Json* array = array_at(key);
    if (array == nullptr) return all;
    for (const Json& one : *array) all.push_back(text_of(one, path_of(key)));
    return all;
  }

  /// Reads an object of strings.
  void copy_map(std::string_view key, StringMap& to) const {
    const Fields map = object(key);
    if (!map.present()) return;
    for (const auto& [name, value] : map.object_->items()) to[name] = text_of(value, map.path_of(name));
  }

 private:
  [[nodiscard]] const Json* find(std::string_view key) const {
    if (object_ == nullptr) return nullptr;
    auto found = object_->find(key);
    for (auto at = object_->begin(); found == object_->end() && at != object_->end(); ++at)
      if (iequals(at.key(), key)) found = at;
    return found == object_->end() || found->is_null() ? nullptr : &*found;
  }

  [[nodiscard]] const Json* array_at(std::string_view key) const {
    const Json* value = find(key);
    if (value != nullptr && !value->is_array()) wrong_type(path_of(key), "an array", *value);
    return value;
  }

  static std::string text_of(const Json& value, const std::string& path) {
    if (value.is_null()) return {};
    if (!value.is_string()) wrong_type(path, "a string", value);
    return value.get<std::string>();
  }

  [[nodiscard]] std::string path_of(std::string_view key) const {
    return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
  }

  [[noreturn]] static void wrong_type(const std::string& path, const char* wanted, const Json& found) {
    const std::string name = path.empty() ? "it" : "\"" + path + "\"";
    throw BadInput(fmt::format("{} must be {}, not {}", name, wanted, found.type_name()));
  }

  const Json* object_;
  std::string path_;
};

template <class Wrapper>
v1beta1::Any wrapped(const char* type, const Wrapper& wrapper) {
  v1beta1::Any any;
  any.set_type_url(std::string("type.googleapis.com/google.protobuf.") + type);
  any.set_value(wrapper.SerializeAsString());
  return any;
}

v1beta1::Any wrapped_text(std::string text) {
  v1beta1::StringValue wrapper;
  wrapper.set_value(std::move(text));
  return wrapped("StringValue", wrapper);
}

/// The nearest 32-bit float, as Go converts; an infinity beyond its range.
float to_float(double number) {
  if (std::abs(number) > static_cast<double>(std::numeric_limits<float>::max()))
    return number < 0 ? -std::numeric_limits<float>::infinity() : std::numeric_limits<float>::infinity();
  return static_cast<float>(number);
}

/// The number as a 64-bit integer, if it is an integer that a float cannot represent.
std::optional<std::int64_t> integer_beyond_float(const Json& value) {
  const auto whole = kube::to_int(value);
  if (!whole) return std::nullopt;
  const float near = to_float(static_cast<double>(*whole));
  // 2^63 as a float does not fit an int64; compare before the cast.
  const bool exact = near < 0x1p63F && static_cast<std::int64_t>(near) == *whole;
  return exact ? std::nullopt : whole;
}

v1beta1::Any wrapped_number(const Json& value) {
  if (const auto whole = integer_beyond_float(value)) {
    v1beta1::Int64Value wrapper;
    wrapper.set_value(*whole);
    return wrapped("Int64Value", wrapper);
  }
  v1beta1::FloatValue wrapper;
  wrapper.set_value(to_float(value.get<double>()));
  return wrapped("FloatValue", wrapper);
}

void write_free_object(const Fields& from, AnyMap& to) {
  if (!from.present()) return;
  for (const auto& [key, value] : from.json()->items()) to[key] = any_message(value);
}

void write(v1beta1::TwinProperty& to, const Fields& from) {
  to.set_value(from.text("value"));
  from.copy_map("metadata", *to.mutable_metadata());
}

void write(v1beta1::PushMethodHTTP& to, const Fields& from) {
  to.set_hostname(from.text("hostName"));
  to.set_port(from.number("port"));
  to.set_requestpath(from.text("requestPath"));
  to.set_timeout(from.number("timeout"));
}

void write(v1beta1::PushMethodMQTT& to, const Fields& from) {
  to.set_address(from.text("address"));
  to.set_topic(from.text("topic"));
  to.set_qos(from.small_number("qos"));
  to.set_retained(from.flag("retained"));
}

void write(v1beta1::DBMethodInfluxdb2& to, const Fields& from) {
  if (const auto client = from.object("influxdb2ClientConfig"); client.present()) {
    auto& config = *to.mutable_influxdb2clientconfig();
    config.set_url(client.text("url"));
    config.set_org(client.text("org"));
    config.set_bucket(client.text("bucket"));
  }
  if (const auto data = from.object("influxdb2DataConfig"); data.present()) {
    auto& config = *to.mutable_influxdb2dataconfig();
    config.set_measurement(data.text("measurement"));
    data.copy_map("tag", *config.mutable_tag());
    config.set_fieldkey(data.text("fieldKey"));
  }
}

void write(v1beta1::DBMethodRedis& to, const Fields& from) {
  const auto client = from.object("redisClientConfig");
  if (!client.present()) return;
  auto& config = *to.mutable_redisclientconfig();
  config.set_addr(client.text("addr"));
  config.set_db(client.small_number("db"));
  config.set_poolsize(client.small_number("poolsize"));
  config.set_minidleconns(client.small_number("minIdleConns"));
}

void write(v1beta1::DBMethodTDEngine& to, const Fields& from) {
  const auto client = from.object("TDEngineClientConfig");
  if (!client.present()) return;
  auto& config = *to.mutable_tdengineclientconfig();
  config.set_addr(client.text("addr"));
  config.set_dbname(client.text("dbName"));
}

void write(v1beta1::DBMethodMySQL& to, const Fields& from) {
  const auto client = from.object("mysqlClientConfig");
  if (!client.present()) return;
  auto& config = *to.mutable_mysqlclientconfig();
  config.set_addr(client.text("addr"));
  config.set_database(client.text("database"));
  config.set_username(client.text("userName"));
}

void write(v1beta1::DBMethod& to, const Fields& from) {
  if (const auto one = from.object("influxdb2"); one.present()) write(*to.mutable_influxdb2(), one);
  if (const auto one = from.object("redis"); one.present()) write(*to.mutable_redis(), one);
  if (const auto one = from.object("TDEngine"); one.present()) write(*to.mutable_tdengine(), one);
  if (const auto one = from.object("mysql"); one.present()) write(*to.mutable_mysql(), one);
}

void write(v1beta1::PushMethod& to, const Fields& from) {
  if (const auto http = from.object("http"); http.present()) write(*to.mutable_http(), http);
  if (const auto mqtt = from.object("mqtt"); mqtt.present()) write(*to.mutable_mqtt(), mqtt);
  if (const auto db = from.object("dbMethod"); db.present()) write(*to.mutable_dbmethod(), db);
  if (const auto otel = from.object("otel"); otel.present())
    to.mutable_otel()->set_endpointurl(otel.text("endpointURL"));
  if (const auto anomaly = from.object("anomalyDetection"); anomaly.present())
    write_free_object(anomaly, *to.mutable_anomalydetection()->mutable_data());
}

void write(v1beta1::DeviceProperty& to, const Fields& from) {
  to.set_name(from.text("name"));
  write(*to.mutable_desired(), from.object("desired"));
  const auto visitors = from.object("visitors");
  to.mutable_visitors()->set_protocolname(visitors.text("protocolName"));
  write_free_object(visitors.object("configData"),
                    *to.mutable_visitors()->mutable_configdata()->mutable_data());
  to.set_reportcycle(from.number("reportCycle"));
  to.set_collectcycle(from.number("collectCycle"));
  to.set_reporttocloud(from.flag("reportToCloud"));
  if (const auto push = from.object("pushMethod"); push.present()) write(*to.mutable_pushmethod(), push);
}

void write(v1beta1::DeviceSpec& to, const Fields& from) {
  to.set_devicemodelreference(from.object("deviceModelRef").text("name"));
  const auto protocol = from.object("protocol");
  to.mutable_protocol()->set_protocolname(protocol.text("protocolName"));
  if (const auto config = protocol.object("configData"); config.present())
    write_free_object(config, *to.mutable_protocol()->mutable_configdata()->mutable_data());
  for (const Fields& property : from.objects("properties")) write(*to.add_properties(), property);
  for (const Fields& method : from.objects("methods")) {
    auto& one = *to.add_methods();
    one.set_name(method.text("name"));
    one.set_description(method.text("description"));
    for (auto& name : method.texts("propertyNames")) one.add_propertynames(std::move(name));
  }
}

/// `report` holds reportToCloud and reportCycle: the status itself in v1.19, `spec.stateReport` in v1.23.
void write(v1beta1::DeviceStatus& to, const Fields& status, const Fields& report) {
  for (const Fields& twin : status.objects("twins")) {
    auto& one = *to.add_twins();
    one.set_propertyname(twin.text("propertyName"));
    write(*one.mutable_observeddesired(), twin.object("observedDesired"));
    write(*one.mutable_reported(), twin.object("reported"));
  }
  to.set_reporttocloud(report.flag("reportToCloud"));
  to.set_reportcycle(report.number("reportCycle"));
}

/// Sets name and namespace, then the rest. Errors get the object's name.
template <class Message, class WriteRest>
Message named(const char* kind, const Json& object, const WriteRest& write_rest) {
  Message message;
  try {
    if (kube::json_depth(object, kMaxDepth) > kMaxDepth)
      throw BadInput(fmt::format("it nests deeper than {} levels", kMaxDepth));
    const Fields root(&object, "");
    const auto metadata = root.object("metadata");
    message.set_name(metadata.text("name"));
    message.set_namespace_(metadata.text("namespace"));
    if (message.name().empty()) throw BadInput("\"metadata.name\" is missing");
    write_rest(message, root);
  } catch (const BadInput& error) {
    throw BadInput(fmt::format("The {} \"{}/{}\" cannot be converted for a mapper: {}", kind,
                               log::quote(message.namespace_()), log::quote(message.name()),
                               log::quote(error.what(), 300)));
  }
  return message;
}

Mapper read(const v1beta1::MapperInfo& info) {
  return {info.name(), info.version(), info.api_version(), info.protocol(), info.address(), info.state()};
}

std::optional<std::string> value_of(bool present, const v1beta1::TwinProperty& property) {
  return present ? std::optional(property.value()) : std::nullopt;
}

template <class Message>
Message parsed(const char* what, std::string_view bytes) {
  Message message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    throw BadInput(fmt::format("The request is not a valid {}.", what));
  return message;
}

void read_report(const v1beta1::ReportDeviceStatusRequest& message, DmiRequest& request) {
  request.device_namespace = message.devicenamespace();
  request.device_name = message.devicename();
  const auto& twins = message.reporteddevice().twins();
  if (twins.size() > kMaxReportedTwins)
    throw BadInput(fmt::format("The report holds {} twins; at most {} are taken at once.", twins.size(),
                               kMaxReportedTwins));
  request.twins.reserve(static_cast<std::size_t>(twins.size()));
  for (const auto& twin : twins)
    request.twins.push_back({twin.propertyname(),
                             value_of(twin.has_observeddesired(), twin.observeddesired()),
                             value_of(twin.has_reported(), twin.reported())});
}

template <class Request>
std::string device_request(const Json& object) {
  Request request;
  *request.mutable_device() = device_message(object);
  return request.SerializeAsString();
}

template <class Request>
std::string model_request(const Json& object) {
  Request request;
  *request.mutable_model() = model_message(object);
  return request.SerializeAsString();
}

}  // namespace

v1beta1::Any any_message(const Json& value) {
  if (value.is_string()) return wrapped_text(value.get<std::string>());
  if (value.is_number()) return wrapped_number(value);
  if (value.is_boolean()) {
    v1beta1::BoolValue wrapper;
    wrapper.set_value(value.get<bool>());
    return wrapped("BoolValue", wrapper);
  }
  return wrapped_text(kube::dump_json(value));
}

v1beta1::Device device_message(const Json& object) {
  return named<v1beta1::Device>("Device", object, [](v1beta1::Device& device, const Fields& root) {
    const auto spec = root.object("spec");
    const auto status = root.object("status");
    const auto state_report = spec.object("stateReport");
    write(*device.mutable_spec(), spec);
    write(*device.mutable_status(), status, state_report.present() ? state_report : status);
  });
}

v1beta1::DeviceModel model_message(const Json& object) {
  return named<v1beta1::DeviceModel>(
      "DeviceModel", object, [](v1beta1::DeviceModel& model, const Fields& root) {
        auto& spec = *model.mutable_spec();
        for (const Fields& property : root.object("spec").objects("properties")) {
          auto& one = *spec.add_properties();
          one.set_name(property.text("name"));
          one.set_description(property.text("description"));
          one.set_type(property.text("type"));
          one.set_accessmode(property.text("accessMode"));
          one.set_minimum(property.text("minimum"));
          one.set_maximum(property.text("maximum"));
          one.set_unit(property.text("unit"));
        }
      });
}

v1beta1::MapperRegisterResponse register_response(const std::vector<Json>& models,
                                                  const std::vector<Json>& devices) {
  v1beta1::MapperRegisterResponse response;
  for (std::size_t i = 0; i < std::min(models.size(), devices.size()); ++i) {
    try {
      auto model = model_message(models[i]);
      auto device = device_message(devices[i]);
      *response.add_modellist() = std::move(model);
      *response.add_devicelist() = std::move(device);
    } catch (const BadInput& error) {
      log::get("devicetwin")->warn("the answer to a registering mapper lacks a device: {}", error.what());
    }
  }
  return response;
}

DmiRequest read_request(DmiRequest::Kind kind, std::string_view bytes) {
  DmiRequest request;
  request.kind = kind;
  if (kind == DmiRequest::Kind::kRegister) {
    const auto message = parsed<v1beta1::MapperRegisterRequest>("MapperRegisterRequest", bytes);
    request.with_data = message.withdata();
    if (message.has_mapper()) request.mapper = read(message.mapper());
  } else if (kind == DmiRequest::Kind::kReportStatus) {
    read_report(parsed<v1beta1::ReportDeviceStatusRequest>("ReportDeviceStatusRequest", bytes), request);
  } else {
    const auto message = parsed<v1beta1::ReportDeviceStatesRequest>("ReportDeviceStatesRequest", bytes);
    request.device_namespace = message.devicenamespace();
    request.device_name = message.devicename();
    request.state = message.state();
  }
  return request;
}

MapperRequest write_request(const MapperCall& call) {
  using Kind = MapperCall::Kind;
  if (call.kind == Kind::kRemoveDevice) {
    v1beta1::RemoveDeviceRequest request;
    request.set_devicename(call.name);
    request.set_devicenamespace(call.name_space);
    return {"RemoveDevice", request.SerializeAsString()};
  }
  if (call.kind == Kind::kRemoveDeviceModel) {
    v1beta1::RemoveDeviceModelRequest request;
    request.set_modelname(call.name);
    request.set_modelnamespace(call.name_space);
    return {"RemoveDeviceModel", request.SerializeAsString()};
  }
  const Json object = kube::parse_json(call.object, "The object for the mapper");
  switch (call.kind) {
    case Kind::kRegisterDevice:
      return {"RegisterDevice", device_request<v1beta1::RegisterDeviceRequest>(object)};
    case Kind::kUpdateDevice:
      return {"UpdateDevice", device_request<v1beta1::UpdateDeviceRequest>(object)};
    case Kind::kCreateDeviceModel:
      return {"CreateDeviceModel", model_request<v1beta1::CreateDeviceModelRequest>(object)};
    default:
      return {"UpdateDeviceModel", model_request<v1beta1::UpdateDeviceModelRequest>(object)};
  }
}

}  // namespace edgecore::devicetwin
