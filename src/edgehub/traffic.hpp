// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "edgehub/send_queue.hpp"

namespace edgecore::edgehub {

/// Messages and bytes of JSON text that a session sent and received, by class: for the log line at its end.
struct Traffic {
  struct Count {
    std::uint64_t messages = 0, bytes = 0;
    void add(std::size_t size) {
      ++messages;
      bytes += size;
    }
  };
  std::array<Count, kSendClasses> sent;
  Count keepalives, received;

  [[nodiscard]] std::string summary() const {
    std::string text;
    for (std::size_t i = 0; i < kSendClasses; ++i) {
      text += part(name_of(static_cast<SendClass>(i)), sent[i]) + ", ";
    }
    return "sent " + text + part("keepalive", keepalives) + "; received " + part("in all", received);
  }

 private:
  static std::string part(const char* what, const Count& count) {
    return std::string(what) + " " + std::to_string(count.messages) + " messages/" +
           std::to_string(count.bytes) + " B";
  }
};

}  // namespace edgecore::edgehub
