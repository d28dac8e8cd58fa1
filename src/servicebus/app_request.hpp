// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// The bodies of requests and answers when programs on this node call the cloud (protocol/04-devices.md
/// §5.6). Pure functions.
namespace edgecore::servicebus {

/// Limit of a request's body.
inline constexpr std::size_t kAppBodyBytes = 5'000'000;

/// The member `targetURL` of a body; "" if it has none. nullopt if the body is not JSON or has members of the
/// wrong type. Names match in any case, as in Go's decoder.
[[nodiscard]] std::optional<std::string> target_url_of(std::string_view body);

/// The answer's body. Its HTTP status is always 200.
[[nodiscard]] std::string app_answer(int code, std::string_view message, std::string_view body = {});

[[nodiscard]] std::string answered_text(std::string_view body);
[[nodiscard]] std::string unreadable_text();
[[nodiscard]] std::string invalid_text();
[[nodiscard]] std::string not_allowed_text(std::string_view url);
[[nodiscard]] std::string not_sent_text(std::string_view message_id);
[[nodiscard]] std::string no_answer_text(std::string_view message_id);

}  // namespace edgecore::servicebus
