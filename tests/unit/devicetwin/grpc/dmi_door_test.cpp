// SPDX-License-Identifier: Apache-2.0
#include "devicetwin/dmi/dmi_door.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>

#include "edgecore/base/listeners.hpp"
#include "support/temporary_directory.hpp"

namespace edgecore::devicetwin {
namespace {

TEST(Door, OfAModuleThatWasGivenUpLeavesItsPathToTheNextOne) {
  const test::TemporaryDirectory directory;
  const auto path = directory / "dmi.sock";
  const auto close_it = [](int fd) { ::close(fd); };
  const auto listeners = std::make_shared<Listeners>();
  Listeners::adopt(listeners);
  auto old = std::make_unique<Door>(path, 4, close_it);
  Listeners::adopt(nullptr);
  listeners->shut_down();
  EXPECT_THROW(connect_to_socket(path), SystemError) << "nobody may wait for one that hangs";
  const Door next(path, 4, close_it);
  old.reset();  // its thread has come back
  EXPECT_TRUE(connect_to_socket(path).valid());
}

}  // namespace
}  // namespace edgecore::devicetwin
