// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/message_lite.h>
#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/status.h>

#include <memory>
#include <string>
#include <string_view>

#include "edgecore/cri/runtime.hpp"
#include "edgecore/rpc/unary.hpp"

namespace edgecore::cri {

/// A channel to one endpoint and the completion loop of its calls. Shared by the Runtime and its event
/// streams.
struct Link {
  Link(const std::string& target, std::shared_ptr<rpc::CompletionLoop> completion_loop);

  std::shared_ptr<rpc::CompletionLoop> loop;
  std::shared_ptr<grpc::Channel> channel;
  grpc::GenericStub stub;  // for streams
};

/// gRPC's name of the runtime's endpoint: "unix:<absolute path>" for "unix:///path" and "/path". Throws
/// BadInput for others.
std::string runtime_target(const std::string& endpoint);

/// One rpc: its service ("RuntimeService"), its bare name, its time limit.
struct Rpc {
  const char* service;
  const char* method;
  Deadlines::Limit limit;
  [[nodiscard]] std::string path() const;  // "/runtime.v1.RuntimeService/Version"
};

/// Sends one request and waits for the reply. Throws CallError.
Awaitable<grpc::ByteBuffer> ask(std::shared_ptr<Link> link, Rpc called, grpc::ByteBuffer request);

/// Throws the CallError of a status that is not ok.
[[noreturn]] void fail(std::string_view method, const grpc::Status& status);

/// Parses a reply of the runtime. Throws CallError (Internal) if it is not that message.
void unpack(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite& message, std::string_view method);

}  // namespace edgecore::cri
