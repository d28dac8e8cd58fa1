// SPDX-License-Identifier: Apache-2.0
#include "edgehub/credentials.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <utility>

#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "edgecore/base/release_date.hpp"

namespace edgecore::edgehub {
namespace {

std::filesystem::path pending(const std::filesystem::path& path) {
  auto name = path;
  name += ".new";
  return name;
}

/// True if both files exist and belong together.
bool is_pair(const std::filesystem::path& key, const std::filesystem::path& certificate) {
  try {
    const auto key_pem = read_file(key, kMaxPemFileBytes);
    const auto certificate_pem = read_file(certificate, kMaxPemFileBytes);
    return key_pem && certificate_pem &&
           net::Certificate::from_pem(*certificate_pem).matches(net::PrivateKey::from_pem(*key_pem));
  } catch (const Error&) {
    return false;
  }
}

std::string read_pem(const char* what, const std::filesystem::path& path) {
  auto pem = read_file(path, kMaxPemFileBytes);
  if (!pem) throw Error(std::string("there is no ") + what + " at " + path.string());
  return std::move(*pem);
}

void rename_over(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) throw SystemError("cannot replace " + to.string(), errno);
}

}  // namespace

void CredentialFiles::finish_replacement() const {
  const auto new_key = pending(paths_.key);
  const auto new_certificate = pending(paths_.certificate);
  std::error_code ignored;
  if (!is_pair(paths_.key, paths_.certificate)) {
    if (is_pair(paths_.key, new_certificate)) {  // a power cut came between the two renames
      rename_over(new_certificate, paths_.certificate);
    } else if (is_pair(new_key, new_certificate)) {
      rename_over(new_key, paths_.key);
      rename_over(new_certificate, paths_.certificate);
    }
  }
  std::filesystem::remove(new_key, ignored);
  std::filesystem::remove(new_certificate, ignored);
}

Outcome<Identity> CredentialFiles::load() const {
  try {
    finish_replacement();
    std::string ca_pem = read_pem("CA certificate", paths_.ca);
    std::string certificate_pem = read_pem("certificate", paths_.certificate);
    std::string key_pem = read_pem("key", paths_.key);
    auto certificate = net::Certificate::from_pem(certificate_pem);
    if (!certificate.matches(net::PrivateKey::from_pem(key_pem)))
      throw BadInput(paths_.certificate.string() + " and " + paths_.key.string() + " do not belong together");
    return Identity{net::Certificate::from_pem(ca_pem), std::move(certificate), std::move(ca_pem),
                    std::move(certificate_pem), std::move(key_pem)};
  } catch (const Error& error) {
    return Failure::of(error);
  }
}

void CredentialFiles::store_ca(std::string_view pem) const {
  net::Certificate::from_pem(pem);
  if (paths_.ca.has_parent_path()) make_directories(paths_.ca.parent_path(), 0755);
  write_file_atomic(paths_.ca, pem, 0644);
}

void CredentialFiles::store_pair(std::string_view key_pem, std::string_view certificate_pem) const {
  if (paths_.key.has_parent_path()) make_directories(paths_.key.parent_path(), 0755);
  if (paths_.certificate.has_parent_path()) make_directories(paths_.certificate.parent_path(), 0755);
  write_file_atomic(pending(paths_.key), key_pem, 0600);
  write_file_atomic(pending(paths_.certificate), certificate_pem, 0644);
  rename_over(pending(paths_.key), paths_.key);
  rename_over(pending(paths_.certificate), paths_.certificate);
}

WallTime time_for_verification(WallTime wall, const Identity* identity) {
  WallTime floor = kReleaseDate;
  if (identity != nullptr) {
    floor = std::max({floor, identity->ca.not_before(), identity->certificate.not_before()});
  }
  return std::max(wall, floor);
}

std::optional<std::string> unusable(const Identity& identity, WallTime now) {
  return net::verify(identity.certificate, {identity.ca}, net::CertificatePurpose::kClient, now);
}

WallTime renewal_time(const net::Certificate& certificate, double r) {
  const auto lifetime = std::chrono::duration<double>(certificate.not_after() - certificate.not_before());
  return certificate.not_before() +
         std::chrono::duration_cast<WallTime::duration>(lifetime * (0.5 + 0.1 * r));
}

void check_issued(const net::Certificate& certificate, const net::PrivateKey& key,
                  const std::string& node_name, WallTime now) {
  if (!certificate.matches(key))
    throw BadInput("the certificate the cloud issued is not for this node's key");
  const std::string expected = "system:node:" + node_name;
  if (certificate.common_name() != expected) {
    throw BadInput("the certificate the cloud issued names \"" + certificate.common_name() + "\", not \"" +
                   expected + "\"");
  }
  if (certificate.not_after() <= now) throw BadInput("the certificate the cloud issued has already expired");
}

}  // namespace edgecore::edgehub
