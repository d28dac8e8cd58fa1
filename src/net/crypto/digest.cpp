// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <cstdint>

#include "edgecore/base/error.hpp"
#include "net/crypto/openssl.hpp"

namespace edgecore::net {
namespace {

constexpr std::string_view kStandardAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encode(std::string_view data, std::string_view alphabet) {
  std::string out;
  out.reserve((data.size() + 2) / 3 * 4);
  std::uint32_t window = 0;
  int bits = 0;
  for (const char c : data) {
    window = (window << 8 | static_cast<unsigned char>(c)) & 0xFFFFFFU;
    for (bits += 8; bits >= 6; bits -= 6) out += alphabet[window >> (bits - 6) & 0x3FU];
  }
  if (bits > 0) out += alphabet[window << (6 - bits) & 0x3FU];
  return out;
}

/// The value of each character, -1 for characters outside the alphabet.
using Values = std::array<std::int8_t, 256>;
constexpr Values values_of(std::string_view alphabet) {
  Values out{};
  out.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    out[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  return out;
}
constexpr Values kStandardValues = values_of(kStandardAlphabet);
constexpr Values kUrlValues = values_of(kUrlAlphabet);

enum class LastBits { kMustBeZero, kIgnored };

/// Digits only, no padding. `last_bits`: how to treat the bits of the last digit beyond the last byte.
std::string decode(std::string_view digits, const Values& values,
                   LastBits last_bits = LastBits::kMustBeZero) {
  std::string out;
  out.reserve(digits.size() / 4 * 3 + 2);
  std::uint32_t window = 0;
  int bits = 0;
  for (const char c : digits) {
    const int value = values[static_cast<unsigned char>(c)];
    if (value < 0) throw BadInput("The base64 text holds a character that is not base64.");
    window = (window << 6 | static_cast<std::uint32_t>(value)) & 0xFFFFFFU;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>(window >> bits & 0xFFU);
    }
  }
  const bool stray = last_bits == LastBits::kMustBeZero && (window & ((1U << bits) - 1U)) != 0;
  if (bits == 6 || stray) throw BadInput("The base64 text is cut short.");
  return out;
}

/// The digits of a text that is padded to a multiple of four.
std::string_view without_padding(std::string_view text) {
  if (text.size() % 4 != 0) throw BadInput("The base64 text is not padded to a multiple of four characters.");
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string sha256(std::string_view data) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  unsigned int size = 0;
  if (EVP_Digest(data.data(), data.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
    throw Error("The crypto library could not compute a SHA-256 digest.");
  return {reinterpret_cast<const char*>(digest.data()), size};
}

std::string sha256_hex(std::string_view data) {
  return hex(sha256(data));
}

std::string md5_hex(std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(data.data(), data.size(), digest.data(), &size, EVP_md5(), nullptr) != 1)
    throw Error("This machine's OpenSSL does not allow MD5.");
  return hex({reinterpret_cast<const char*>(digest.data()), size});
}

bool equal_secrets(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string hex(std::string_view data) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(data.size() * 2);
  for (const char c : data) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 0xFU];
  }
  return out;
}

std::string base64(std::string_view data) {
  std::string out = encode(data, kStandardAlphabet);
  while (out.size() % 4 != 0) out += '=';
  return out;
}

std::string base64_decode(std::string_view text) {
  return decode(without_padding(text), kStandardValues);
}

std::optional<std::string> base64_decode_lines(std::string_view text) {
  std::string digits;
  digits.reserve(text.size());
  for (const char c : text) {
    if (c != '\n' && c != '\r') digits += c;
  }
  try {
    return decode(without_padding(digits), kStandardValues, LastBits::kIgnored);
  } catch (const BadInput&) {
    return std::nullopt;
  }
}

std::string base64url(std::string_view data) {
  return encode(data, kUrlAlphabet);
}

std::string base64url_decode(std::string_view text) {
  return decode(text, kUrlValues);
}

}  // namespace edgecore::net
