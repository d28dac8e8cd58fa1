// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"

extern char** environ;

namespace edgecore {
namespace {

/// The thread that starts all children. Lives as long as the process; never joined.
class Spawner {
 public:
  static Spawner& instance() {
    static auto* const spawner = new Spawner;  // never destroyed, not even at exit
    return *spawner;
  }

  void run(const std::function<void()>& work) {
    std::packaged_task<void()> task(work);
    auto done = task.get_future();
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::move(task));
    }
    waiting_.notify_one();
    done.get();
  }

 private:
  Spawner() {
    std::thread([this] {
      ::pthread_setname_np(::pthread_self(), "spawner");
      for (;;) next()();
    }).detach();
  }

  std::packaged_task<void()> next() {
    std::unique_lock lock(mutex_);
    waiting_.wait(lock, [this] { return !queue_.empty(); });
    auto task = std::move(queue_.front());
    queue_.pop_front();
    return task;
  }

  std::mutex mutex_;
  std::condition_variable waiting_;
  std::deque<std::packaged_task<void()>> queue_;
};

class FileActions {
 public:
  FileActions() { check(::posix_spawn_file_actions_init(&actions_)); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }

  void join(int from, int to) { check(::posix_spawn_file_actions_adddup2(&actions_, from, to)); }
  void change_directory(const std::string& path) {
    check(::posix_spawn_file_actions_addchdir_np(&actions_, path.c_str()));
  }
  // Our descriptors are close-on-exec; those of libraries may not be.
  void close_from(int fd) { check(::posix_spawn_file_actions_addclosefrom_np(&actions_, fd)); }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  static void check(int failure) {
    if (failure != 0) throw SystemError("cannot prepare a child process", failure);
  }
  posix_spawn_file_actions_t actions_{};
};

class Attributes {
 public:
  Attributes() {
    if (const int failure = ::posix_spawnattr_init(&attributes_); failure != 0) {
      throw SystemError("cannot prepare a child process", failure);
    }
    sigset_t all;
    sigset_t none;
    sigfillset(&all);
    sigemptyset(&none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(&attributes_,
                               POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { ::posix_spawnattr_destroy(&attributes_); }
  [[nodiscard]] const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  list.reserve(texts.size() + 1);
  for (const std::string& text : texts) {
    if (text.find('\0') != std::string::npos)
      throw BadInput("an argument for a child process holds a zero byte");
    list.push_back(const_cast<char*>(text.c_str()));  // posix_spawn does not write to them
  }
  list.push_back(nullptr);
  return list;
}

struct Ends {
  FileDescriptor ours;
  FileDescriptor childs;
};

FileDescriptor open_or_throw(const std::filesystem::path& path, int flags) {
  FileDescriptor fd(::open(path.c_str(), flags | O_CLOEXEC, 0640));
  if (!fd.valid()) throw SystemError("cannot open " + path.string() + " for a child process", errno);
  return fd;
}

Ends open_stream(const ChildStream& stream, int number) {
  Ends ends;
  const bool input = number == STDIN_FILENO;
  if (std::holds_alternative<NullStream>(stream)) {
    ends.childs = open_or_throw("/dev/null", O_RDWR);
  } else if (const auto* file = std::get_if<FileStream>(&stream)) {
    ends.childs = open_or_throw(file->path, input ? O_RDONLY : O_WRONLY | O_CREAT | O_APPEND);
  } else if (std::holds_alternative<PipeStream>(stream)) {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) throw SystemError("cannot make a pipe for a child process", errno);
    ends.childs = FileDescriptor(fds[input ? 0 : 1]);
    ends.ours = FileDescriptor(fds[input ? 1 : 0]);
  } else {
    ends.childs = FileDescriptor(::fcntl(number, F_DUPFD_CLOEXEC, 3));
    if (!ends.childs.valid()) throw SystemError("cannot hand a stream on to a child process", errno);
  }
  // dup2 onto itself would keep close-on-exec set: avoid the numbers 0 to 2, which may be free.
  if (ends.childs.get() <= STDERR_FILENO) {
    ends.childs = FileDescriptor(::fcntl(ends.childs.get(), F_DUPFD_CLOEXEC, 3));
    if (!ends.childs.valid()) throw SystemError("cannot open a stream for a child process", errno);
  }
  return ends;
}

ExitStatus status_of(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return {info.si_status, 0};
  return {0, info.si_status};
}

int poll_milliseconds(std::chrono::milliseconds patience) {
  return static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(patience.count(), 0, 1000L * 3600));
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

void FileDescriptor::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

std::string ExitStatus::sentence() const {
  if (signal == 0) return "ended with exit code " + std::to_string(code);
  const char* name = ::sigdescr_np(signal);
  return "was killed by signal " + std::to_string(signal) + " (" + (name == nullptr ? "unknown" : name) + ")";
}

Child Child::spawn(const Command& command) {
  if (command.argv.empty() || command.argv[0].empty())
    throw BadInput("a child process needs the name of a program");
  std::array streams = {open_stream(command.in, STDIN_FILENO), open_stream(command.out, STDOUT_FILENO),
                        open_stream(command.err, STDERR_FILENO)};
  FileActions actions;
  // Change the directory first: posix_spawn resolves an argv[0] with a slash relative to it.
  if (!command.working_directory.empty()) actions.change_directory(command.working_directory.string());
  for (int i = 0; i < 3; ++i) actions.join(streams[static_cast<std::size_t>(i)].childs.get(), i);
  actions.close_from(3);
  const Attributes attributes;
  const auto arguments = pointers(command.argv);
  const auto variables = command.environment ? pointers(*command.environment) : std::vector<char*>();

  Child child;
  int failure = 0;
  Spawner::instance().run([&] {
    failure = ::posix_spawnp(&child.pid_, arguments[0], actions.get(), attributes.get(), arguments.data(),
                             command.environment ? variables.data() : environ);
  });
  if (failure != 0) {
    child.pid_ = -1;
    throw SystemError("cannot start the program " + command.argv[0], failure);
  }
  // The child has not been waited for yet, so its pid cannot have been reused.
  child.pidfd_ = FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, child.pid_, 0)));
  if (!child.pidfd_.valid()) throw SystemError("cannot watch the program " + command.argv[0], errno);
  child.in = std::move(streams[0].ours);
  child.out = std::move(streams[1].ours);
  child.err = std::move(streams[2].ours);
  return child;
}

