// SPDX-License-Identifier: Apache-2.0
#include "beehive/life_token.hpp"

namespace edgecore::beehive {
namespace {

std::shared_ptr<LifeToken>& of_this_thread() {
  thread_local std::shared_ptr<LifeToken> token;
  return token;
}

}  // namespace

void LifeToken::adopt(std::shared_ptr<LifeToken> token) {
  of_this_thread() = std::move(token);
}

const std::shared_ptr<LifeToken>& LifeToken::current() {
  return of_this_thread();
}

bool LifeToken::this_thread_abandoned() {
  const auto& token = current();
  return token && token->abandoned();
}

}  // namespace edgecore::beehive
