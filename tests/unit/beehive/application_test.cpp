// SPDX-License-Identifier: Apache-2.0
#include "edgecore/beehive/application.hpp"

#include <gtest/gtest.h>

#include <tuple>
#include <vector>

namespace edgecore::beehive {
namespace {

// A list that fails loses its Status: only these words arrive.
TEST(ApplicationTest, AStatusIsReadFromTheWordsOfAFailedList) {
  const std::vector<std::tuple<std::string, int, std::string>> cases = {
      {"pods is forbidden: User \"x\" cannot list", 403, "Forbidden"},
      {"the server could not find the requested resource", 404, "NotFound"},
      {"The provided continue parameter is too old to display a consistent list result.", 410, "Expired"},
      {"invalid continue token: continue key is not valid: illegal base64 data", 400, "BadRequest"},
      {"etcdserver: request timed out", 500, "InternalError"},
      {"", 500, "InternalError"},
  };
  for (const auto& [words, code, reason] : cases) {
    const ApplicationAnswer answer =
        read_application_answer({{"Status", "Rejected"}, {"Reason", "get current list error: " + words}});
    EXPECT_FALSE(answer.approved);
    EXPECT_EQ(answer.status.code, code) << words;
    EXPECT_EQ(answer.status.reason, reason) << words;
    EXPECT_NE(answer.status.message.find(words), std::string::npos);
  }
}

TEST(ApplicationTest, AStatusThatArrivesIsTakenAsItIs) {
  Json content = {{"Status", "Rejected"}, {"Reason", "is forbidden"}};
  content["Error"]["ErrStatus"] = {{"code", 409}, {"reason", "Conflict"}, {"message", "changed meanwhile"}};
  const ApplicationAnswer answer = read_application_answer(content);
  EXPECT_EQ(answer.status.code, 409);
  EXPECT_EQ(answer.status.message, "changed meanwhile");
}

}  // namespace
}  // namespace edgecore::beehive
