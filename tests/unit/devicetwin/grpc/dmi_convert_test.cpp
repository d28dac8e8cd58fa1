// SPDX-License-Identifier: Apache-2.0
#include "devicetwin/dmi/dmi_convert.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "edgecore/base/error.hpp"

namespace edgecore::devicetwin {
namespace {

using Json = nlohmann::json;

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return bytes;
}

std::string type_of(const Json& value) {
  const std::string url = any_message(value).type_url();
  return url.substr(url.rfind('.') + 1);
}

template <class Wrapper>
auto unwrapped(const Json& value) {
  Wrapper wrapper;
  EXPECT_TRUE(wrapper.ParseFromString(any_message(value).value()));
  return wrapper.value();
}

/// The Device of protocol/04-devices.md §4, as it arrives on the edge.
Json sensor() {
  return Json::parse(R"({"kind":"Device","apiVersion":"devices.kubeedge.io/v1beta1",
    "metadata":{"name":"sensor","namespace":"default","uid":"u","resourceVersion":"512"},
    "spec":{"deviceModelRef":{"name":"sensor-model"},"nodeName":"edge1",
     "properties":[{"name":"temperature","desired":{"value":"30"},
       "visitors":{"protocolName":"modbus","configData":{"register":"HoldingRegister","offset":2}},
       "reportCycle":1000,"collectCycle":2000,"reportToCloud":true}],
     "protocol":{"protocolName":"modbus","configData":{"serialPort":"/dev/ttyS0","baudRate":9600}}},
    "status":{}})");
}

Json model() {
  return Json::parse(R"({"metadata":{"name":"sensor-model","namespace":"default"},"spec":{"protocol":"modbus",
    "properties":[{"name":"temperature","description":"d","type":"INT","accessMode":"ReadWrite",
      "minimum":"1","maximum":"100","unit":"C"}]}})");
}

std::string problem_of(const Json& device) {
  try {
    device_message(device);
  } catch (const BadInput& error) {
    return error.what();
  }
  return "";
}

// ---- Values of configData

TEST(AnyTest, BytesAreThoseOfTheGoAgent) {
  EXPECT_EQ(
      any_message("/dev/ttyS0").SerializeAsString(),
      from_hex("0a2f747970652e676f6f676c65617069732e636f6d2f676f6f676c652e70726f746f6275662e537472696e67"
               "56616c7565120c0a0a2f6465762f7474795330"));
  EXPECT_EQ(
      any_message(9600).SerializeAsString(),
      from_hex("0a2e747970652e676f6f676c65617069732e636f6d2f676f6f676c652e70726f746f6275662e466c6f617456616c"
               "7565"
               "12050d00001646"));
  const auto yes = any_message(true);
  EXPECT_EQ(yes.type_url(), "type.googleapis.com/google.protobuf.BoolValue");
  EXPECT_EQ(yes.value(), from_hex("0801"));
}

