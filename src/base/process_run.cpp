// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/process.hpp"

namespace edgecore {
namespace {

// Blocks SIGPIPE in this thread while it writes, so that a child that does not read its input cannot kill the
// agent.
class NoBrokenPipeSignal {
 public:
  NoBrokenPipeSignal() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  NoBrokenPipeSignal(const NoBrokenPipeSignal&) = delete;
  NoBrokenPipeSignal& operator=(const NoBrokenPipeSignal&) = delete;
  ~NoBrokenPipeSignal() {
    if (sigismember(&before_, SIGPIPE) == 0) {
      const timespec at_once{};
      while (::sigtimedwait(&pipe_, nullptr, &at_once) > 0) {
      }
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_{};
  sigset_t before_{};
};

void make_nonblocking(const FileDescriptor& fd) {
  const int flags = ::fcntl(fd.get(), F_GETFL);
  if (flags < 0 || ::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
    throw SystemError("cannot set up a pipe to a child process", errno);
  }
}

bool try_again() {
  return errno == EAGAIN || errno == EINTR;
}

// Closes the pipe at end of file.
void read_some(FileDescriptor& from, std::string& into, std::size_t limit) {
  char buffer[16384];
  const ssize_t got = ::read(from.get(), buffer, sizeof buffer);
  if (got > 0) {
    into.append(buffer, std::min(static_cast<std::size_t>(got), limit - into.size()));
  } else if (got == 0 || !try_again()) {
    from.reset();
  }
}

// Closes the pipe when all is written or its reader is gone.
void write_some(FileDescriptor& to, std::string_view& rest) {
  const ssize_t wrote = ::write(to.get(), rest.data(), rest.size());
  if (wrote >= 0) {
    rest.remove_prefix(static_cast<std::size_t>(wrote));
    if (rest.empty()) to.reset();
  } else if (!try_again()) {
    to.reset();
  }
}

// One round of writing and reading. False: the output is complete or the deadline has passed. A program may
// leave a daemon that holds its pipes: its output is complete when it has ended and the pipes are empty.
bool exchange_some(Child& child, std::string_view& input, RunResult& result, const RunLimits& limits,
                   SteadyTime deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_now()).count();
  if (left <= 0) return false;
  // poll ignores negative descriptors, so closed pipes are skipped.
  pollfd events[] = {{child.in.get(), POLLOUT, 0},
                     {child.out.get(), POLLIN, 0},
                     {child.err.get(), POLLIN, 0},
                     {child.pidfd(), POLLIN, 0}};
  const int ready = ::poll(events, 4, static_cast<int>(std::min<std::int64_t>(left, 1000L * 3600)));
  if (ready < 0 && errno != EINTR) throw SystemError("cannot talk to a child process", errno);
  if (ready <= 0) return true;
  if (events[3].revents != 0 && events[1].revents == 0 && events[2].revents == 0) return false;
  if (events[0].revents != 0) write_some(child.in, input);
  if (events[1].revents != 0) read_some(child.out, result.out, limits.output_bytes);
  if (events[2].revents != 0) read_some(child.err, result.err, limits.output_bytes);
  return true;
}

}  // namespace

RunResult run(Command command, std::string_view input, const RunLimits& limits) {
  command.in = PipeStream{};
  command.out = PipeStream{};
  command.err = PipeStream{};
  const NoBrokenPipeSignal guard;
  const auto deadline = steady_now() + limits.timeout;
  Child child = Child::spawn(command);
  for (const FileDescriptor* pipe : {&child.in, &child.out, &child.err}) make_nonblocking(*pipe);
  if (input.empty()) child.in.reset();
  RunResult result;
  while (child.out.valid() || child.err.valid()) {
    if (!exchange_some(child, input, result, limits, deadline)) break;
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_now());
  if (const auto status = child.wait(std::max(left, std::chrono::milliseconds(0)))) {
    result.status = *status;
    return result;
  }
  result.timed_out = true;
  child.kill_group(SIGKILL);
  result.status = child.wait();
  return result;
}

}  // namespace edgecore
