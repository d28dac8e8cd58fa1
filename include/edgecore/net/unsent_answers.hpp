// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include "edgecore/base/clock.hpp"

namespace edgecore::net {

/// The answers, and pieces of streams, that the kernel did not take at once: held until their client reads
/// them. Bounded for each client and in all: above that, connections are cut, the slowest reader's first. A
/// body that several connections send counts once for each client, and once in all. One thread; outlives its
/// entries.
class UnsentAnswers {
  struct Item {
    std::string client;
    std::size_t whole = 0, left = 0;
    const void* body = nullptr;
    SteadyTime since;
    std::function<void()> cut;
    bool is_cut = false;
  };
  using Items = std::list<Item>;
  struct Share {
    std::size_t entries = 0, bytes = 0;
  };

 public:
  /// An answer that began to be sent a moment ago is not slow.
  static constexpr std::chrono::seconds kGrace{1};

  /// 0: no limit.
  UnsentAnswers(std::size_t in_all, std::size_t per_client) : in_all_(in_all), per_client_(per_client) {}
  UnsentAnswers(const UnsentAnswers&) = delete;
  UnsentAnswers& operator=(const UnsentAnswers&) = delete;

  /// One answer, as long as it lives.
  class Entry {
   public:
    /// `body`: the identity of a shared body; null for one of the answer's own. `cut` ends the connection; it
    /// may be called in here and in each sent(), also of another entry, and does not end this object.
    Entry(UnsentAnswers& all, std::string client, std::size_t bytes, const void* body,
          std::function<void()> cut, SteadyTime now);
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    ~Entry() { all_.remove(self_); }

    /// So much is left.
    void sent(std::size_t left, SteadyTime now);

   private:
    UnsentAnswers& all_;
    Items::iterator self_;
  };

  /// False while a client should not get another answer: it has not read those that it has, or all together
  /// have not.
  [[nodiscard]] bool has_room(const std::string& client) const;
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  void add(const Item& item);
  void release(Item& item);
  void remove(Items::iterator item);
  void enforce(SteadyTime now);
  [[nodiscard]] bool is_above(const std::string& client) const;
  [[nodiscard]] Items::iterator slowest(const std::string* client, SteadyTime now);
  void cut(Items::iterator item);

  std::size_t in_all_, per_client_;
  std::size_t bytes_ = 0;
  Items items_;
  std::unordered_map<std::string, Share> by_client_;
  /// Shared bodies: in all, and of one client.
  std::map<const void*, Share> bodies_;
  std::map<std::pair<std::string, const void*>, Share> bodies_of_clients_;
};

}  // namespace edgecore::net