TEST(AnyTest, WholeNumbersThatAFloatDoesNotHoldAreInt64) {
  EXPECT_EQ(unwrapped<v1beta1::FloatValue>(16'777'216), 16'777'216.0F);
  EXPECT_EQ(unwrapped<v1beta1::FloatValue>(-5), -5.0F);
  EXPECT_EQ(unwrapped<v1beta1::FloatValue>(4'294'967'296), 4'294'967'296.0F);
  for (const std::int64_t number :
       {std::int64_t{16'777'217}, std::int64_t{-16'777'217}, std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_EQ(type_of(number), "Int64Value") << number;
    EXPECT_EQ(unwrapped<v1beta1::Int64Value>(number), number);
  }
  EXPECT_EQ(type_of(std::numeric_limits<std::int64_t>::min()), "FloatValue");  // a power of two
  EXPECT_EQ(unwrapped<v1beta1::Int64Value>(Json::parse("16777217.0")), 16'777'217);
  EXPECT_EQ(type_of(std::numeric_limits<std::uint64_t>::max()),
            "FloatValue");  // does not fit an int64 either
}

TEST(AnyTest, FractionsAreTheNearestFloat) {
  EXPECT_EQ(unwrapped<v1beta1::FloatValue>(0.1), 0.1F);
  EXPECT_EQ(unwrapped<v1beta1::FloatValue>(1e300), std::numeric_limits<float>::infinity());
  EXPECT_EQ(unwrapped<v1beta1::FloatValue>(-1e300), -std::numeric_limits<float>::infinity());
}

TEST(AnyTest, OtherValuesAreTheirJsonText) {
  EXPECT_EQ(unwrapped<v1beta1::StringValue>(nullptr), "null");
  EXPECT_EQ(unwrapped<v1beta1::StringValue>(Json::parse(R"([1, "a"])")), R"([1,"a"])");
  EXPECT_EQ(unwrapped<v1beta1::StringValue>(Json::parse(R"({"b": {}})")), R"({"b":{}})");
}

// ---- Objects

TEST(DeviceMessageTest, CarriesWhatTheClusterSays) {
  const auto device = device_message(sensor());
  EXPECT_EQ(device.name(), "sensor");
  EXPECT_EQ(device.namespace_(), "default");
  EXPECT_EQ(device.spec().devicemodelreference(), "sensor-model");
  EXPECT_EQ(device.spec().protocol().protocolname(), "modbus");
  const auto& config = device.spec().protocol().configdata().data();
  EXPECT_EQ(config.size(), 2U);
  EXPECT_EQ(config.at("serialPort").SerializeAsString(), any_message("/dev/ttyS0").SerializeAsString());
  EXPECT_EQ(config.at("baudRate").SerializeAsString(), any_message(9600).SerializeAsString());
  ASSERT_EQ(device.spec().properties_size(), 1);
  const auto& property = device.spec().properties(0);
  EXPECT_EQ(property.name(), "temperature");
  EXPECT_EQ(property.desired().value(), "30");
  EXPECT_EQ(property.visitors().protocolname(), "modbus");
  EXPECT_EQ(property.visitors().configdata().data().at("offset").SerializeAsString(),
            any_message(2).SerializeAsString());
  EXPECT_EQ(property.reportcycle(), 1000);
  EXPECT_EQ(property.collectcycle(), 2000);
  EXPECT_TRUE(property.reporttocloud());
  EXPECT_FALSE(property.has_pushmethod());
}

TEST(DeviceMessageTest, WhatMappersReadUncheckedIsAlwaysThere) {
  for (const char* spec : {"null", "{}", R"({"deviceModelRef":null,"protocol":null,"properties":null})"}) {
    const auto device =
        device_message(Json::parse(std::string(R"({"metadata":{"name":"d"},"spec":)") + spec + "}"));
    EXPECT_TRUE(device.has_spec());
    EXPECT_TRUE(device.has_status());
    EXPECT_TRUE(device.spec().has_protocol());
    EXPECT_FALSE(device.spec().protocol().has_configdata());
  }
  auto object = sensor();
  object["spec"]["properties"] = Json::parse(R"([{"name":"a"}, null, {"visitors":{"configData":null}}])");
  object["status"] = Json::parse(R"({"twins":[{"propertyName":"a"}]})");
  const auto device = device_message(object);
  ASSERT_EQ(device.spec().properties_size(), 3);
  for (const auto& property : device.spec().properties()) {
    EXPECT_TRUE(property.has_desired());
    EXPECT_TRUE(property.has_visitors());
    EXPECT_TRUE(property.visitors().has_configdata());
  }
  EXPECT_TRUE(device.status().twins(0).has_reported());
  EXPECT_TRUE(device.status().twins(0).has_observeddesired());
}

TEST(DeviceMessageTest, BytesOfASmallDevice) {
  const auto object = Json::parse(
      R"({"metadata":{"name":"a","namespace":"b"},"spec":{"properties":[{"name":"p","desired":{"value":"1"}}]}})");
  // name; spec {protocol {}, properties {name, desired {value}, visitors {configData {}}}}; status {};
  // namespace
  EXPECT_EQ(device_message(object).SerializeAsString(), from_hex("0a0161"
                                                                 "1210"
                                                                 "1200"
                                                                 "1a0c"
                                                                 "0a0170"
                                                                 "12030a0131"
                                                                 "1a021200"
                                                                 "1a00"
                                                                 "220162"));
}

TEST(DeviceMessageTest, FieldNamesMatchWhateverTheirCase) {
  const auto device = device_message(Json::parse(
      R"({"METADATA":{"Name":"d","NameSpace":"n"},"Spec":{"deviceModelREF":{"name":"m"},
          "protocol":{"protocolname":"p","CONFIGDATA":{"KeyAsItIs":"v"}},"Properties":[{"reportcycle":7}]}})"));
  EXPECT_EQ(device.name(), "d");
  EXPECT_EQ(device.namespace_(), "n");
  EXPECT_EQ(device.spec().devicemodelreference(), "m");
  EXPECT_EQ(device.spec().protocol().protocolname(), "p");
  EXPECT_EQ(device.spec().protocol().configdata().data().count("KeyAsItIs"), 1U);
  EXPECT_EQ(device.spec().properties(0).reportcycle(), 7);
  // The exact name goes before another spelling.
  EXPECT_EQ(device_message(Json::parse(R"({"metadata":{"NAME":"other","name":"d"}})")).name(), "d");
}

TEST(DeviceMessageTest, KeyNamedDataIsOneLikeOthers) {
  auto object = sensor();
  object["spec"]["protocol"]["configData"] = Json::parse(R"({"data":{"x":1},"y":null})");
  const auto device = device_message(object);
  const auto& config = device.spec().protocol().configdata().data();
  EXPECT_EQ(config.at("data").SerializeAsString(),
            any_message(Json::parse(R"({"x":1})")).SerializeAsString());
  EXPECT_EQ(config.at("y").SerializeAsString(), any_message(nullptr).SerializeAsString());
}

TEST(DeviceMessageTest, PushMethods) {
  auto object = sensor();
  object["spec"]["properties"][0]["pushMethod"] = Json::parse(R"({
    "http":{"hostName":"h","port":80,"requestPath":"/r","timeout":5},
    "mqtt":{"address":"tcp://a","topic":"t","qos":1,"retained":true},
    "otel":{"endpointURL":"http://o"},
    "anomalyDetection":{"threshold":3},
    "dbMethod":{
      "influxdb2":{"influxdb2ClientConfig":{"url":"u","org":"o","bucket":"b"},
                   "influxdb2DataConfig":{"measurement":"m","tag":{"k":"v"},"fieldKey":"f"}},
      "redis":{"redisClientConfig":{"addr":"ra","db":2,"poolsize":3,"minIdleConns":4}},
      "TDEngine":{"TDEngineClientConfig":{"addr":"ta","dbName":"td"}},
      "mysql":{"mysqlClientConfig":{"addr":"ma","database":"md","userName":"mu"}}}})");
  const auto device = device_message(object);
  const auto& push = device.spec().properties(0).pushmethod();
  EXPECT_EQ(push.http().hostname(), "h");
  EXPECT_EQ(push.http().port(), 80);
  EXPECT_EQ(push.http().requestpath(), "/r");
  EXPECT_EQ(push.http().timeout(), 5);
  EXPECT_EQ(push.mqtt().address(), "tcp://a");
  EXPECT_EQ(push.mqtt().topic(), "t");
  EXPECT_EQ(push.mqtt().qos(), 1);
  EXPECT_TRUE(push.mqtt().retained());
  EXPECT_EQ(push.otel().endpointurl(), "http://o");
  EXPECT_EQ(push.anomalydetection().data().count("threshold"), 1U);
  const auto& db = push.dbmethod();
  EXPECT_EQ(db.influxdb2().influxdb2clientconfig().bucket(), "b");
  EXPECT_EQ(db.influxdb2().influxdb2dataconfig().tag().at("k"), "v");
  EXPECT_EQ(db.influxdb2().influxdb2dataconfig().fieldkey(), "f");
  EXPECT_EQ(db.redis().redisclientconfig().addr(), "ra");
  EXPECT_EQ(db.redis().redisclientconfig().db(), 2);
  EXPECT_EQ(db.redis().redisclientconfig().poolsize(), 3);
  EXPECT_EQ(db.redis().redisclientconfig().minidleconns(), 4);
  EXPECT_EQ(db.tdengine().tdengineclientconfig().dbname(), "td");
  EXPECT_EQ(db.mysql().mysqlclientconfig().username(), "mu");
}

