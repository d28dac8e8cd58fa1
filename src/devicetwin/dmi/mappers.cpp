// SPDX-License-Identifier: Apache-2.0
#include "devicetwin/dmi/mappers.hpp"

#include <sys/un.h>

#include <algorithm>

#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/net/digest.hpp"

namespace edgecore::devicetwin {
namespace {

constexpr std::size_t kMaxWord = 253;

bool is_word(const std::string& text) {
  return !text.empty() && text.size() <= kMaxWord && text.find('/') == std::string::npos &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
}

}  // namespace

store::meta::Row mapper_row(const Mapper& mapper) {
  const Json value = {
      {"name", mapper.name},         {"version", mapper.version}, {"api_version", mapper.api_version},
      {"protocol", mapper.protocol}, {"state", mapper.state},     {"address", net::base64(mapper.address)}};
  return {std::string("node/nodeID/namespace/devicemapper/") + mapper.name, kDeviceMapperType,
          kube::dump_json(value)};
}

std::optional<Mapper> read_mapper(const store::meta::Row& row) {
  try {
    const Json value = kube::parse_json(row.value, "The row of a mapper");
    Mapper mapper;
    mapper.name = kube::get_string(value, "name");
    mapper.version = kube::string_or(value, "version");
    mapper.api_version = kube::string_or(value, "api_version");
    mapper.protocol = kube::get_string(value, "protocol");
    mapper.address = net::base64_decode(kube::get_string(value, "address"));
    mapper.state = kube::string_or(value, "state");
    if (flaw_of(mapper)) return std::nullopt;
    return mapper;
  } catch (const BadInput&) {
    return std::nullopt;
  }
}

std::optional<DmiStatus> flaw_of(const std::optional<Mapper>& mapper) {
  using Code = DmiStatus::Code;
  if (!mapper) return DmiStatus{Code::kInvalidArgument, "the registration has no mapper"};
  if (mapper->protocol.empty())
    return DmiStatus{Code::kUnknown,
                     "fail to register mapper " + log::quote(mapper->name) + " because the protocol is nil"};
  if (!is_word(mapper->name) || !is_word(mapper->protocol))
    return DmiStatus{Code::kInvalidArgument,
                     "the mapper's name or protocol is empty, too long or holds a slash"};
  if (mapper->address.empty() || mapper->address.size() >= sizeof(sockaddr_un::sun_path) + 7)
    return DmiStatus{Code::kInvalidArgument, "the mapper's address is not the path of a unix socket"};
  return std::nullopt;
}

}  // namespace edgecore::devicetwin
