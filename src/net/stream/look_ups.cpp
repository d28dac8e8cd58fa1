// SPDX-License-Identifier: Apache-2.0
#include "net/stream/look_ups.hpp"

#include <netdb.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <list>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "edgecore/async/oneshot.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/net/net_error.hpp"

namespace edgecore::net {

namespace asio = boost::asio;

namespace {

using Found = LookUps::Found;
using Answer = async::Oneshot<Found>;

/// Lives as long as somebody waits for the answer.
struct Question {
  std::string host;
  std::string owner;
  Answer::Sender answer;
};
using Askers = std::list<std::weak_ptr<const Question>>;

/// One look-up: under way from its making to its destruction, however that comes about.
class Flight {
 public:
  using End = std::function<void(Flight&)>;
  Flight(const Question& first, End end)
      : host(first.host), owner(first.owner), begun(steady_now()), end_(std::move(end)) {}
  Flight(const Flight&) = delete;
  Flight& operator=(const Flight&) = delete;
  ~Flight() { end_(*this); }

  const std::string host;
  const std::string owner;
  const SteadyTime begun;
  Askers askers;  ///< guarded by State::mutex
  Found found{{}, "no thread could be started for its look-up"};

 private:
  End end_;
};

Found ask_system(const std::string& host) {
  Found out;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  if (error != 0) out.failure = ::gai_strerror(error);
  for (const addrinfo* one = error == 0 ? found : nullptr; one != nullptr; one = one->ai_next) {
    asio::ip::tcp::endpoint endpoint;
    endpoint.resize(one->ai_addrlen);
    std::copy_n(reinterpret_cast<const char*>(one->ai_addr), one->ai_addrlen,
                reinterpret_cast<char*>(endpoint.data()));
    out.addresses.push_back(endpoint.address());
  }
  return out;
}

}  // namespace

struct LookUps::State : std::enable_shared_from_this<State> {
  State(Resolve how, Start thread) : resolve(std::move(how)), start(std::move(thread)) {}

  const Resolve resolve;
  const Start start;
  std::mutex mutex;
  Askers waiting;                              // for a look-up to begin, in order
  std::multimap<std::string, Flight*> flying;  // by host, in order of their begin
  std::set<std::string> owners;                // other than "", with a look-up under way
  std::size_t own = 0;                         // look-ups under way for ""

  void ask(const std::shared_ptr<const Question>& question) {
    {
      const std::lock_guard lock(mutex);
      waiting.push_back(question);
    }
    start_waiting();
  }
  /// Begins what may begin.
  void start_waiting() {
    while (std::shared_ptr<Flight> flight = take_next()) launch(std::move(flight));
  }

 private:
  void launch(std::shared_ptr<Flight> flight);
  std::shared_ptr<Flight> take_next();
  bool share(const std::shared_ptr<const Question>& question);
  std::shared_ptr<Flight> board(const std::shared_ptr<const Question>& question);
  void land(Flight& flight);
  [[nodiscard]] bool may_begin(const Question& question) const {
    if (flying.count(question.host) >= 2) return false;
    if (question.owner.empty()) return own < kOwnNameLookups;
    return owners.size() < kNameLookups && !owners.contains(question.owner);
  }
};

void LookUps::State::launch(std::shared_ptr<Flight> flight) {
  std::function<void()> work = [state = shared_from_this(), flight]() mutable {
    try {
      flight->found = state->resolve(flight->host);
    } catch (const std::exception& problem) {
      flight->found.failure = problem.what();
    }
    flight.reset();
    state->start_waiting();
  };
  flight.reset();
  try {
    start(std::move(work));
  } catch (const std::exception&) {
    // The flight has ended with `work` and has said so to its askers.
  }
}

/// The next look-up that may begin; those who can share one, or are gone, are taken off the queue on the way.
std::shared_ptr<Flight> LookUps::State::take_next() {
  const std::lock_guard lock(mutex);
  for (auto at = waiting.begin(); at != waiting.end();) {
    const auto question = at->lock();
    if (!question || share(question)) {
      at = waiting.erase(at);
    } else if (may_begin(*question)) {
      waiting.erase(at);
      return board(question);
    } else {
      ++at;
    }
  }
  return nullptr;
}

bool LookUps::State::share(const std::shared_ptr<const Question>& question) {
  const auto [first, end] = flying.equal_range(question->host);
  if (first == end) return false;
  Flight& newest = *std::prev(end)->second;
  if (steady_now() - newest.begun > kFreshLookup) return false;
  newest.askers.push_back(question);
  return true;
}

std::shared_ptr<Flight> LookUps::State::board(const std::shared_ptr<const Question>& question) {
  const auto state = shared_from_this();
  auto flight = std::make_shared<Flight>(*question, [state](Flight& ended) { state->land(ended); });
  flight->askers.push_back(question);
  if (question->owner.empty()) {
    ++own;
  } else {
    owners.insert(question->owner);
  }
  flying.emplace(question->host, flight.get());
  return flight;
}

void LookUps::State::land(Flight& flight) {
  Askers askers;
  {
    const std::lock_guard lock(mutex);
    const auto is_this = [&flight](const auto& entry) { return entry.second == &flight; };
    const auto at = std::find_if(flying.begin(), flying.end(), is_this);
    if (at == flying.end()) return;  // it never began
    flying.erase(at);
    if (flight.owner.empty()) {
      --own;
    } else {
      owners.erase(flight.owner);
    }
    askers.swap(flight.askers);
  }
  for (const auto& asker : askers) {
    if (const auto question = asker.lock()) question->answer(flight.found);
  }
}

LookUps::LookUps(Resolve resolve, Start start, std::filesystem::path hosts)
    : state_(std::make_shared<State>(std::move(resolve), std::move(start))), hosts_(std::move(hosts)) {}

LookUps& LookUps::instance() {
  const auto on_thread = [](std::function<void()> work) { std::thread(std::move(work)).detach(); };
  static auto* const process =
      new LookUps(ask_system, on_thread, "/etc/hosts");  // its threads may outlive main
  return *process;
}

asio::awaitable<LookUps::Addresses> LookUps::find(std::string host, std::string owner, SteadyTime deadline) {
  boost::system::error_code no_literal;
  const auto literal = asio::ip::make_address(host, no_literal);
  if (!no_literal) co_return Addresses(1, literal);
  Addresses written = hosts_.find(host);
  if (!written.empty()) co_return std::move(written);

  Answer answer(co_await asio::this_coro::executor);
  const auto question = std::make_shared<const Question>(Question{host, std::move(owner), answer.sender()});
  state_->ask(question);
  const async::Woken woken = co_await answer.wait_until(deadline);
  if (woken == async::Woken::kCancelled) throw boost::system::system_error(asio::error::operation_aborted);
  if (woken == async::Woken::kTimeUp)
    throw NetError(NetFailure::kTimeout, "The name " + log::quote(host) + " was not resolved in time.");
  Found found = answer.take();
  if (found.addresses.empty())
    throw NetError(NetFailure::kResolve,
                   "The name " + log::quote(host) + " has no address: " + found.failure + ".");
  co_return std::move(found.addresses);
}

}  // namespace edgecore::net