TEST(DeviceMessageTest, AbsentPushMethodsStayAbsent) {
  auto object = sensor();
  object["spec"]["properties"][0]["pushMethod"] = Json::parse(
      R"({"http":null,"dbMethod":{"influxdb2":{"influxdb2ClientConfig":null,"influxdb2DataConfig":null}}})");
  const auto device = device_message(object);
  const auto& push = device.spec().properties(0).pushmethod();
  EXPECT_FALSE(push.has_http());
  EXPECT_FALSE(push.has_mqtt());
  EXPECT_TRUE(push.dbmethod().has_influxdb2());
  EXPECT_FALSE(push.dbmethod().influxdb2().has_influxdb2clientconfig());
  EXPECT_FALSE(push.dbmethod().has_redis());
}

TEST(DeviceMessageTest, LaterVersionsFields) {
  auto object = sensor();
  object["spec"]["methods"] =
      Json::parse(R"([{"name":"m","description":"d","propertyNames":["temperature","x"]}])");
  object["status"] = Json::parse(R"({"reportToCloud":true,"reportCycle":5000,
    "twins":[{"propertyName":"t","reported":{"value":"1","metadata":{"type":"int","timestamp":null}},
              "observedDesired":{"value":"2"}}]})");
  const auto device = device_message(object);
  ASSERT_EQ(device.spec().methods_size(), 1);
  EXPECT_EQ(device.spec().methods(0).description(), "d");
  EXPECT_EQ(device.spec().methods(0).propertynames(1), "x");
  EXPECT_TRUE(device.status().reporttocloud());
  EXPECT_EQ(device.status().reportcycle(), 5000);
  EXPECT_EQ(device.status().twins(0).reported().metadata().at("type"), "int");
  EXPECT_EQ(device.status().twins(0).reported().metadata().at("timestamp"), "");
  EXPECT_EQ(device.status().twins(0).observeddesired().value(), "2");

  object["spec"]["stateReport"] = Json::parse(R"({"reportToCloud":false,"reportCycle":7000})");
  EXPECT_FALSE(device_message(object).status().reporttocloud());
  EXPECT_EQ(device_message(object).status().reportcycle(), 7000);
}

