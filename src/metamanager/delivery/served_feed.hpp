// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "edgecore/async/condition.hpp"
#include "edgecore/async/event.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/store/source.hpp"
#include "metamanager/delivery/served_notes.hpp"
#include "metamanager/objects/object_rows.hpp"

namespace edgecore::metamanager {

/// Tells module `metaserver` about changes in `meta_v2` once they are on disk (docs/messages.md). While its
/// mailbox has room, each change is sent at once. While it is full, changes are noted and sent from the
/// database later, the newest of each row, so that a busy metaserver holds up neither pods nor acks. The
/// changes of one row stay in order. Does nothing if the module is not enabled. Belongs to the module's
/// thread.
class ServedFeed {
 public:
  ServedFeed(beehive::ModuleContext& context, const store::Reader& reader,
             std::shared_ptr<ServedNotes> notes);

  /// These wait for metaserver only if ServedNotes is full.
  boost::asio::awaitable<void> stored(std::shared_ptr<const ObjectWrite> write);
  boost::asio::awaitable<void> removed(std::shared_ptr<const ObjectRemoval> removal);
  /// One row was changed to `object`.
  boost::asio::awaitable<void> changed(std::string key, SharedText object);

  /// Sends the noted changes, until cancelled or until metaserver takes nothing any more.
  boost::asio::awaitable<void> run();

 private:
  struct Turn;
  [[nodiscard]] bool is_wanted() const;
  /// No changes are noted, so a new one may be sent at once.
  [[nodiscard]] bool is_up_to_date() const { return queued_ == served_ && notes_->empty(); }
  boost::asio::awaitable<void> note(std::string key, std::optional<ServedNotes::Removal> removal);
  boost::asio::awaitable<void> tell(const ServedNotes::Note& note);
  boost::asio::awaitable<void> send(beehive::Message news);

  beehive::ModuleContext& context_;
  const store::Reader& reader_;
  std::shared_ptr<ServedNotes> notes_;
  async::Event noted_;
  async::Condition room_;                  ///< there may be room for a note, or it is the next one's turn
  std::uint64_t queued_ = 0, served_ = 0;  ///< turns of tasks that note a change: begun, ended
  bool given_up_ = false;                  ///< metaserver takes nothing any more
};

}  // namespace edgecore::metamanager
