// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <string>
#include <string_view>

#include "edgecore/base/error.hpp"

namespace edgecore::test {

/// HMAC with SHA-256, 32 raw bytes. The cloud signs join tokens with it; tests forge access tokens with it.
inline std::string hmac_sha256(std::string_view key, std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(data.data()), data.size(), digest.data(), &size) == nullptr)
    throw Error("The crypto library could not compute an HMAC.");
  return {reinterpret_cast<const char*>(digest.data()), size};
}

}  // namespace edgecore::test
