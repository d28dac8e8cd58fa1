// SPDX-License-Identifier: Apache-2.0
#include "faulty/fault_files.hpp"

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace edgecore::faulty {

std::filesystem::path FaultFiles::path(const std::string& module, const char* fault) const {
  return directory_ / (module + "." + fault);
}

bool FaultFiles::is_there(const std::string& module, const char* fault) const {
  std::error_code failed;
  return !directory_.empty() && std::filesystem::exists(path(module, fault), failed);
}

bool FaultFiles::take(const std::string& module, const char* fault) const {
  std::error_code failed;
  return !directory_.empty() && std::filesystem::remove(path(module, fault), failed);
}

std::string FaultFiles::text(const std::string& module, const char* fault) const {
  if (directory_.empty()) return {};
  std::ifstream file(path(module, fault));
  std::string line;
  std::getline(file, line);
  return line;
}

void FaultFiles::stand_still(const std::string& module) const {
  while (!is_there(module, "let-go")) std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

const FaultFiles& fault_files() {
  static const FaultFiles files = [] {
    const char* directory = std::getenv("EDGECORE_FAULTS");
    return FaultFiles(directory != nullptr ? directory : "");
  }();
  return files;
}

}  // namespace edgecore::faulty
