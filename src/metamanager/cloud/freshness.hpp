// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <unordered_set>

namespace edgecore::metamanager {

/// Which rows are as the cloud has them: those that were pushed, or answered and acknowledged, since the
/// present connection began. The cloud keeps them current by pushes. A row from before may be old: if its ack
/// was lost with the old connection, the cloud never sends it again. So the first reader of each such row
/// asks the cloud. Belongs to the module's thread; bounded by the number of rows.
class Freshness {
 public:
  /// A new connection began.
  void begin_session() {
    ++session_;
    current_.clear();
  }
  [[nodiscard]] unsigned session() const { return session_; }
  void confirm(const std::string& key) { current_.insert(key); }
  /// The same for an answer to a question of `session`. Does nothing after a reconnect: its ack may be lost.
  void confirm(const std::string& key, unsigned session) {
    if (session == session_) current_.insert(key);
  }
  void doubt(const std::string& key) { current_.erase(key); }
  [[nodiscard]] bool is_current(const std::string& key) const { return current_.contains(key); }

 private:
  std::unordered_set<std::string> current_;
  unsigned session_ = 0;
};

}  // namespace edgecore::metamanager
