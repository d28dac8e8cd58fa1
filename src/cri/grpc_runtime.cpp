// SPDX-License-Identifier: Apache-2.0
#include "edgecore/cri/grpc_runtime.hpp"

#include "cri/convert.hpp"
#include "cri/event_streams.hpp"
#include "cri/grpc_link.hpp"

namespace edgecore::cri {
namespace {

constexpr const char* kRuntimeService = "RuntimeService";
constexpr const char* kImageService = "ImageService";

/// The coroutine behind most calls: sends the request and reads the reply.
template <class Reply, class Result>
Awaitable<Result> answer(std::shared_ptr<Link> link, Rpc rpc, grpc::ByteBuffer request,
                         Result (*read_out)(const Reply&)) {
  const auto bytes = co_await ask(std::move(link), rpc, std::move(request));
  Reply reply;
  unpack(bytes, reply, rpc.method);
  co_return read_out(reply);
}

/// The same for empty replies.
Awaitable<void> acknowledgement(std::shared_ptr<Link> link, Rpc rpc, grpc::ByteBuffer request) {
  co_await ask(std::move(link), rpc, std::move(request));
}

/// The same for calls that stop or remove something: NOT_FOUND counts as success.
Awaitable<void> ending(std::shared_ptr<Link> link, Rpc rpc, grpc::ByteBuffer request) {
  try {
    co_await ask(std::move(link), rpc, std::move(request));
  } catch (const CallError& error) {
    if (!error.not_found()) throw;
  }
}

class GrpcRuntime final : public Runtime {
 public:
  explicit GrpcRuntime(const GrpcRuntimeOptions& options)
      : deadlines_(options.deadlines), loop_(std::make_shared<rpc::CompletionLoop>("cri")) {
    const auto target = runtime_target(options.runtime_endpoint);
    const auto image_target =
        options.image_endpoint.empty() ? target : runtime_target(options.image_endpoint);
    runtime_ = std::make_shared<Link>(target, loop_);
    images_ = image_target == target ? runtime_ : std::make_shared<Link>(image_target, loop_);
  }
  GrpcRuntime(const GrpcRuntime&) = delete;
  GrpcRuntime& operator=(const GrpcRuntime&) = delete;
  ~GrpcRuntime() override { loop_->shut_down(); }

  // ---- The runtime itself

  Awaitable<VersionInfo> version(std::string_view api_version) override {
    v1::VersionRequest request;
    request.set_version(std::string(api_version));
    return runtime_call<v1::VersionResponse, VersionInfo>("Version", request, read);
  }

  Awaitable<RuntimeStatus> status(bool verbose) override {
    v1::StatusRequest request;
    request.set_verbose(verbose);
    return runtime_call<v1::StatusResponse, RuntimeStatus>("Status", request, read);
  }

  // ---- Pod sandboxes

  Awaitable<std::string> run_pod_sandbox(const PodSandboxConfig& config, std::string_view handler) override {
    v1::RunPodSandboxRequest request;
    write(*request.mutable_config(), config);
    request.set_runtime_handler(std::string(handler));
    return answer<v1::RunPodSandboxResponse, std::string>(
        runtime_, {kRuntimeService, "RunPodSandbox", deadlines_.run_pod_sandbox()}, rpc::pack(request),
        [](const v1::RunPodSandboxResponse& reply) { return reply.pod_sandbox_id(); });
  }

  Awaitable<void> stop_pod_sandbox(std::string_view id) override {
    v1::StopPodSandboxRequest request;
    request.set_pod_sandbox_id(std::string(id));
    return runtime_ending("StopPodSandbox", request);
  }

  Awaitable<void> remove_pod_sandbox(std::string_view id) override {
    v1::RemovePodSandboxRequest request;
    request.set_pod_sandbox_id(std::string(id));
    return runtime_ending("RemovePodSandbox", request);
  }

