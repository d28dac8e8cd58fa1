// SPDX-License-Identifier: Apache-2.0
#include "metaserver/cache/watch.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <variant>
#include <vector>

#include "edgecore/async/attempt.hpp"
#include "edgecore/async/event.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/kube/status.hpp"

namespace edgecore::metaserver {
namespace {

constexpr std::chrono::seconds kBookmarkEvery{60};
/// The most that is sent in one piece.
constexpr std::size_t kPiece = std::size_t{64} << 10;

using Type = Event::Type;

std::string_view name_of(Type type) {
  switch (type) {
    case Type::kAdded:
      return "ADDED";
    case Type::kModified:
      return "MODIFIED";
    case Type::kDeleted:
      return "DELETED";
    case Type::kMark:
      break;
  }
  return "BOOKMARK";
}

/// The type of an event for a client with selectors; kMark: it does not get the event.
Type seen_as(const Event& event, const ObjectFilter& filter) {
  const bool is = filter.matches(*event.object);
  if (event.type != Type::kModified) return is ? event.type : Type::kMark;
  const bool was = event.before && filter.matches(*event.before);
  if (is) return was ? Type::kModified : Type::kAdded;
  return was ? Type::kDeleted : Type::kMark;
}

class Watch {
 public:
  Watch(beehive::ModuleContext& context, Collection& collection, WatchQuery query, net::Responder& responder)
      : collection_(collection),
        query_(std::move(query)),
        responder_(responder),
        wakeup_(context.executor),
        deadline_(steady_now() + query_.timeout),
        next_bookmark_(steady_now() + kBookmarkEvery) {
    position_ = collection_.now();
    if (query_.from) {
      const auto behind = collection_.behind(*query_.from);
      expired_ = !behind;
      if (behind) position_ = *behind;
    } else {
      for (const ObjectPtr& object : collection_.objects())
        if (query_.filter.matches(*object)) initial_.push_back(object);
    }
    if (!expired_) collection_.set_position_sent();
    subscriber_ = collection_.subscribe([this] { wakeup_.notify(); });
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() { collection_.unsubscribe(subscriber_); }

  boost::asio::awaitable<void> run() {
    if (expired_) {
      co_await send_expired(*query_.from);
      co_return;
    }
    co_await send_initial();
    for (;;) {
      const bool lost = co_await send_events();
      if (lost) co_return;
      const auto now = steady_now();
      const bool over = now >= deadline_;
      if (query_.bookmarks && (over || now >= next_bookmark_)) {
        std::string line = bookmark(false);
        co_await responder_.write(std::move(line));
        next_bookmark_ = now + kBookmarkEvery;
      }
      if (over) co_return;
      co_await wakeup_.sleep_until(query_.bookmarks ? std::min(deadline_, next_bookmark_) : deadline_);
    }
  }

 private:
  boost::asio::awaitable<void> send_initial() {
    std::string piece;
    for (ObjectPtr& object : initial_) {
      piece += line(Type::kAdded, *object);
      ++events_;
      object.reset();
      if (piece.size() < kPiece) continue;
      co_await responder_.write(std::move(piece));
      piece.clear();
    }
    initial_.clear();
    initial_.shrink_to_fit();
    if (query_.initial_events_end) piece += bookmark(true);
    co_await responder_.write(std::move(piece));
    report();
  }

  /// Sends all events so far. True if the ring has lost some: then the stream has ended.
  boost::asio::awaitable<bool> send_events() {
    while (const Event* event = next_seen()) {
      std::shared_ptr<const std::string> whole = whole_line(*event);
      std::string piece;
      if (!whole) append_to(piece, *event);
      // More events in the same piece, if there are more.
      while (piece.size() + (whole ? whole->size() : 0) < kPiece && (event = next_seen()) != nullptr) {
        if (whole) piece = *std::exchange(whole, nullptr);
        append_to(piece, *event);
      }
      if (whole) {
        co_await responder_.write(std::move(whole));
      } else {
        co_await responder_.write(std::move(piece));
      }
      report();
    }
    if (!collection_.lost(position_)) co_return false;
    co_await send_expired(collection_.resume_version_at(position_));
    co_return true;
  }

  /// Adds the lines of the event that next_seen() returned last.
  void append_to(std::string& piece, const Event& event) {
    if (const auto shared = whole_line(event)) {
      piece += *shared;
      return;
    }
    piece += line(seen_, *event.object);
    if (needs_bookmark(event)) piece += bookmark(false);
  }

  /// A watch cannot be resumed from the object's version: the client gets one from which it can.
  [[nodiscard]] bool needs_bookmark(const Event& event) const {
    return query_.bookmarks && !event.is_resumable();
  }

  /// The next event for this client; its type goes into `seen_`.
  const Event* next_seen() {
    while (const Event* event = collection_.next(position_)) {
      seen_ = seen_as(*event, query_.filter);
      if (seen_ == Type::kMark) continue;
      ++events_;
      return event;
    }
    return nullptr;
  }

  void report() {
    if (query_.sent) query_.sent(std::exchange(events_, 0));
  }

  /// The line that all watches without rendering share; null if this watch needs one of its own.
  [[nodiscard]] std::shared_ptr<const std::string> whole_line(const Event& event) const {
    if (query_.render || seen_ != event.type || collection_.subscribers() < 2) return nullptr;
    if (needs_bookmark(event)) return nullptr;
    if (!event.line)
      event.line = std::make_shared<const std::string>(event_line(name_of(event.type), event.object->text()));
    return event.line;
  }

  std::string line(Type type, const CachedObject& object) {
    if (!query_.render) return event_line(name_of(type), object.text());
    return event_line(name_of(type), query_.render(object, std::exchange(first_, false)));
  }

  [[nodiscard]] std::string bookmark(bool initial_end) const {
    Json object = {{"kind", collection_.resource()->kind},
                   {"apiVersion", collection_.resource()->api_version()}};
    Json& metadata = object["metadata"];
    metadata = {{"resourceVersion", std::to_string(collection_.resume_version_at(position_))},
                {"creationTimestamp", nullptr}};
    if (initial_end) metadata["annotations"]["k8s.io/initial-events-end"] = "true";
    return event_line("BOOKMARK", kube::dump_json(object));
  }

  boost::asio::awaitable<void> send_expired(std::uint64_t version) {
    std::string line = expired_line(version, collection_.resume_version());
    co_await responder_.write(std::move(line));
  }

  Collection& collection_;
  WatchQuery query_;
  net::Responder& responder_;
  async::Event wakeup_;
  SteadyTime deadline_, next_bookmark_;
  Collection::Position position_;
  Collection::Subscriber subscriber_;
  std::vector<ObjectPtr> initial_;
  Type seen_ = Type::kMark;
  std::uint64_t events_ = 0;
  bool expired_ = false;
  bool first_ = true;
};

}  // namespace

std::string event_line(std::string_view type, std::string_view object) {
  std::string line;
  line.reserve(type.size() + object.size() + 24);
  line.append(R"({"type":")").append(type).append(R"(","object":)").append(object).append("}\n");
  return line;
}

std::string expired_line(std::uint64_t version, std::uint64_t oldest) {
  const kube::Status status = kube::Status::expired("too old resource version: " + std::to_string(version) +
                                                    " (" + std::to_string(oldest) + ")");
  return event_line("ERROR", kube::dump_json(status.to_json()));
}

boost::asio::awaitable<void> serve_watch(beehive::ModuleContext& context, Collection& collection,
                                         WatchQuery query, net::Headers headers, net::Responder& responder) {
  using boost::asio::experimental::awaitable_operators::operator||;
  const auto ended = query.ended;
  Watch watch(context, collection, std::move(query), responder);
  co_await responder.start(200, std::move(headers));
  // As a value, because `||` waits for the client when the watch's end is an exception.
  if (ended) {
    const auto first = co_await (async::attempt(watch.run()) || responder.client_gone() || ended());
    if (const auto* watched = std::get_if<0>(&first)) watched->value();
  } else {
    const auto first = co_await (async::attempt(watch.run()) || responder.client_gone());
    if (const auto* watched = std::get_if<0>(&first)) watched->value();
  }
  co_await responder.finish();
}

}  // namespace edgecore::metaserver
