// SPDX-License-Identifier: Apache-2.0
#include "edgecore/rpc/grpc_log.hpp"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>

#include <string>

#include "edgecore/base/log.hpp"

namespace edgecore::rpc {
namespace {

constexpr std::size_t kMaxLine = 500;

void log_grpc(gpr_log_func_args* line) {
  log::get("grpc")->debug("{}", log::quote(line->message, kMaxLine));
}

void log_protobuf(google::protobuf::LogLevel /*level*/, const char* /*file*/, int /*line*/,
                  const std::string& message) {
  log::get("grpc")->debug("{}", log::quote(message, kMaxLine));
}

}  // namespace

void take_over_log() {
  gpr_set_log_function(log_grpc);
  static const bool once = google::protobuf::SetLogHandler(log_protobuf) != log_protobuf;
  static_cast<void>(once);
}

}  // namespace edgecore::rpc