  Awaitable<PodSandboxStatus> pod_sandbox_status(std::string_view id) override {
    v1::PodSandboxStatusRequest request;
    request.set_pod_sandbox_id(std::string(id));
    return runtime_call<v1::PodSandboxStatusResponse, PodSandboxStatus>(
        "PodSandboxStatus", request,
        [](const v1::PodSandboxStatusResponse& reply) { return read(reply.status()); });
  }

  Awaitable<std::optional<std::int64_t>> pod_sandbox_pid(std::string_view id) override {
    v1::PodSandboxStatusRequest request;
    request.set_pod_sandbox_id(std::string(id));
    request.set_verbose(true);
    return runtime_call<v1::PodSandboxStatusResponse, std::optional<std::int64_t>>(
        "PodSandboxStatus", request,
        [](const v1::PodSandboxStatusResponse& reply) { return read_pid(reply.info()); });
  }

  Awaitable<std::vector<PodSandbox>> list_pod_sandbox(const PodSandboxFilter& filter) override {
    v1::ListPodSandboxRequest request;
    if (filter != PodSandboxFilter()) write(*request.mutable_filter(), filter);
    return runtime_call<v1::ListPodSandboxResponse, std::vector<PodSandbox>>(
        "ListPodSandbox", request,
        [](const v1::ListPodSandboxResponse& reply) { return read_each(reply.items()); });
  }

  Awaitable<std::string> port_forward(std::string_view id, const std::vector<std::int32_t>& ports) override {
    v1::PortForwardRequest request;
    request.set_pod_sandbox_id(std::string(id));
    for (const auto port : ports) request.add_port(port);
    return runtime_call<v1::PortForwardResponse, std::string>(
        "PortForward", request, [](const v1::PortForwardResponse& reply) { return reply.url(); });
  }

  // ---- Containers

  Awaitable<std::string> create_container(std::string_view pod_sandbox_id, const ContainerConfig& config,
                                          const PodSandboxConfig& sandbox_config) override {
    v1::CreateContainerRequest request;
    request.set_pod_sandbox_id(std::string(pod_sandbox_id));
    write(*request.mutable_config(), config);
    write(*request.mutable_sandbox_config(), sandbox_config);
    return runtime_call<v1::CreateContainerResponse, std::string>(
        "CreateContainer", request,
        [](const v1::CreateContainerResponse& reply) { return reply.container_id(); });
  }

  Awaitable<void> start_container(std::string_view id) override {
    v1::StartContainerRequest request;
    request.set_container_id(std::string(id));
    return runtime_order("StartContainer", request);
  }

  Awaitable<void> stop_container(std::string_view id, std::chrono::seconds grace) override {
    v1::StopContainerRequest request;
    request.set_container_id(std::string(id));
    request.set_timeout(grace.count());
    return ending(runtime_, {kRuntimeService, "StopContainer", deadlines_.stop_container(grace)},
                  rpc::pack(request));
  }

  Awaitable<void> remove_container(std::string_view id) override {
    v1::RemoveContainerRequest request;
    request.set_container_id(std::string(id));
    return runtime_ending("RemoveContainer", request);
  }

  Awaitable<ContainerStatus> container_status(std::string_view id) override {
    v1::ContainerStatusRequest request;
    request.set_container_id(std::string(id));
    return runtime_call<v1::ContainerStatusResponse, ContainerStatus>(
        "ContainerStatus", request,
        [](const v1::ContainerStatusResponse& reply) { return read(reply.status()); });
  }

  Awaitable<std::optional<std::int64_t>> container_pid(std::string_view id) override {
    v1::ContainerStatusRequest request;
    request.set_container_id(std::string(id));
    request.set_verbose(true);
    return runtime_call<v1::ContainerStatusResponse, std::optional<std::int64_t>>(
        "ContainerStatus", request,
        [](const v1::ContainerStatusResponse& reply) { return read_pid(reply.info()); });
  }

