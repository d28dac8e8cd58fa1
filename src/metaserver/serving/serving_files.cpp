// SPDX-License-Identifier: Apache-2.0
#include "metaserver/serving/serving_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>
#include <vector>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "edgecore/kube/time.hpp"

namespace edgecore::metaserver {
namespace {

constexpr char kCurrent[] = "metaserver-current.pem";
constexpr char kUpdated[] = "metaserver-updated.pem";  // becomes kCurrent; the Go agent's name for it
constexpr char kCertificate[] = "metaserver.crt";
constexpr char kKey[] = "metaserver.key";
constexpr char kPendingKey[] = "metaserver-pending.key";
constexpr std::string_view kPrefix = "metaserver-";
constexpr std::string_view kPattern = "metaserver-dddd-dd-dd-dd-dd-dd.pem";  // d: a digit

/// "metaserver-2026-05-01-10-00-00.pem"
std::string dated_name(WallTime now) {
  std::string stamp = kube::format_time(now);
  stamp.pop_back();  // Z
  std::replace_if(
      stamp.begin(), stamp.end(), [](char c) { return c == 'T' || c == ':'; }, '-');
  return std::string(kPrefix) + stamp + ".pem";
}

bool is_dated_name(const std::string& name) {
  return std::equal(name.begin(), name.end(), kPattern.begin(), kPattern.end(),
                    [](char c, char wanted) { return wanted == 'd' ? is_digit(c) : c == wanted; });
}

void flush_directory(const std::filesystem::path& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const int error = fd < 0 || ::fsync(fd) != 0 ? errno : 0;
  if (fd >= 0) ::close(fd);
  if (error != 0) throw SystemError("cannot flush directory " + directory.string(), error);
}

}  // namespace

ServingPair make_serving_pair(std::string_view chain_pem, std::string_view key_pem) {
  const auto chain = net::Certificate::all_from_pem(chain_pem);
  const auto key = net::PrivateKey::from_pem(key_pem);
  if (!chain.front().matches(key)) throw BadInput("the key does not belong to the certificate");
  ServingPair pair{chain.front(), {}, key.pem()};
  for (const auto& certificate : chain) pair.chain_pem += certificate.pem();
  return pair;
}

Outcome<ServingPair> ServingFiles::load() const {
  std::string flaw;
  try {
    if (const auto both = read_file(directory_ / kCurrent, kMaxPemFileBytes))
      return make_serving_pair(*both, *both);
  } catch (const Error& error) {
    flaw = (directory_ / kCurrent).string() + " cannot be used: " + error.what();
  }
  try {
    const auto chain = read_file(directory_ / kCertificate, kMaxPemFileBytes);
    const auto key = read_file(directory_ / kKey, kMaxPemFileBytes);
    if (chain && key) return make_serving_pair(*chain, *key);
  } catch (const Error& error) {
    if (!flaw.empty()) flaw += "; ";
    flaw += (directory_ / kCertificate).string() + " cannot be used: " + error.what();
  }
  return Failure(flaw.empty() ? "there is no file of one in " + directory_.string() : flaw);
}

void ServingFiles::store(const ServingPair& pair, WallTime now) const {
  make_directories(directory_, 0755);
  const std::string name = dated_name(now);
  write_file_atomic(directory_ / name, pair.chain_pem + pair.key_pem, 0600);
  link_current(name);
  remove_old(name);
}

void ServingFiles::link_current(const std::filesystem::path& name) const {
  const auto updated = directory_ / kUpdated;
  const auto current = directory_ / kCurrent;
  ::unlink(updated.c_str());  // left by a power cut
  if (::symlink(name.c_str(), updated.c_str()) != 0)
    throw SystemError("cannot make the link " + updated.string(), errno);
  if (std::rename(updated.c_str(), current.c_str()) != 0)
    throw SystemError("cannot replace " + current.string(), errno);
  flush_directory(directory_);
}

void ServingFiles::remove_old(const std::filesystem::path& current) const {
  std::vector<std::string> others;
  std::error_code unreadable;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, unreadable)) {
    const std::string name = entry.path().filename().string();
    if (is_dated_name(name) && name != current) others.push_back(name);
  }
  std::sort(others.begin(), others.end(), std::greater<>());
  for (std::size_t i = 1; i < others.size(); ++i) ::unlink((directory_ / others[i]).c_str());
}

std::optional<net::PrivateKey> ServingFiles::pending_key() const {
  try {
    if (const auto pem = read_file(directory_ / kPendingKey, kMaxPemFileBytes))
      return net::PrivateKey::from_pem(*pem);
  } catch (const Error&) {
    // A new key takes its place.
  }
  return std::nullopt;
}

void ServingFiles::store_pending_key(const net::PrivateKey& key) const {
  make_directories(directory_, 0755);
  write_file_atomic(directory_ / kPendingKey, key.pem(), 0600);
}

void ServingFiles::drop_pending_key() const noexcept {
  ::unlink((directory_ / kPendingKey).c_str());
}

}  // namespace edgecore::metaserver
