// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/uuid.hpp"

#include <pthread.h>
#include <sys/random.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "edgecore/base/error.hpp"

namespace edgecore {
namespace {

void fill(char* out, std::size_t count) {
  while (count > 0) {
    const ssize_t got = ::getrandom(out, count, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      throw SystemError("cannot read random bytes from the kernel", errno);
    }
    out += got;
    count -= static_cast<std::size_t>(got);
  }
}

/// Counts the forks that led to this process after the first id.
unsigned forks() {
  static std::atomic<unsigned> count = 0;
  static const int watched = ::pthread_atfork(nullptr, nullptr, [] { ++count; });
  if (watched != 0) throw SystemError("cannot detect forks, after which ids would repeat", watched);
  return count;
}

using RawUuid = std::array<char, 16>;

/// A thread's buffer of random bytes, so that 64 ids cost one system call. Discarded after a fork, because
/// the parent uses the same bytes.
class Stock {
 public:
  RawUuid take() {
    const unsigned now = forks();
    if (left_ == 0 || forks_ != now) {
      fill(bytes_.data(), bytes_.size());
      left_ = bytes_.size() / sizeof(RawUuid);
      forks_ = now;
    }
    RawUuid out;
    std::memcpy(out.data(), bytes_.data() + --left_ * sizeof out, sizeof out);
    return out;
  }

 private:
  std::array<char, 1024> bytes_;
  std::size_t left_ = 0;  ///< ids
  unsigned forks_ = 0;
};

}  // namespace

std::string random_bytes(std::size_t count) {
  std::string out(count, '\0');
  fill(out.data(), out.size());
  return out;
}

std::string uuid_v4() {
  thread_local Stock stock;
  RawUuid raw = stock.take();
  raw[6] = static_cast<char>((static_cast<unsigned char>(raw[6]) & 0x0fU) | 0x40U);
  raw[8] = static_cast<char>((static_cast<unsigned char>(raw[8]) & 0x3fU) | 0x80U);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  out.reserve(36);
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out.push_back('-');
    const auto byte = static_cast<unsigned char>(raw[i]);
    out.push_back(kHex[byte >> 4U]);
    out.push_back(kHex[byte & 0x0fU]);
  }
  return out;
}

}  // namespace edgecore