  Awaitable<std::vector<Container>> list_containers(const ContainerFilter& filter) override {
    v1::ListContainersRequest request;
    if (filter != ContainerFilter()) write(*request.mutable_filter(), filter);
    return runtime_call<v1::ListContainersResponse, std::vector<Container>>(
        "ListContainers", request,
        [](const v1::ListContainersResponse& reply) { return read_each(reply.containers()); });
  }

  Awaitable<void> reopen_container_log(std::string_view id) override {
    v1::ReopenContainerLogRequest request;
    request.set_container_id(std::string(id));
    return runtime_order("ReopenContainerLog", request);
  }

  Awaitable<ExecResult> exec_sync(std::string_view id, const std::vector<std::string>& cmd,
                                  std::chrono::seconds timeout) override {
    v1::ExecSyncRequest request;
    request.set_container_id(std::string(id));
    write_strings(*request.mutable_cmd(), cmd);
    request.set_timeout(timeout.count());
    return answer<v1::ExecSyncResponse, ExecResult>(
        runtime_, {kRuntimeService, "ExecSync", deadlines_.exec_sync(timeout)}, rpc::pack(request), read);
  }

  Awaitable<std::string> exec(const ExecRequest& wanted) override {
    v1::ExecRequest request;
    request.set_container_id(wanted.container_id);
    write_strings(*request.mutable_cmd(), wanted.cmd);
    request.set_tty(wanted.tty);
    request.set_stdin(wanted.stdin_open);
    request.set_stdout(wanted.stdout_open);
    request.set_stderr(wanted.stderr_open);
    return runtime_call<v1::ExecResponse, std::string>(
        "Exec", request, [](const v1::ExecResponse& reply) { return reply.url(); });
  }

  Awaitable<std::string> attach(const AttachRequest& wanted) override {
    v1::AttachRequest request;
    request.set_container_id(wanted.container_id);
    request.set_tty(wanted.tty);
    request.set_stdin(wanted.stdin_open);
    request.set_stdout(wanted.stdout_open);
    request.set_stderr(wanted.stderr_open);
    return runtime_call<v1::AttachResponse, std::string>(
        "Attach", request, [](const v1::AttachResponse& reply) { return reply.url(); });
  }

  // ---- Stats and events

  Awaitable<ContainerStats> container_stats(std::string_view id) override {
    v1::ContainerStatsRequest request;
    request.set_container_id(std::string(id));
    return runtime_call<v1::ContainerStatsResponse, ContainerStats>(
        "ContainerStats", request,
        [](const v1::ContainerStatsResponse& reply) { return read(reply.stats()); });
  }

  Awaitable<std::vector<ContainerStats>> list_container_stats(const ContainerStatsFilter& filter) override {
    v1::ListContainerStatsRequest request;
    if (filter != ContainerStatsFilter()) write(*request.mutable_filter(), filter);
    return answer<v1::ListContainerStatsResponse, std::vector<ContainerStats>>(
        runtime_, {kRuntimeService, "ListContainerStats", deadlines_.list_container_stats()},
        rpc::pack(request),
        [](const v1::ListContainerStatsResponse& reply) { return read_each(reply.stats()); });
  }

  Awaitable<PodSandboxStats> pod_sandbox_stats(std::string_view id) override {
    v1::PodSandboxStatsRequest request;
    request.set_pod_sandbox_id(std::string(id));
    return runtime_call<v1::PodSandboxStatsResponse, PodSandboxStats>(
        "PodSandboxStats", request,
        [](const v1::PodSandboxStatsResponse& reply) { return read(reply.stats()); });
  }

  Awaitable<std::vector<PodSandboxStats>> list_pod_sandbox_stats(
      const PodSandboxStatsFilter& filter) override {
    v1::ListPodSandboxStatsRequest request;
    if (filter != PodSandboxStatsFilter()) write(*request.mutable_filter(), filter);
    return runtime_call<v1::ListPodSandboxStatsResponse, std::vector<PodSandboxStats>>(
        "ListPodSandboxStats", request,
        [](const v1::ListPodSandboxStatsResponse& reply) { return read_each(reply.stats()); });
  }

