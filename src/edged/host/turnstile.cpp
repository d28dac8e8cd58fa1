// SPDX-License-Identifier: Apache-2.0
#include "edged/host/turnstile.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "edgecore/base/steady_timer.hpp"

namespace edgecore::edged {

struct Turnstile::Waiting {
  explicit Waiting(Turnstile& at) : of(at), timer(at.executor_, SteadyTime::max()) {
    of.line_.push_back(this);
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() {
    of.line_.remove(this);
    if (admitted) of.leave();  // cancelled after its turn had come
  }

  Turnstile& of;
  SteadyTimer timer;
  bool admitted = false;
};

boost::asio::awaitable<Turnstile::Place> Turnstile::enter() {
  if (free_ > 0 && line_.empty()) {
    --free_;
    co_return Place(*this);
  }
  Waiting waiting(*this);
  boost::system::error_code woken;
  co_await waiting.timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
  if (!waiting.admitted) throw boost::system::system_error(boost::asio::error::operation_aborted);
  waiting.admitted = false;  // from here on the Place owns it
  co_return Place(*this);
}

void Turnstile::leave() {
  if (line_.empty()) {
    ++free_;
    return;
  }
  Waiting* next = line_.front();
  line_.pop_front();
  next->admitted = true;
  next->timer.cancel();
}

}  // namespace edgecore::edged
