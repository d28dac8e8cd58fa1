// SPDX-License-Identifier: Apache-2.0
#include "edgecore/beehive/supervisor.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "beehive/backoff.hpp"
#include "beehive/fault.hpp"
#include "beehive/life.hpp"
#include "edgecore/base/log.hpp"

namespace edgecore::beehive {

namespace {

// Heartbeats per hang_after. They are counted, not timed: a process that was suspended has missed only one.
constexpr unsigned kBeats = 4;
/// So many lives in a row may fail after one was cut off, before the process is to be started anew.
constexpr unsigned kReplacementTries = 5;
/// A hung thread that used this part of the time computes; one that used less waits for the machine.
constexpr int kComputesPart = 4;
constexpr char kUnknownPoisonError[] = "an exception of unknown type";

}  // namespace

struct Supervisor::Impl : std::enable_shared_from_this<Supervisor::Impl> {
  struct Poison {
    std::string module;
    MessagePtr message;
    std::string reason;
  };
  struct Runner {
    ModuleSpec spec;
    std::shared_ptr<Mailbox> mailbox;
    Backoff backoff;
    std::shared_ptr<Life> life;  ///< the current one, until it has ended or was abandoned
    bool ended = false;          ///< only the thread of `life` is left to join
    bool failed = false;         ///< `life` fails or has failed
    bool cancelled = false;      ///< `life` was asked to stop
    unsigned missed = 0;         ///< heartbeats
    SteadyTime born;             ///< of `life`, on clock_
    std::optional<SteadyTime> restart_at;
    ModuleState state;
    bool replaces = false;  ///< a life was cut off, and none since has been stable
    unsigned failed_replacements = 0;
  };
  using Lock = std::unique_lock<std::mutex>;

  Impl(Bus& to, const Clock& with, SupervisorOptions how, PoisonHandler poison_to)
      : bus(to), clock(with), options(how), on_poison(std::move(poison_to)) {}

  void launch(Lock& lock, Runner& runner);
  void start_in_order();
  void note_failure(Runner& runner, const Fault& why);
  void plan_restart(Runner& runner);
  void count_replacement(Runner& runner, SteadyTime::duration lived);
  [[nodiscard]] bool is_lost(const Runner& runner) const;
  void monitor();
  void reap(Lock& lock);
  void hand_out_poison(Lock& lock);
  void restart_due(Lock& lock);
  void beat(Lock& lock);
  void give_up(Runner& runner, const std::string& why);
  [[nodiscard]] SteadyTime next_event() const;
  bool stop();
  void cancel_in_reverse(Lock& lock, SteadyTime deadline);
  bool settle_stop(Lock& lock, SteadyTime deadline);

  Bus& bus;
  const Clock& clock;
  const SupervisorOptions options;
  const PoisonHandler on_poison;
  const log::Logger log = log::get("beehive");

  mutable std::mutex mutex;  ///< guards the members below
  std::condition_variable changed;
  bool news = false;  ///< wakes the monitor
  std::vector<std::unique_ptr<Runner>> runners;
  std::vector<Poison> poison;
  std::size_t abandoned = 0;  ///< abandoned threads that still exist
  bool started = false;
  bool stopping = false;
  bool monitor_ended = true;
  SteadyTime last_beat;