  std::unique_ptr<EventStream> container_events() override { return open_event_stream(runtime_); }
  std::unique_ptr<TaskEventStream> task_events() override { return open_task_event_stream(runtime_); }

  // ---- Images

  Awaitable<std::vector<Image>> list_images(std::string_view image) override {
    v1::ListImagesRequest request;
    if (!image.empty()) request.mutable_filter()->mutable_image()->set_image(std::string(image));
    return image_call<v1::ListImagesResponse, std::vector<Image>>(
        "ListImages", request, [](const v1::ListImagesResponse& reply) { return read_each(reply.images()); });
  }

  Awaitable<std::optional<Image>> image_status(const ImageSpec& image) override {
    v1::ImageStatusRequest request;
    write(*request.mutable_image(), image);
    return image_call<v1::ImageStatusResponse, std::optional<Image>>(
        "ImageStatus", request, [](const v1::ImageStatusResponse& reply) {
          return reply.has_image() ? std::optional<Image>(read(reply.image())) : std::nullopt;
        });
  }

  Awaitable<std::string> pull_image(const ImageSpec& image, const std::optional<AuthConfig>& auth,
                                    const PodSandboxConfig& sandbox_config) override {
    v1::PullImageRequest request;
    write(*request.mutable_image(), image);
    if (auth) write(*request.mutable_auth(), *auth);
    write(*request.mutable_sandbox_config(), sandbox_config);
    return answer<v1::PullImageResponse, std::string>(
        images_, {kImageService, "PullImage", deadlines_.pull_image()}, rpc::pack(request),
        [](const v1::PullImageResponse& reply) { return reply.image_ref(); });
  }

  Awaitable<void> remove_image(const ImageSpec& image) override {
    v1::RemoveImageRequest request;
    write(*request.mutable_image(), image);
    return ending(images_, {kImageService, "RemoveImage", deadlines_.common()}, rpc::pack(request));
  }

  Awaitable<std::vector<FilesystemUsage>> image_fs_info() override {
    const v1::ImageFsInfoRequest request;
    return image_call<v1::ImageFsInfoResponse, std::vector<FilesystemUsage>>(
        "ImageFsInfo", request,
        [](const v1::ImageFsInfoResponse& reply) { return read_each(reply.image_filesystems()); });
  }

 private:
  template <class Reply, class Result>
  Awaitable<Result> runtime_call(const char* method, const google::protobuf::MessageLite& request,
                                 Result (*read_out)(const Reply&)) {
    return answer<Reply, Result>(runtime_, {kRuntimeService, method, deadlines_.common()}, rpc::pack(request),
                                 read_out);
  }

  template <class Reply, class Result>
  Awaitable<Result> image_call(const char* method, const google::protobuf::MessageLite& request,
                               Result (*read_out)(const Reply&)) {
    return answer<Reply, Result>(images_, {kImageService, method, deadlines_.common()}, rpc::pack(request),
                                 read_out);
  }

  Awaitable<void> runtime_order(const char* method, const google::protobuf::MessageLite& request) {
    return acknowledgement(runtime_, {kRuntimeService, method, deadlines_.common()}, rpc::pack(request));
  }

  Awaitable<void> runtime_ending(const char* method, const google::protobuf::MessageLite& request) {
    return ending(runtime_, {kRuntimeService, method, deadlines_.common()}, rpc::pack(request));
  }

  Deadlines deadlines_;
  std::shared_ptr<rpc::CompletionLoop> loop_;
  std::shared_ptr<Link> runtime_;
  std::shared_ptr<Link> images_;  // the same link when the endpoints are
};

}  // namespace

std::unique_ptr<Runtime> make_grpc_runtime(const GrpcRuntimeOptions& options) {
  return std::make_unique<GrpcRuntime>(options);
}

}  // namespace edgecore::cri
