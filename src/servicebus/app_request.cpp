// SPDX-License-Identifier: Apache-2.0
#include "servicebus/app_request.hpp"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "edgecore/base/ascii.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/net/headers.hpp"

namespace edgecore::servicebus {
namespace {

constexpr int kOk = 200;
constexpr int kBad = 400;

/// Reads the outermost members of a body while it is parsed, so that a payload of megabytes is not built in
/// memory for the sake of one string. Each callback returns whether to go on.
class OuterMembers final : public nlohmann::json_sax<Json> {
 public:
  std::string target_url;

  bool null() override { return true; }
  bool boolean(bool) override { return other(); }
  bool number_integer(number_integer_t) override { return other(); }
  bool number_unsigned(number_unsigned_t) override { return other(); }
  bool number_float(number_float_t, const string_t&) override { return other(); }
  bool string(string_t& text) override {
    if (depth_ == 0) return false;
    if (depth_ == 1 && member_ == Member::kTargetUrl) target_url = text;
    return true;
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return (depth_ == 0 || other()) && open(); }
  bool key(string_t& name) override {
    if (depth_ != 1) return true;
    member_ = iequals(name, "targetURL") ? Member::kTargetUrl
              : iequals(name, "method")  ? Member::kMethod
                                         : Member::kPayload;
    return true;
  }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return other() && open(); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) override { return false; }

 private:
  enum class Member : std::uint8_t { kTargetUrl, kMethod, kPayload };

  /// Accepts a value that is not a string only as the payload or inside it.
  [[nodiscard]] bool other() const { return depth_ > 1 || (depth_ == 1 && member_ == Member::kPayload); }
  bool open() {
    ++depth_;
    return true;
  }
  bool close() {
    --depth_;
    return true;
  }

  std::size_t depth_ = 0;
  Member member_ = Member::kPayload;
};

}  // namespace

std::optional<std::string> target_url_of(std::string_view body) {
  OuterMembers members;
  if (!Json::sax_parse(body.begin(), body.end(), &members)) return std::nullopt;
  return std::move(members.target_url);
}

std::string app_answer(int code, std::string_view message, std::string_view body) {
  const nlohmann::ordered_json answer = {{"code", code}, {"msg", message}, {"body", body}};
  return answer.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string answered_text(std::string_view body) {
  return app_answer(kOk, "receive response from cloud successfully", body);
}
std::string unreadable_text() {
  return app_answer(kBad, "can't read data from body of the http's request");
}
std::string invalid_text() {
  return app_answer(kBad, "invalid params");
}
std::string not_allowed_text(std::string_view url) {
  return app_answer(
      kBad, "url " + std::string(url) + " is not allowed and please make a rule for this url in the cloud");
}
std::string not_sent_text(std::string_view message_id) {
  return app_answer(kBad, "timeout to send message " + std::string(message_id));
}
std::string no_answer_text(std::string_view message_id) {
  return app_answer(kBad, "timeout to get response for message " + std::string(message_id));
}

}  // namespace edgecore::servicebus