  std::optional<Thread> monitor_thread;
};

/// Creates a life for the runner and starts its thread. Releases the lock meanwhile.
void Supervisor::Impl::launch(Lock& lock, Runner& runner) {
  runner.restart_at.reset();
  runner.ended = runner.failed = runner.cancelled = false;
  runner.missed = 0;
  runner.born = clock.steady();
  runner.state.life = ModuleState::Life::kStarting;
  lock.unlock();
  ModuleContext context{runner.spec.name, bus, runner.mailbox, {}, clock, log::get(runner.spec.name)};
  // The events know their life by a weak pointer set before the thread starts.
  auto self_reference = std::make_shared<std::weak_ptr<Life>>();
  std::shared_ptr<Life> life;
  std::optional<Fault> why;
  try {
    Life::Events events;
    const auto impl = shared_from_this();
    Runner* const at = &runner;
    const auto is_present = [self_reference, at] { return at->life && at->life == self_reference->lock(); };
    events.running = [impl, at, is_present] {
      const std::lock_guard guard(impl->mutex);
      if (!is_present()) return;
      at->state.life = ModuleState::Life::kRunning;
      impl->changed.notify_all();
    };
    events.failed = [impl, at, is_present](const Fault& reason) {
      const std::lock_guard guard(impl->mutex);
      if (is_present()) impl->note_failure(*at, reason);
    };
    events.ended = [impl, at, is_present] {
      const std::lock_guard guard(impl->mutex);
      if (is_present()) {
        at->ended = true;
      } else {
        --impl->abandoned;
      }
      impl->news = true;
      impl->changed.notify_all();
    };
    life = std::make_shared<Life>(std::move(context), runner.spec.make, std::move(events));
    *self_reference = life;
  } catch (const std::exception&) {
    why = fault_of(std::current_exception());
  }
  lock.lock();
  if (stopping) return;
  if (life) {
    runner.life = life;
    try {
      life->start(options.stack_bytes);
    } catch (const std::exception&) {
      why = fault_of(std::current_exception());
      runner.life.reset();
    }
  }
  if (why) {
    note_failure(runner, *why);
    plan_restart(runner);
  }
}

/// Takes back the unacknowledged messages of a failing life before its coroutines are destroyed. Call it with
/// the lock held.
void Supervisor::Impl::note_failure(Runner& runner, const Fault& why) {
  if (runner.cancelled || stopping) return;
  runner.failed = true;
  runner.state.last_failure = why.reason;
  const auto blame = why.by_environment ? Mailbox::Blame::kNobody : Mailbox::Blame::kMessages;
  for (auto& message : runner.mailbox->take_back_failed(blame)) {
    poison.push_back({runner.spec.name, std::move(message), why.reason});
  }
  news = true;
  changed.notify_all();
}

/// Decides whether a runner whose life is over restarts. Call it with the lock held.
void Supervisor::Impl::plan_restart(Runner& runner) {
  if (!options.restart) {
    runner.state.life = ModuleState::Life::kFailed;
    runner.mailbox->close("module " + runner.spec.name + " has failed and is not restarted");
    log->error("module {} has failed and stays down (moduleRestart is off): {}", runner.spec.name,
               runner.state.last_failure);
    return;
  }
  const auto lived = clock.steady() - runner.born;
  count_replacement(runner, lived);
  const auto wait = runner.backoff.next(lived);
  runner.state.life = ModuleState::Life::kBackoff;
  runner.restart_at = steady_now() + wait;
  log->warn("module {} has failed and restarts in {} ms: {}", runner.spec.name, wait.count(),
            runner.state.last_failure);
}

/// What a life that was cut off holds (locks, sockets, a thread in the kernel) may keep every new one from
/// coming up; then only a new process helps. Call it with the lock held.
void Supervisor::Impl::count_replacement(Runner& runner, SteadyTime::duration lived) {
  const bool cut_off = runner.missed >= kBeats;
  if (lived >= options.stable_after) {
    runner.replaces = false;
    runner.failed_replacements = 0;
  } else if (runner.replaces && ++runner.failed_replacements == kReplacementTries) {
    log->error(
        "Module {} was cut off and {} new lives have failed: edgecore reports that it is not healthy, "
        "so that systemd restarts it",
        runner.spec.name, kReplacementTries);
  }
  runner.replaces = runner.replaces || cut_off;
}

/// Whether a module that was cut off does not come up. Call it with the lock held.
bool Supervisor::Impl::is_lost(const Runner& runner) const {
  if (runner.failed_replacements < kReplacementTries) return false;
  const bool runs = runner.state.life == ModuleState::Life::kRunning;
  return !runs || clock.steady() - runner.born < options.hang_after;
}

/// Abandons a hung life. Call it with the lock held.
void Supervisor::Impl::give_up(Runner& runner, const std::string& why) {
  log->error("module {} hangs and is replaced; its old thread is cut off from the bus: {}", runner.spec.name,
             why);
  ++abandoned;
  runner.life->abandon();
  const auto left_to_its_thread = std::exchange(runner.life, nullptr);
}

void Supervisor::Impl::monitor() {
  Lock lock(mutex);
  while (!stopping) {
    changed.wait_until(lock, next_event(), [this] { return news || stopping; });
    news = false;
    reap(lock);
    if (steady_now() >= last_beat + options.hang_after / kBeats) beat(lock);
    hand_out_poison(lock);
    restart_due(lock);
  }
  monitor_ended = true;
  changed.notify_all();
}

SteadyTime Supervisor::Impl::next_event() const {
  auto next = last_beat + options.hang_after / kBeats;
  for (const auto& runner : runners) {
    if (runner->restart_at) next = std::min(next, *runner->restart_at);
  }
  return next;
}

void Supervisor::Impl::hand_out_poison(Lock& lock) {
  while (!poison.empty()) {
    const std::vector<Poison> found = std::exchange(poison, {});
    lock.unlock();
    for (const auto& item : found) {
      log->error("a message about {} made module {} fail twice and is set aside: {}",
                 log::quote(item.message->route.resource), item.module, item.reason);
      try {
        if (on_poison) on_poison(item.module, item.message, item.reason);
      } catch (const std::exception& error) {
        log->error("cannot store a poison message of module {}: {}", item.module, error.what());
      } catch (...) {
        log->error("cannot store a poison message of module {}: {}", item.module, kUnknownPoisonError);
      }
    }
    lock.lock();
  }
}

void Supervisor::Impl::reap(Lock& lock) {
  for (const auto& runner : runners) {
    if (!runner->life || !runner->ended || stopping) continue;
    const auto life = std::exchange(runner->life, nullptr);
    plan_restart(*runner);
    lock.unlock();
    life->join();
    lock.lock();
  }
}

void Supervisor::Impl::restart_due(Lock& lock) {
  for (const auto& runner : runners) {
    if (stopping || !runner->restart_at || steady_now() < *runner->restart_at) continue;
    ++runner->state.restarts;
    launch(lock, *runner);
  }
}

void Supervisor::Impl::beat(Lock&) {
  last_beat = steady_now();
  for (const auto& runner : runners) {
    if (stopping || !runner->life || runner->ended) continue;
    runner->missed = runner->life->beat();
    if (runner->missed < kBeats) continue;
    // A thread that stands still waits for a disk, a lock or the kernel; a message may only make it compute.
    const bool waits = runner->life->computed() < options.hang_after / kComputesPart;
    const Fault why{"its loop has not turned for " + std::to_string(options.hang_after.count()) + " ms",
                    waits};
    give_up(*runner, why.reason);
    note_failure(*runner, why);
    plan_restart(*runner);
  }
}

void Supervisor::Impl::start_in_order() {
  Lock lock(mutex);
  for (const auto& runner : runners) {
    launch(lock, *runner);
    // A factory that hangs must not prevent the others from starting.
    changed.wait_for(lock, options.hang_after, [&] {
      return !runner->life || runner->ended || runner->state.life != ModuleState::Life::kStarting;
    });
  }
}

/// Cancels the modules in reverse order of their start. Each gets a share of the time before the module that
/// it may depend on is cancelled, too; none is abandoned before the deadline.
void Supervisor::Impl::cancel_in_reverse(Lock& lock, SteadyTime deadline) {
  for (std::size_t left = runners.size(); left > 0; --left) {
    Runner& runner = *runners[left - 1];
    if (!runner.life || runner.ended) continue;
    runner.cancelled = true;
    runner.life->cancel();
    const auto now = steady_now();
    const auto share = (deadline - std::min(now, deadline)) / static_cast<int>(left);
    changed.wait_until(lock, now + share, [&] { return runner.ended; });
  }
}

bool Supervisor::Impl::settle_stop(Lock& lock, SteadyTime deadline) {
  changed.wait_until(lock, deadline, [this] {
    return monitor_ended && std::all_of(runners.begin(), runners.end(),
                                        [](const auto& item) { return !item->life || item->ended; });
  });
  bool all = true;
  for (const auto& runner : runners) {
    runner->restart_at.reset();
    const bool was_failed = runner->state.life == ModuleState::Life::kFailed;
    if (runner->life && !runner->ended) {
      give_up(*runner, "it did not stop in time");
      all = false;
    }
    if (const auto life = std::exchange(runner->life, nullptr)) {
      lock.unlock();
      life->join();
      lock.lock();
    }
    if (!was_failed) runner->state.life = ModuleState::Life::kStopped;
  }
  return all;
}

bool Supervisor::Impl::stop() {
  Lock lock(mutex);
  if (!started) return true;
  started = false;
  const auto deadline = steady_now() + options.stop_within;
  stopping = true;
  changed.notify_all();
  cancel_in_reverse(lock, deadline);
  const bool all = settle_stop(lock, deadline);
  const bool monitor_done = monitor_ended;
  const bool none_abandoned = abandoned == 0;
  lock.unlock();
  if (monitor_done) {
    monitor_thread->join();
  } else {
    log->error("the handler of poison messages did not return in time; edgecore stops without it");
    monitor_thread->detach();
  }
  return all && monitor_done && none_abandoned;
}

Supervisor::Supervisor(Bus& bus, const Clock& clock, SupervisorOptions options, PoisonHandler on_poison)
    : impl_(std::make_shared<Impl>(bus, clock, options, std::move(on_poison))) {}

Supervisor::~Supervisor() {
  impl_->stop();
}

void Supervisor::start(std::vector<ModuleSpec> modules) {
  if (impl_->started || impl_->stopping) throw Error("The supervisor can be started once only.");
  for (auto& spec : modules) {
    auto mailbox = impl_->bus.add_module(spec.name, spec.group, spec.limits);
    const SupervisorOptions& how = impl_->options;
    ModuleState state{spec.name, ModuleState::Life::kStarting, 0, {}};
    impl_->runners.push_back(std::make_unique<Impl::Runner>(
        Impl::Runner{std::move(spec),
                     std::move(mailbox),
                     Backoff(how.first_backoff, how.max_backoff, how.stable_after),
                     nullptr,
                     false,
                     false,
                     false,
                     0,
                     {},
                     {},
                     std::move(state)}));
  }
  impl_->started = true;
  impl_->last_beat = steady_now();
  impl_->start_in_order();
  impl_->monitor_ended = false;
  impl_->last_beat = steady_now();
  impl_->monitor_thread.emplace("supervisor", impl_->options.stack_bytes,
                                [impl = impl_] { impl->monitor(); });
}

bool Supervisor::stop() {
  return impl_->stop();
}

std::vector<Supervisor::ModuleState> Supervisor::states() const {
  const std::lock_guard lock(impl_->mutex);
  std::vector<ModuleState> states;
  for (const auto& runner : impl_->runners) states.push_back(runner->state);
  return states;
}

bool Supervisor::healthy() const {
  const std::lock_guard lock(impl_->mutex);
  if (!impl_->started || steady_now() - impl_->last_beat >= impl_->options.hang_after) return false;
  return std::none_of(impl_->runners.begin(), impl_->runners.end(), [this](const auto& runner) {
    const bool hangs = runner->life && !runner->ended && runner->missed > kBeats / 2;
    return hangs || impl_->is_lost(*runner);
  });
}

std::size_t Supervisor::abandoned() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->abandoned;
}

}  // namespace edgecore::beehive