TEST(DeviceMessageTest, WrongTypesAreNamed) {
  const auto patched = [](const char* pointer, Json value) {
    auto object = sensor();
    object[Json::json_pointer(pointer)] = std::move(value);
    return problem_of(object);
  };
  EXPECT_EQ(patched("/spec/properties/0/reportCycle", "fast"),
            "The Device \"default/sensor\" cannot be converted for a mapper: "
            "\"spec.properties[0].reportCycle\" must be "
            "a whole number, not string");
  const std::vector<std::pair<const char*, Json>> wrong = {
      {"/spec", 1},
      {"/spec", Json::array()},
      {"/status", "x"},
      {"/spec/deviceModelRef", "m"},
      {"/spec/deviceModelRef/name", 5},
      {"/spec/protocol", Json::array()},
      {"/spec/protocol/protocolName", false},
      {"/spec/protocol/configData", "text"},
      {"/spec/properties", Json::object()},
      {"/spec/properties/0", "x"},
      {"/spec/properties/0/name", 1},
      {"/spec/properties/0/desired", "30"},
      {"/spec/properties/0/desired/value", 30},
      {"/spec/properties/0/desired/metadata", Json::parse(R"({"a":1})")},
      {"/spec/properties/0/visitors", 1},
      {"/spec/properties/0/visitors/configData", Json::array()},
      {"/spec/properties/0/reportCycle", 1.5},
      {"/spec/properties/0/collectCycle", std::numeric_limits<std::uint64_t>::max()},
      {"/spec/properties/0/reportToCloud", 1},
      {"/spec/properties/0/pushMethod", 1},
      {"/spec/properties/0/pushMethod", Json::parse(R"({"mqtt":{"qos":3000000000}})")},
      {"/spec/methods", Json::parse(R"([{"propertyNames":[1]}])")},
      {"/status/twins", Json::parse(R"([{"reported":1}])")},
  };
  for (const auto& [pointer, value] : wrong) {
    const auto problem = patched(pointer, value);
    EXPECT_TRUE(problem.starts_with("The Device \"default/sensor\" cannot be converted for a mapper: \""))
        << pointer << problem;
  }
}

TEST(DeviceMessageTest, NamelessAndStrangeObjects) {
  for (const char* text : {"null", "[]", "1", "{}", R"({"metadata":null})", R"({"metadata":{"name":""}})",
                           R"({"metadata":{"name":["d"]}})"})
    EXPECT_NE(problem_of(Json::parse(text)), "") << text;
}

