// SPDX-License-Identifier: Apache-2.0
#include "edgecore/async/semaphore.hpp"

#include <boost/asio/this_coro.hpp>
#include <list>

#include "edgecore/async/event.hpp"

namespace edgecore::async {

namespace asio = boost::asio;

struct Semaphore::State {
  struct Waiting;
  explicit State(std::size_t permits) : free(permits) {}
  void give_back();

  std::size_t free;
  std::list<Waiting*> line;  ///< each is in the frame of the waiting coroutine
};

/// In line while its coroutine waits, or until that is destroyed.
struct Semaphore::State::Waiting {
  Waiting(State& in, const asio::any_io_executor& executor) : of(in), turn(executor) {
    of.line.push_back(this);
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() {
    of.line.remove(this);
    if (admitted) of.give_back();
  }

  State& of;
  Event turn;
  bool admitted = false;  ///< it owns a permit
};

void Semaphore::State::give_back() {
  if (line.empty()) {
    ++free;
    return;
  }
  Waiting* const next = line.front();
  line.pop_front();
  next->admitted = true;
  next->turn.notify();
}

Semaphore::Semaphore(std::size_t permits) : state_(std::make_shared<State>(permits)) {}

std::size_t Semaphore::waiting() const {
  return state_->line.size();
}

Semaphore::Permit::~Permit() {
  if (of_) of_->give_back();
}

asio::awaitable<Semaphore::Permit> Semaphore::acquire_from(std::shared_ptr<State> state) {
  if (state->free > 0) {
    --state->free;
    co_return Permit(std::move(state));
  }
  State::Waiting waiting(*state, co_await asio::this_coro::executor);
  co_await waiting.turn.sleep();
  waiting.admitted = false;  // the Permit owns it from here on
  co_return Permit(state);
}

}  // namespace edgecore::async
