// SPDX-License-Identifier: Apache-2.0
#include "faulty/faulty_module.hpp"

#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "edgecore/async/task_group.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/steady_timer.hpp"
#include "edgecore/beehive/bus.hpp"
#include "faulty/fault_files.hpp"

namespace edgecore::faulty {
namespace {

constexpr std::chrono::milliseconds kLook{20};

class FaultyModule final : public beehive::Module {
 public:
  FaultyModule(beehive::ModuleContext& context, std::unique_ptr<beehive::Module> inner)
      : context_(context), inner_(std::move(inner)), tasks_(context.executor) {}

  boost::asio::awaitable<void> run() override {
    if (fault_files().is_there(context_.name, "start")) throw Error("a test wants it to fail at its start");
    tasks_.spawn("the module itself", inner_->run());
    tasks_.spawn("faults", watch());
    co_await tasks_.join();
  }

 private:
  boost::asio::awaitable<void> watch() {
    SteadyTimer timer(context_.executor);
    for (;;) {
      if (fault_files().take(context_.name, "throw")) throw Error("a test wants it to throw");
      if (fault_files().take(context_.name, "hang")) fault_files().stand_still(context_.name);
      timer.expires_after(kLook);
      co_await timer.async_wait(boost::asio::use_awaitable);
    }
  }

  beehive::ModuleContext& context_;
  std::unique_ptr<beehive::Module> inner_;
  async::TaskGroup tasks_;
};

class IdleModule final : public beehive::Module {
 public:
  explicit IdleModule(beehive::ModuleContext& context) : context_(context) {}

  boost::asio::awaitable<void> run() override {
    for (;;) {
      const beehive::Delivery delivery = co_await context_.mailbox->receive();
    }
  }

 private:
  beehive::ModuleContext& context_;
};

}  // namespace

beehive::ModuleFactory with_faults(beehive::ModuleFactory make) {
  return [make = std::move(make)](beehive::ModuleContext& context) -> std::unique_ptr<beehive::Module> {
    if (fault_files().is_there(context.name, "make")) throw Error("a test does not want it to be made");
    return std::make_unique<FaultyModule>(context, make(context));
  };
}

beehive::ModuleFactory make_idle_module() {
  return [](beehive::ModuleContext& context) { return std::make_unique<IdleModule>(context); };
}

}  // namespace edgecore::faulty

// ---- Messages. The linker puts the second of these before every call of Mailbox::receive (CMakeLists.txt):
// on the platforms of this project a member function is called as a free one whose first argument is the
// object.

using edgecore::beehive::Delivery;
using edgecore::beehive::Mailbox;

boost::asio::awaitable<Delivery> real_receive(Mailbox* mailbox) asm(
    "__real__ZN8edgecore7beehive7Mailbox7receiveEv");

namespace {

/// The message is in the module's hands when the fault strikes.
boost::asio::awaitable<Delivery> receive_with_faults(Mailbox* mailbox) {
  Delivery delivery = co_await real_receive(mailbox);
  const auto& files = edgecore::faulty::fault_files();
  const std::string what = delivery->route.operation + " " + delivery->route.resource;
  if (files.text(mailbox->name(), "throw-on") == what)
    throw edgecore::Error("a test wants " + what + " to make it throw");
  if (files.text(mailbox->name(), "hang-on") == what) files.stand_still(mailbox->name());
  co_return delivery;
}

}  // namespace

boost::asio::awaitable<Delivery> wrapped_receive(Mailbox* mailbox) asm(
    "__wrap__ZN8edgecore7beehive7Mailbox7receiveEv");
boost::asio::awaitable<Delivery> wrapped_receive(Mailbox* mailbox) {
  return receive_with_faults(mailbox);
}