TEST(DeviceMessageTest, BottomlessNestingIsRefused) {
  std::string text(100'000, '[');
  text.append(100'000, ']');
  auto object = sensor();
  object["spec"]["protocol"]["configData"]["deep"] = Json::parse(text);
  EXPECT_NE(problem_of(object).find("nests deeper"), std::string::npos);
}

TEST(ModelMessageTest, CarriesItsProperties) {
  const auto message = model_message(model());
  EXPECT_EQ(message.name(), "sensor-model");
  EXPECT_EQ(message.namespace_(), "default");
  ASSERT_EQ(message.spec().properties_size(), 1);
  const auto& property = message.spec().properties(0);
  EXPECT_EQ(property.name(), "temperature");
  EXPECT_EQ(property.description(), "d");
  EXPECT_EQ(property.type(), "INT");
  EXPECT_EQ(property.accessmode(), "ReadWrite");
  EXPECT_EQ(property.minimum(), "1");
  EXPECT_EQ(property.maximum(), "100");
  EXPECT_EQ(property.unit(), "C");
  EXPECT_TRUE(model_message(Json::parse(R"({"metadata":{"name":"m"}})")).has_spec());
  EXPECT_THROW(model_message(Json::parse(R"({"metadata":{"name":"m"},"spec":1})")), BadInput);
}

TEST(RegisterResponseTest, LeavesOutWhatCannotBeConverted) {
  auto bad = sensor();
  bad["spec"]["properties"] = 1;
  const auto response =
      register_response({model(), model(), 5, model()}, {sensor(), bad, sensor(), sensor()});
  EXPECT_EQ(response.devicelist_size(), 2);
  EXPECT_EQ(response.modellist_size(), 2);
  EXPECT_EQ(response.modellist(1).name(), "sensor-model");
}

// ---- Requests

const char* const kReport =
    "0a0673656e736f72121b0a190a0b74656d706572617475726512040a0233301a040a0232351a0764656661756c74";
const char* const kRegister =
    "080112470a0d6d6f646275732d6d6170706572120776312e31372e301a0676312e302e3022066d6f646275732a192f6574632f6b"
    "756265656467652f6d6f646275732e736f636b32024f4b";

TEST(ReadRequestTest, ExamplesOfTheProtocol) {
  const auto report = read_request(DmiRequest::Kind::kReportStatus, from_hex(kReport));
  EXPECT_EQ(report.kind, DmiRequest::Kind::kReportStatus);
  EXPECT_EQ(report.device_namespace, "default");
  EXPECT_EQ(report.device_name, "sensor");
  ASSERT_EQ(report.twins.size(), 1U);
  EXPECT_EQ(report.twins[0].property, "temperature");
  EXPECT_EQ(report.twins[0].observed_desired, "30");
  EXPECT_EQ(report.twins[0].reported, "25");

  const auto registration = read_request(DmiRequest::Kind::kRegister, from_hex(kRegister));
  EXPECT_TRUE(registration.with_data);
  const Mapper expected{"modbus-mapper", "v1.17.0", "v1.0.0", "modbus", "/etc/kubeedge/modbus.sock", "OK"};
  EXPECT_EQ(registration.mapper, expected);

  v1beta1::ReportDeviceStatesRequest states;
  states.set_devicename("sensor");
  states.set_devicenamespace("default");
  states.set_state("online");
  const auto state = read_request(DmiRequest::Kind::kReportStates, states.SerializeAsString());
  EXPECT_EQ(state.device_name, "sensor");
  EXPECT_EQ(state.device_namespace, "default");
  EXPECT_EQ(state.state, "online");
}

TEST(ReadRequestTest, AbsentIsNotEmpty) {
  EXPECT_FALSE(read_request(DmiRequest::Kind::kRegister, "").mapper.has_value());
  v1beta1::ReportDeviceStatusRequest request;
  request.mutable_reporteddevice()->add_twins()->set_propertyname("a");
  request.mutable_reporteddevice()->add_twins()->mutable_reported();
  const auto report = read_request(DmiRequest::Kind::kReportStatus, request.SerializeAsString());
  EXPECT_FALSE(report.twins.at(0).reported.has_value());
  EXPECT_FALSE(report.twins.at(0).observed_desired.has_value());
  EXPECT_EQ(report.twins.at(1).reported, "");
}

TEST(ReadRequestTest, BrokenBytesAreRefused) {
  for (const char* hex : {kReport, kRegister}) {
    const std::string bytes = from_hex(hex);
    int refused = 0;
    for (const auto kind :
         {DmiRequest::Kind::kReportStatus, DmiRequest::Kind::kRegister, DmiRequest::Kind::kReportStates})
      for (std::size_t length = 0; length < bytes.size(); ++length) {
        try {
          read_request(kind, std::string_view(bytes).substr(0, length));
        } catch (const BadInput&) {
          ++refused;
        }
      }
    EXPECT_GT(refused, 30);
  }
  EXPECT_THROW(read_request(DmiRequest::Kind::kReportStates, from_hex("0a02c328")), BadInput);  // not UTF-8
}

TEST(ReadRequestTest, TooManyTwinsAreRefused) {
  v1beta1::ReportDeviceStatusRequest request;
  for (int i = 0; i < kMaxReportedTwins; ++i) request.mutable_reporteddevice()->add_twins();
  EXPECT_EQ(read_request(DmiRequest::Kind::kReportStatus, request.SerializeAsString()).twins.size(), 1024U);
  request.mutable_reporteddevice()->add_twins();
  EXPECT_THROW(read_request(DmiRequest::Kind::kReportStatus, request.SerializeAsString()), BadInput);
}

TEST(WriteRequestTest, EachCallHasItsMessage) {
  const auto device = device_message(sensor());
  const auto written = [](MapperCall::Kind kind, const Json& object) {
    return write_request({kind, "default", "sensor", object.is_null() ? "" : object.dump()});
  };
  v1beta1::RegisterDeviceRequest registered;
  EXPECT_STREQ(written(MapperCall::Kind::kRegisterDevice, sensor()).method, "RegisterDevice");
  ASSERT_TRUE(registered.ParseFromString(written(MapperCall::Kind::kRegisterDevice, sensor()).bytes));
  EXPECT_EQ(registered.device().spec().properties_size(), device.spec().properties_size());
  v1beta1::UpdateDeviceRequest updated;
  EXPECT_STREQ(written(MapperCall::Kind::kUpdateDevice, sensor()).method, "UpdateDevice");
  ASSERT_TRUE(updated.ParseFromString(written(MapperCall::Kind::kUpdateDevice, sensor()).bytes));
  EXPECT_EQ(updated.device().name(), "sensor");
  v1beta1::CreateDeviceModelRequest created;
  EXPECT_STREQ(written(MapperCall::Kind::kCreateDeviceModel, model()).method, "CreateDeviceModel");
  ASSERT_TRUE(created.ParseFromString(written(MapperCall::Kind::kCreateDeviceModel, model()).bytes));
  EXPECT_EQ(created.model().name(), "sensor-model");
  v1beta1::UpdateDeviceModelRequest changed;
  EXPECT_STREQ(written(MapperCall::Kind::kUpdateDeviceModel, model()).method, "UpdateDeviceModel");
  ASSERT_TRUE(changed.ParseFromString(written(MapperCall::Kind::kUpdateDeviceModel, model()).bytes));
  EXPECT_EQ(changed.model().name(), "sensor-model");
  v1beta1::RemoveDeviceRequest removed;
  EXPECT_STREQ(written(MapperCall::Kind::kRemoveDevice, nullptr).method, "RemoveDevice");
  ASSERT_TRUE(removed.ParseFromString(written(MapperCall::Kind::kRemoveDevice, nullptr).bytes));
  EXPECT_EQ(removed.devicename(), "sensor");
  EXPECT_EQ(removed.devicenamespace(), "default");
  v1beta1::RemoveDeviceModelRequest gone;
  EXPECT_STREQ(written(MapperCall::Kind::kRemoveDeviceModel, nullptr).method, "RemoveDeviceModel");
  ASSERT_TRUE(gone.ParseFromString(written(MapperCall::Kind::kRemoveDeviceModel, nullptr).bytes));
  EXPECT_EQ(gone.modelname(), "sensor");
  EXPECT_EQ(gone.modelnamespace(), "default");
  EXPECT_THROW(write_request({MapperCall::Kind::kUpdateDevice, "default", "sensor", "{"}), BadInput);
  EXPECT_THROW(write_request({MapperCall::Kind::kUpdateDevice, "default", "sensor", ""}), BadInput);
}

}  // namespace
}  // namespace edgecore::devicetwin
