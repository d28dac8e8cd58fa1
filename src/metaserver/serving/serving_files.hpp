// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/outcome.hpp"
#include "edgecore/net/x509.hpp"

namespace edgecore::metaserver {

/// The largest file with certificates or keys that is read.
inline constexpr std::size_t kMaxPemFileBytes = 1U << 20U;

/// A certificate with its chain and its key.
struct ServingPair {
  net::Certificate leaf;
  std::string chain_pem;  ///< the leaf first
  std::string key_pem;
};
/// From PEM texts. Throws BadInput if they cannot be read or the key is not the certificate's.
ServingPair make_serving_pair(std::string_view chain_pem, std::string_view key_pem);

/// The files of the serving certificate, as a kubelet keeps them (protocol/03-metaserver.md §1.3 step 3), so
/// that this agent and the Go agent can replace each other:
///
///     metaserver-current.pem               link to the file in use
///     metaserver-2026-05-01-10-00-00.pem   chain, then key; 0600; the last two are kept
///     metaserver.crt, metaserver.key       used if the link leads to no readable file
///     metaserver-pending.key               ours: the key of the request that is under way; 0600
///
/// Blocking, small files; one thread.
class ServingFiles {
 public:
  explicit ServingFiles(std::filesystem::path directory) : directory_(std::move(directory)) {}

  /// The last valid pair.
  [[nodiscard]] Outcome<ServingPair> load() const;

  /// Puts the pair into use: a new file named by `now`, then the link; a power cut at any moment leaves the
  /// old or the new pair in use. Throws SystemError.
  void store(const ServingPair& pair, WallTime now) const;

  /// The key of a request that was pending when the program ended; nullopt if no such key can be read.
  [[nodiscard]] std::optional<net::PrivateKey> pending_key() const;
  /// Throws SystemError.
  void store_pending_key(const net::PrivateKey& key) const;
  void drop_pending_key() const noexcept;

  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

 private:
  void link_current(const std::filesystem::path& name) const;
  void remove_old(const std::filesystem::path& current) const;
  std::filesystem::path directory_;
};

}  // namespace edgecore::metaserver