Child::Child(Child&& other) noexcept
    : in(std::move(other.in)),
      out(std::move(other.out)),
      err(std::move(other.err)),
      pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      status_(std::exchange(other.status_, std::nullopt)) {}

Child& Child::operator=(Child&& other) noexcept {
  if (this == &other) return *this;
  Child old(std::move(*this));  // kills the former child
  in = std::move(other.in);
  out = std::move(other.out);
  err = std::move(other.err);
  pid_ = std::exchange(other.pid_, -1);
  pidfd_ = std::move(other.pidfd_);
  status_ = std::exchange(other.status_, std::nullopt);
  return *this;
}

Child::~Child() {
  if (pid_ < 0 || status_) return;
  kill_group(SIGKILL);
  int ignored = 0;
  while (::waitpid(pid_, &ignored, 0) < 0 && errno == EINTR) {
  }
}

std::optional<ExitStatus> Child::wait(std::chrono::milliseconds patience) {
  if (status_) return status_;
  const auto deadline = steady_now() + patience;
  for (;;) {
    siginfo_t info{};
    const int got = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG);
    if (got != 0 && errno != EINTR)
      throw SystemError("cannot wait for the process " + std::to_string(pid_), errno);
    if (got == 0 && info.si_pid != 0) {
      status_ = status_of(info);
      return status_;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_now());
    if (left.count() <= 0) return std::nullopt;
    pollfd ended{pidfd_.get(), POLLIN, 0};
    if (::poll(&ended, 1, poll_milliseconds(left)) < 0 && errno != EINTR) {
      throw SystemError("cannot wait for the process " + std::to_string(pid_), errno);
    }
  }
}

ExitStatus Child::wait() {
  for (;;) {
    if (const auto status = wait(std::chrono::hours(1))) return *status;
  }
}

void Child::kill_group(int signal) const {
  if (pid_ < 0 || status_) return;
  ::kill(-pid_, signal);
}

ExitStatus Child::stop(std::chrono::milliseconds grace) {
  kill_group(SIGTERM);
  if (const auto status = wait(grace)) return *status;
  kill_group(SIGKILL);
  return wait();
}

}  // namespace edgecore
