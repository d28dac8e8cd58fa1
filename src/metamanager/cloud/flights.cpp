// SPDX-License-Identifier: Apache-2.0
#include "metamanager/cloud/flights.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include "edgecore/base/steady_timer.hpp"

namespace edgecore::metamanager {

boost::asio::awaitable<bool> Flight::wait(std::optional<std::chrono::milliseconds> patience) {
  SteadyTimer timer(executor_);
  if (patience) {
    timer.expires_at(took_off_ + *patience);
  } else {
    timer.expires_at(SteadyTime::max());
  }
  if (!answer_) {
    struct Seat {  // taken and given up with the coroutine's frame
      std::vector<SteadyTimer*>& seats;
      SteadyTimer* mine;
      Seat(std::vector<SteadyTimer*>& all, SteadyTimer* timer_) : seats(all), mine(timer_) {
        seats.push_back(mine);
      }
      Seat(const Seat&) = delete;
      Seat& operator=(const Seat&) = delete;
      ~Seat() { std::erase(seats, mine); }
    } seat(waiting_, &timer);
    boost::system::error_code woken;
    co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
    const auto cancelled = co_await boost::asio::this_coro::cancellation_state;
    if (cancelled.cancelled() != boost::asio::cancellation_type::none) {
      throw boost::system::system_error(boost::asio::error::operation_aborted);
    }
  }
  co_return answer_.has_value();
}

void Flight::land(kube::CloudReply answer) {
  answer_ = std::move(answer);
  for (SteadyTimer* timer : waiting_) timer->cancel();
}

std::shared_ptr<Flight> Flights::join(const std::string& key,
                                      const std::function<void(std::shared_ptr<Flight>)>& start) {
  if (const auto flying = flying_.find(key); flying != flying_.end()) return flying->second;
  auto flight = std::make_shared<Flight>(executor_);
  flying_.emplace(key, flight);
  start(flight);
  return flight;
}

void Flights::land(const std::string& key, kube::CloudReply answer) {
  const auto flying = flying_.find(key);
  if (flying == flying_.end()) return;
  const auto flight = flying->second;
  flying_.erase(flying);
  flight->land(std::move(answer));
}

}  // namespace edgecore::metamanager
