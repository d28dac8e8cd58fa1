// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace edgecore::faulty {

/// The faults a test asks for, one file each in the folder that EDGECORE_FAULTS names. MODULE is a module's
/// name on the bus (`edged`, `metamanager`, `websocket`, `troublemaker`).
///
/// | file | while or when it is there |
/// |---|---|
/// | `MODULE.make` | the module's factory throws |
/// | `MODULE.start` | its run() throws at once |
/// | `MODULE.throw` | taken away, and run() throws |
/// | `MODULE.hang` | taken away, and the module's thread stands still until `MODULE.let-go` is there |
/// | `MODULE.throw-on` | receiving the message "OPERATION RESOURCE" that is in the file throws, each time |
/// | `MODULE.hang-on` | receiving such a message makes the thread stand still as above |
///
/// Any thread.
class FaultFiles {
 public:
  explicit FaultFiles(std::filesystem::path directory) : directory_(std::move(directory)) {}

  [[nodiscard]] bool is_there(const std::string& module, const char* fault) const;
  /// True for one caller only: the file goes.
  [[nodiscard]] bool take(const std::string& module, const char* fault) const;
  /// What is in the file, without the end of its line; "" when it is not there.
  [[nodiscard]] std::string text(const std::string& module, const char* fault) const;
  /// Blocks the calling thread until `MODULE.let-go` is there.
  void stand_still(const std::string& module) const;

 private:
  [[nodiscard]] std::filesystem::path path(const std::string& module, const char* fault) const;
  std::filesystem::path directory_;
};

/// Of this process, from EDGECORE_FAULTS; without that variable there are no faults.
const FaultFiles& fault_files();

}  // namespace edgecore::faulty
