// SPDX-License-Identifier: Apache-2.0
#include "metamanager/delivery/served_feed.hpp"

#include <utility>

#include "edgecore/beehive/names.hpp"
#include "edgecore/store/meta_v2.hpp"

namespace edgecore::metamanager {
namespace {

beehive::Message update_of(const std::string& key, const std::string& object) {
  return beehive::make_message(names::module::kMetaManager, names::group::kMeta, names::operation::kUpdate,
                               key, object);
}

beehive::Message deletion_of(const std::string& key, const ServedNotes::Removal& removal) {
  beehive::Message news = beehive::make_message(names::module::kMetaManager, names::group::kMeta,
                                                names::operation::kDelete, key, removal.uid);
  news.header.resource_version = removal.resource_version;
  return news;
}

}  // namespace

ServedFeed::ServedFeed(beehive::ModuleContext& context, const store::Reader& reader,
                       std::shared_ptr<ServedNotes> notes)
    : context_(context), reader_(reader), notes_(std::move(notes)), noted_(context.executor) {}

bool ServedFeed::is_wanted() const {
  return !given_up_ && context_.bus.has_module(names::module::kMetaServer);
}

boost::asio::awaitable<void> ServedFeed::stored(std::shared_ptr<const ObjectWrite> write) {
  if (!is_wanted()) co_return;
  for (const ServedRow& served : write->served) {
    std::string key = served.row.key;
    SharedText text = served.value;
    co_await changed(std::move(key), std::move(text));
  }
}

boost::asio::awaitable<void> ServedFeed::changed(std::string key, SharedText object) {
  if (!is_wanted()) co_return;
  if (is_up_to_date() && context_.bus.try_send(names::module::kMetaServer, update_of(key, *object)))
    co_return;
  std::optional<ServedNotes::Removal> none;
  co_await note(std::move(key), std::move(none));
}

boost::asio::awaitable<void> ServedFeed::removed(std::shared_ptr<const ObjectRemoval> removal) {
  if (!is_wanted()) co_return;
  for (const std::string& row : removal->served_keys) {
    std::optional<ServedNotes::Removal> what{{removal->uid, removal->resource_version}};
    std::string key = row;
    const bool told =
        is_up_to_date() && context_.bus.try_send(names::module::kMetaServer, deletion_of(key, *what));
    if (!told) co_await note(std::move(key), std::move(what));
  }
}

/// A place in the queue of tasks that wait for room for a note (FIFO).
struct ServedFeed::Turn {
  explicit Turn(ServedFeed& owner) : feed(owner), number(owner.queued_++) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    ++feed.served_;
    feed.room_.notify_all();
  }
  [[nodiscard]] bool is_first() const { return number == feed.served_; }

  ServedFeed& feed;
  std::uint64_t number;
};

boost::asio::awaitable<void> ServedFeed::note(std::string key, std::optional<ServedNotes::Removal> removal) {
  // In turn, so that changes of a row stay in order.
  const Turn turn(*this);
  while (!given_up_ && !(turn.is_first() && notes_->add(key, removal)))
    co_await room_.sleep_until(SteadyTime::max());
  noted_.notify();
}

boost::asio::awaitable<void> ServedFeed::run() {
  for (;;) {
    while (const auto note = notes_->front()) {
      co_await tell(*note);
      if (!given_up_) notes_->told(*note);
      room_.notify_all();
      if (given_up_) co_return;
    }
    co_await noted_.sleep();
  }
}

boost::asio::awaitable<void> ServedFeed::tell(const ServedNotes::Note& note) {
  for (const ServedNotes::Removal& removal : note.removals) {
    beehive::Message deletion = deletion_of(note.key, removal);
    co_await send(std::move(deletion));
  }
  const auto row = store::meta_v2::find(reader_, note.key);
  if (!row) co_return;  // removed: its removal is noted, or will be
  beehive::Message update = update_of(note.key, row->value);
  co_await send(std::move(update));
}

boost::asio::awaitable<void> ServedFeed::send(beehive::Message news) {
  try {
    co_await context_.bus.send(names::module::kMetaServer, std::move(news));
  } catch (const beehive::RequestFailed& failure) {
    if (std::exchange(given_up_, true)) co_return;
    context_.log->warn("metaserver is not told of changes any more: {}", failure.what());
  }
}

}  // namespace edgecore::metamanager
