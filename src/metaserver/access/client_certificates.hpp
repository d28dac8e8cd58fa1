// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/net/x509.hpp"
#include "metaserver/access/user.hpp"

namespace edgecore::metaserver {

/// Authenticates the administrator of the node by the node's client certificate (protocol/03-metaserver.md
/// §5.2). A good certificate is remembered for a minute, so that a request costs no signature; its validity
/// and the CA's file are compared at each use. A bad one is never remembered: it may become valid when the
/// clock is set or the CA is exchanged. Single-threaded.
class ClientCertificates {
 public:
  /// `ca_file` holds who signs the certificates; `clock` is trusted time and must outlive this.
  ClientCertificates(std::filesystem::path ca_file, std::string common_name, const Clock& clock)
      : ca_file_(std::move(ca_file)), common_name_(std::move(common_name)), clock_(clock) {}
  ClientCertificates(const ClientCertificates&) = delete;
  ClientCertificates& operator=(const ClientCertificates&) = delete;

  /// The administrator if his certificate is remembered and still valid; nothing is verified here.
  [[nodiscard]] std::shared_ptr<const User> remembered(const net::Certificate& certificate);
  /// The administrator; null if the certificate is not valid now.
  [[nodiscard]] std::shared_ptr<const User> user_of(const net::Certificate& certificate);

 private:
  struct Verdict {
    std::string der;
    std::shared_ptr<const User> user;
    WallTime not_before, not_after;
    SteadyTime until;
  };
  /// Which file was read.
  struct FileStamp {
    std::uint64_t device = 0, inode = 0;
    std::int64_t size = -1, seconds = 0, nanoseconds = 0;
    bool operator==(const FileStamp&) const = default;
  };
  [[nodiscard]] FileStamp ca_stamp() const;
  [[nodiscard]] bool is_valid(const net::Certificate& certificate) const;

  std::filesystem::path ca_file_;
  std::string common_name_;
  const Clock& clock_;
  FileStamp ca_seen_;
  std::vector<Verdict> verdicts_;  ///< oldest first
};

}  // namespace edgecore::metaserver
