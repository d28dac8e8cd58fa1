// SPDX-License-Identifier: Apache-2.0
#include "metaserver/access/client_certificates.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "metaserver/access/authentication.hpp"

namespace edgecore::metaserver {
namespace {

constexpr std::size_t kMostVerdicts = 8;
/// The CA's own expiry is noticed by then.
constexpr std::chrono::minutes kVerdictFor{1};
constexpr std::size_t kMaxCaBytes = std::size_t{1} << 20;

}  // namespace

std::shared_ptr<const User> ClientCertificates::remembered(const net::Certificate& certificate) {
  if (const FileStamp now = ca_stamp(); now != std::exchange(ca_seen_, now)) verdicts_.clear();
  const std::string der = certificate.der();
  const auto at = std::ranges::find(verdicts_, der, &Verdict::der);
  if (at == verdicts_.end()) return nullptr;
  const WallTime now = clock_.wall();
  const bool holds = now >= at->not_before && now <= at->not_after && clock_.steady() < at->until;
  return holds ? at->user : nullptr;
}

std::shared_ptr<const User> ClientCertificates::user_of(const net::Certificate& certificate) {
  if (auto known = remembered(certificate)) return known;
  Verdict verdict;
  verdict.der = certificate.der();
  std::erase_if(verdicts_, [&](const Verdict& old) { return old.der == verdict.der; });
  if (!is_valid(certificate)) return nullptr;
  verdict.user = std::make_shared<const User>(node_admin(common_name_));
  verdict.not_before = certificate.not_before();
  verdict.not_after = certificate.not_after();
  verdict.until = clock_.steady() + kVerdictFor;
  if (verdicts_.size() >= kMostVerdicts) verdicts_.erase(verdicts_.begin());
  return verdicts_.emplace_back(std::move(verdict)).user;
}

bool ClientCertificates::is_valid(const net::Certificate& certificate) const {
  if (certificate.common_name() != common_name_) return false;
  try {
    const auto ca = read_file(ca_file_, kMaxCaBytes);
    if (!ca) return false;
    return !net::verify(certificate, net::Certificate::all_from_pem(*ca), net::CertificatePurpose::kClient,
                        clock_.wall());
  } catch (const Error&) {
    return false;  // the CA is being exchanged, or cannot be read
  }
}

ClientCertificates::FileStamp ClientCertificates::ca_stamp() const {
  struct stat info {};
  if (::stat(ca_file_.c_str(), &info) != 0) return {};
  return {info.st_dev, info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
}

}  // namespace edgecore::metaserver
