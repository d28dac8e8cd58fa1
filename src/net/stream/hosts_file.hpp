// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/ip/address.hpp>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace edgecore::net {

/// The names of /etc/hosts, read again when the file has changed. A name in it needs no DNS server, so that
/// it must not wait behind names that do. Any thread.
class HostsFile {
 public:
  explicit HostsFile(std::filesystem::path path) : path_(std::move(path)) {}

  /// The addresses of a name in the file's order; empty if it has none. "localhost" always has some. A file
  /// that cannot be read, or above 1 MiB, counts as empty.
  std::vector<boost::asio::ip::address> find(std::string_view name);

 private:
  struct Version {
    std::filesystem::file_time_type written;
    std::uintmax_t size = 0;
    bool operator==(const Version&) const = default;
  };
  void refresh();

  const std::filesystem::path path_;
  std::mutex mutex_;
  Version version_;
  std::map<std::string, std::vector<boost::asio::ip::address>, std::less<>> names_;
};

}  // namespace edgecore::net
