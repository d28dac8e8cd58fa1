// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/token_bucket.hpp"
#include "metaserver/access/user.hpp"

namespace edgecore::metaserver {

/// A refused request. The texts come from the client.
struct Denial {
  int code = 403;              ///< 401, 403 or 429
  const User* user = nullptr;  ///< null: unknown
  Attributes attributes;
  std::string_view peer_address;
  std::string_view why;  ///< Authentication::reason, Decision::reason, …
};

/// One line without the time: `denied 403: user "system:serviceaccount:a:b" at 10.1.0.7: list "configmaps" in
/// namespace "a": why`. Quoted and of bounded length whatever the client sent.
[[nodiscard]] std::string denial_line(const Denial& denial);

/// Limits the log lines of refused requests, so that a flood does not fill the disk: a few lines at once and
/// then one a minute for each client, one a second for all together. The next line of a client counts the
/// lines that were left out. A client is a user, or an address if the user is unknown. Single-threaded.
class DenialLog {
 public:
  DenialLog() = default;
  DenialLog(const DenialLog&) = delete;
  DenialLog& operator=(const DenialLog&) = delete;

  /// The line to be logged now; nullopt above the limits.
  [[nodiscard]] std::optional<std::string> line(const Denial& denial, SteadyTime now);

 private:
  struct Client {
    std::string key;
    TokenBucket lines;
    unsigned long left_out = 0;
  };

  Client& client(const Denial& denial);

  std::list<Client> clients_;                                                 ///< most recently seen first
  std::unordered_map<std::string_view, std::list<Client>::iterator> by_key_;  ///< keys live in the clients
  TokenBucket all_lines_{1.0, 60.0};
};

}  // namespace edgecore::metaserver
