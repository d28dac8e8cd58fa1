// SPDX-License-Identifier: Apache-2.0
#include "edgecore/async/thread_event.hpp"

#include <boost/asio/post.hpp>
#include <mutex>

namespace edgecore::async {

namespace asio = boost::asio;

struct ThreadEvent::Link {
  Link(asio::any_io_executor on, Event& to) : executor(std::move(on)), event(&to) {}

  std::mutex mutex;
  asio::any_io_executor executor;  ///< empty after the event is destroyed, as its io_context may be, too
  bool on_its_way = false;         ///< posted but not seen yet
  Event* event;                    ///< only for the executor's thread; null after the event is destroyed
};

ThreadEvent::ThreadEvent(const asio::any_io_executor& executor)
    : event_(executor), link_(std::make_shared<Link>(executor, event_)) {}

ThreadEvent::~ThreadEvent() {
  asio::any_io_executor last;  // the last reference may destroy its loop: not under the mutex
  const std::lock_guard lock(link_->mutex);
  link_->event = nullptr;
  std::swap(last, link_->executor);
}

void ThreadEvent::Setter::set() const {
  const std::lock_guard lock(link_->mutex);
  if (!link_->executor || link_->on_its_way) return;
  link_->on_its_way = true;
  asio::post(link_->executor, [link = link_] {
    Event* event = nullptr;
    {
      const std::lock_guard seen(link->mutex);
      link->on_its_way = false;
      event = link->event;
    }
    if (event != nullptr) event->notify();
  });
}

}  // namespace edgecore::async
