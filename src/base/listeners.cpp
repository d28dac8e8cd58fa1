// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/listeners.hpp"

#include <sys/socket.h>

#include <utility>

namespace edgecore {
namespace {

std::shared_ptr<Listeners>& of_this_thread() {
  thread_local std::shared_ptr<Listeners> listeners;
  return listeners;
}

}  // namespace

void Listeners::adopt(std::shared_ptr<Listeners> listeners) {
  of_this_thread() = std::move(listeners);
}

void Listeners::shut_down() {
  const std::lock_guard lock(mutex_);
  down_ = true;
  for (const int fd : sockets_) ::shutdown(fd, SHUT_RDWR);
}

void Listeners::add(int fd) {
  const std::lock_guard lock(mutex_);
  sockets_.insert(fd);
  if (down_) ::shutdown(fd, SHUT_RDWR);
}

void Listeners::remove(int fd) {
  const std::lock_guard lock(mutex_);
  sockets_.erase(fd);
}

Listeners::Entry::Entry(int fd) : of_(of_this_thread()), fd_(fd) {
  if (of_) of_->add(fd_);
}

Listeners::Entry::~Entry() {
  if (of_) of_->remove(fd_);
}

}  // namespace edgecore
