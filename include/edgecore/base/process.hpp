// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace edgecore {

/// An owned file descriptor; -1: empty.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { reset(); }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void reset();

 private:
  int fd_ = -1;
};

/// The other end of a child's standard stream.
struct NullStream {};     ///< /dev/null
struct InheritStream {};  ///< ours
struct PipeStream {};     ///< a pipe to the Child object
struct FileStream {       ///< a file: read from, or appended to (created with mode 0640)
  std::filesystem::path path;
};
using ChildStream = std::variant<NullStream, InheritStream, PipeStream, FileStream>;

/// A program to run, without a shell: `argv` reaches the program unchanged.
struct Command {
  std::vector<std::string> argv;  ///< argv[0] with a slash is a path, without one a name in PATH
  std::optional<std::vector<std::string>> environment = {};  ///< "NAME=value"; nullopt: ours
  std::filesystem::path working_directory = {};              ///< "": ours
  ChildStream in = NullStream{};
  ChildStream out = NullStream{};
  ChildStream err = NullStream{};
};

/// How a child ended.
struct ExitStatus {
  int code = 0;    ///< exit code if signal is 0
  int signal = 0;  ///< the signal that killed it, or 0
  [[nodiscard]] bool success() const { return code == 0 && signal == 0; }
  /// "ended with exit code 3", "was killed by signal 9 (Killed)".
  [[nodiscard]] std::string sentence() const;
};

/// A running child process, leader of its own process group, with default signal dispositions; inherits no
/// descriptor but the three standard streams. One owner, one thread at a time. The destructor kills the whole
/// group and waits for the child.
class Child {
 public:
  /// Starts the program, always from the same thread, which never ends: a parent-death signal follows the
  /// thread that forks. Throws SystemError with the program's name.
  static Child spawn(const Command& command);

  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Becomes readable when the child has ended; for an event loop.
  [[nodiscard]] int pidfd() const { return pidfd_.get(); }

  /// Our ends of the PipeStreams (close-on-exec, blocking); invalid for other streams.
  FileDescriptor in;
  FileDescriptor out;
  FileDescriptor err;

  /// Waits for the end, at most `patience`; nullopt: it still runs. May be called again.
  std::optional<ExitStatus> wait(std::chrono::milliseconds patience);
  /// Waits for the end.
  ExitStatus wait();
  /// Sends a signal to the child's process group; does nothing after wait() has returned a status.
  void kill_group(int signal) const;
  /// Sends SIGTERM to the group, and SIGKILL after `grace`.
  ExitStatus stop(std::chrono::milliseconds grace);

 private:
  Child() = default;
  pid_t pid_ = -1;
  FileDescriptor pidfd_;
  std::optional<ExitStatus> status_;
};

struct RunLimits {
  std::chrono::milliseconds timeout{30000};  ///< then the group is killed
  std::size_t output_bytes = 1U << 20U;      ///< for each of out and err; the rest is read and dropped
};

struct RunResult {
  ExitStatus status;
  bool timed_out = false;
  std::string out;
  std::string err;
};

/// Runs a program to its end with `input` on its standard input and collects its output; ignores the streams
/// of `command`. Blocks: for the BlockingPool, start-up and tools. Throws SystemError if it cannot be
/// started.
RunResult run(Command command, std::string_view input, const RunLimits& limits = RunLimits());

}  // namespace edgecore
