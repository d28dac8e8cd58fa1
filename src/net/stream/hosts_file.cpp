// SPDX-License-Identifier: Apache-2.0
#include "net/stream/hosts_file.hpp"

#include <sstream>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"

namespace edgecore::net {
namespace {

constexpr std::size_t kLargestFile = std::size_t{1} << 20U;

using Addresses = std::vector<boost::asio::ip::address>;
using Names = std::map<std::string, Addresses, std::less<>>;

void read_line(const std::string& line, Names& into) {
  std::istringstream words(line.substr(0, line.find('#')));
  std::string word;
  if (!(words >> word)) return;
  boost::system::error_code bad;
  const auto address = boost::asio::ip::make_address(word, bad);
  if (bad) return;
  while (words >> word) into[lower_case(word)].push_back(address);
}

Names read_names(const std::filesystem::path& path) {
  Names names;
  try {
    std::istringstream lines(read_file(path, kLargestFile).value_or(""));
    for (std::string line; std::getline(lines, line);) read_line(line, names);
  } catch (const Error&) {
    names.clear();  // getaddrinfo has the last word on such a file
  }
  return names;
}

Addresses loopback() {
  return {boost::asio::ip::address_v4::loopback(), boost::asio::ip::address_v6::loopback()};
}

}  // namespace

void HostsFile::refresh() {
  std::error_code missing;
  Version now;
  now.written = std::filesystem::last_write_time(path_, missing);
  now.size = missing ? 0 : std::filesystem::file_size(path_, missing);
  if (missing) now = Version();
  if (now == version_) return;
  version_ = now;
  names_ = missing ? Names() : read_names(path_);
}

Addresses HostsFile::find(std::string_view name) {
  const std::string key = lower_case(name);
  const std::lock_guard lock(mutex_);
  refresh();
  const auto found = names_.find(key);
  if (found != names_.end()) return found->second;
  return key == "localhost" ? loopback() : Addresses();
}

}  // namespace edgecore::net
