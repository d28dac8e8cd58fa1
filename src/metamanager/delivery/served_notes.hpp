// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace edgecore::metamanager {

/// Keys of changed rows in `meta_v2` that metaserver has not been told of, oldest first; the row's value is
/// in the database. All changes of a row share one note, so the notes stay small however slow metaserver is.
/// They outlive a life of the module, because their pushes are acknowledged already. Any thread.
class ServedNotes {
 public:
  explicit ServedNotes(std::size_t most = 8192) : most_(most) {}

  /// An object that was removed: metaserver may still show this one while another has its name.
  struct Removal {
    std::string uid;
    std::string resource_version;
  };
  struct Note {
    std::string key;
    std::vector<Removal> removals;  ///< in order, all before the row's present value
    std::uint64_t last_change = 0;  ///< number of the newest change it includes
  };
  /// Notes a change. False, and nothing is noted, if there are too many notes.
  [[nodiscard]] bool add(std::string_view key, std::optional<Removal> removal = std::nullopt);
  [[nodiscard]] bool empty() const;
  /// A copy of the oldest note.
  [[nodiscard]] std::optional<Note> front() const;
  /// metaserver was told the content of `note`. A change that came meanwhile stays noted.
  void told(const Note& note);

 private:
  using Notes = std::list<Note>;
  mutable std::mutex mutex_;
  const std::size_t most_;
  std::size_t count_ = 0;  ///< notes and removals
  std::uint64_t changes_ = 0;
  Notes notes_;
  std::unordered_map<std::string_view, Notes::iterator> by_key_;  ///< views of the notes' keys
};

}  // namespace edgecore::metamanager
