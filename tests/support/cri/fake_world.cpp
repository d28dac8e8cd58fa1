// SPDX-License-Identifier: Apache-2.0
#include "support/cri/fake_world.hpp"

#include <algorithm>
#include <cstdio>

namespace edgecore::cri {
namespace {

constexpr std::int32_t kKilled = 137;
constexpr std::int32_t kStartFailed = 128;
constexpr std::int32_t kLostInReboot = 255;

[[noreturn]] void not_found(const char* method, const char* kind, const std::string& id) {
  throw CallError(method, Code::kNotFound, std::string(kind) + " \"" + id + "\": not found");
}

/// containerd reports these refusals with code Unknown.
[[noreturn]] void refuse(const char* method, std::string text) {
  throw CallError(method, Code::kUnknown, std::move(text));
}

/// 64 hex digits as in containerd; the first one shows the kind ('a' sandbox, 'c' container, 'e' image).
std::string make_id(char kind, std::int64_t number) {
  std::string id(64, '0');
  id[0] = kind;
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(number));
  id.replace(48, 16, digits);
  return id;
}

bool selected(const StringMap& labels, const StringMap& selector) {
  return std::all_of(selector.begin(), selector.end(), [&](const auto& wanted) {
    const auto found = labels.find(wanted.first);
    return found != labels.end() && found->second == wanted.second;
  });
}

}  // namespace

FakeWorld::Sandbox& FakeWorld::sandbox(const std::string& id, const char* method) {
  const auto found = sandboxes_.find(id);
  if (found == sandboxes_.end()) not_found(method, "sandbox", id);
  return found->second;
}

FakeWorld::Box& FakeWorld::box(const std::string& id, const char* method) {
  const auto found = containers_.find(id);
  if (found == containers_.end()) not_found(method, "container", id);
  return found->second;
}

std::vector<std::string> FakeWorld::boxes_of(const std::string& sandbox_id) const {
  std::vector<std::string> ids;
  for (const auto& [id, one] : containers_)
    if (one.sandbox_id == sandbox_id) ids.push_back(id);
  return ids;
}

void FakeWorld::tell(const Box& box, ContainerEventType type) const {
  ContainerEvent event;
  event.container_id = box.status.id;
  event.type = type;
  event.created_at = now();
  const auto owner = sandboxes_.find(box.sandbox_id);
  if (owner != sandboxes_.end()) event.pod_sandbox_status = owner->second.status;
  for (const auto& id : boxes_of(box.sandbox_id))
    event.containers_statuses.push_back(containers_.at(id).status);
  notify_(event);
}

void FakeWorld::end(Box& box, std::int32_t code, const std::string& reason, const std::string& message) {
  const auto told = told_.find(box.status.id);  // its process has ended already, whatever ends it now
  if (told != told_.end()) code = told->second.exit_code;
  box.status.state = ContainerState::kExited;
  box.status.finished_at = told != told_.end() ? told->second.exited_at : now();
  box.status.exit_code = code;
  box.status.reason = !reason.empty() ? reason : code == 0 ? "Completed" : "Error";
  box.status.message = message;
  tell(box, ContainerEventType::kStopped);
  ended_(box.status.id);
}

void FakeWorld::end(Sandbox& sandbox) {
  if (std::exchange(sandbox.status.state, PodSandboxState::kNotReady) == PodSandboxState::kReady)
    ended_(sandbox.status.id);
}

// ---- Sandboxes

std::string FakeWorld::run_sandbox(const PodSandboxConfig& config, const std::string& handler) {
  for (const auto& [id, one] : sandboxes_)
    if (one.config.metadata == config.metadata)
      refuse("RunPodSandbox", "failed to reserve sandbox name of pod \"" + config.metadata.name +
                                  "\": it is reserved for \"" + id + "\"");
  Sandbox made;
  made.config = config;
  made.status.id = make_id('a', ++made_);
  made.status.metadata = config.metadata;
  made.status.state = PodSandboxState::kReady;
  made.status.created_at = now();
  made.status.namespace_options = config.linux.security_context.namespace_options;
  const bool host_network =
      made.status.namespace_options && made.status.namespace_options->network == NamespaceMode::kNode;
  if (!host_network)
    made.status.ip = "10.88." + std::to_string(made_ / 250 % 256) + "." + std::to_string(made_ % 250 + 2);
  made.status.labels = config.labels;
  made.status.annotations = config.annotations;
  made.status.runtime_handler = handler;
  const auto id = made.status.id;
  sandboxes_.emplace(id, std::move(made));
  return id;
}

void FakeWorld::stop_sandbox(const std::string& id) {
  auto& one = sandbox(id, "StopPodSandbox");
  for (const auto& container : boxes_of(id)) {
    auto& running = containers_.at(container);
    if (running.status.state == ContainerState::kRunning) end(running, kKilled, "", "");
  }
  end(one);
  one.status.ip.clear();
}

void FakeWorld::remove_sandbox(const std::string& id) {
  if (!sandboxes_.contains(id)) return;
  stop_sandbox(id);
  for (const auto& container : boxes_of(id)) remove_container(container);
  sandboxes_.erase(id);
}

PodSandboxStatus FakeWorld::sandbox_status(const std::string& id) const {
  const auto found = sandboxes_.find(id);
  if (found == sandboxes_.end()) not_found("PodSandboxStatus", "sandbox", id);
  return found->second.status;
}

std::vector<PodSandbox> FakeWorld::list_sandboxes(const PodSandboxFilter& filter) const {
  std::vector<PodSandbox> rows;
  for (const auto& [id, one] : sandboxes_) {
    const auto& status = one.status;
    if (!id.starts_with(filter.id) || (filter.state && *filter.state != status.state) ||
        !selected(status.labels, filter.label_selector))
      continue;
    rows.push_back({id, status.metadata, status.state, status.created_at, status.labels, status.annotations,
                    status.runtime_handler});
  }
  return rows;
}

void FakeWorld::kill_sandbox(const std::string& id) {
  for (const auto& container : boxes_of(id)) {
    auto& running = containers_.at(container);
    if (running.status.state == ContainerState::kRunning) end(running, kKilled, "", "");
  }
  end(sandbox(id, "test"));
}

void FakeWorld::reboot() {
  for (auto& [id, one] : containers_)
    if (one.status.state == ContainerState::kRunning) end(one, kLostInReboot, "Unknown", "");
  for (auto& [id, one] : sandboxes_) end(one);
}

// ---- Containers

std::string FakeWorld::create_container(const std::string& sandbox_id, const ContainerConfig& config) {
  const auto& owner = sandbox(sandbox_id, "CreateContainer");
  if (owner.status.state != PodSandboxState::kReady)
    refuse("CreateContainer", "sandbox container \"" + sandbox_id + "\" is not running");
  const auto* image = find_image(config.image.image);
  if (image == nullptr) not_found("CreateContainer", "image", config.image.image);
  for (const auto& id : boxes_of(sandbox_id))
    if (containers_.at(id).status.metadata == config.metadata)
      refuse("CreateContainer", "failed to reserve container name \"" + config.metadata.name +
                                    "\": it is reserved for \"" + id + "\"");
  Box made;
  made.config = config;
  made.sandbox_id = sandbox_id;
  auto& status = made.status;
  status.id = make_id('c', ++made_);
  status.metadata = config.metadata;
  status.state = ContainerState::kCreated;
  status.created_at = now();
  status.image = config.image;
  if (!image->repo_tags.empty()) status.image.image = image->repo_tags.front();
  status.image_ref = image->id;
  status.labels = config.labels;
  status.annotations = config.annotations;
  status.mounts = config.mounts;
  if (!config.log_path.empty()) status.log_path = owner.config.log_directory + "/" + config.log_path;
  status.resources = config.linux.resources;
  const auto id = status.id;
  const auto& stored = containers_.emplace(id, std::move(made)).first->second;
  tell(stored, ContainerEventType::kCreated);
  return id;
}

void FakeWorld::start_container(const std::string& id) {
  auto& one = box(id, "StartContainer");
  if (one.status.state != ContainerState::kCreated)
    refuse("StartContainer", "container is not in created state");
  if (sandbox(one.sandbox_id, "StartContainer").status.state != PodSandboxState::kReady)
    refuse("StartContainer", "sandbox container \"" + one.sandbox_id + "\" is not running");
  const auto script = scripts_.find(one.config.metadata.name);
  if (script != scripts_.end() && !script->second.start_error.empty()) {
    end(one, kStartFailed, "StartError", script->second.start_error);
    refuse("StartContainer", script->second.start_error);
  }
  one.status.state = ContainerState::kRunning;
  one.status.started_at = now();
  tell(one, ContainerEventType::kStarted);
  if (script != scripts_.end() && script->second.exit_at_start)
    end(one, *script->second.exit_at_start, script->second.reason, script->second.message);
}

void FakeWorld::stop_container(const std::string& id) {
  auto& one = box(id, "StopContainer");
  if (one.status.state != ContainerState::kRunning) return;
  const auto script = scripts_.find(one.config.metadata.name);
  end(one, script == scripts_.end() ? 0 : script->second.exit_at_stop, "", "");
}

void FakeWorld::remove_container(const std::string& id) {
  const auto found = containers_.find(id);
  if (found == containers_.end()) return;
  if (found->second.status.state == ContainerState::kRunning) end(found->second, kKilled, "", "");
  const Box gone = std::move(found->second);
  containers_.erase(found);
  tell(gone, ContainerEventType::kDeleted);
}

ContainerStatus FakeWorld::container_status(const std::string& id, const char* method) const {
  const auto found = containers_.find(id);
  if (found == containers_.end()) not_found(method, "container", id);
  return found->second.status;
}

std::vector<Container> FakeWorld::list_containers(const ContainerFilter& filter) const {
  std::vector<Container> rows;
  for (const auto& [id, one] : containers_) {
    const auto& status = one.status;
    if (!id.starts_with(filter.id) || (filter.state && *filter.state != status.state) ||
        (!filter.pod_sandbox_id.empty() && filter.pod_sandbox_id != one.sandbox_id) ||
        !selected(status.labels, filter.label_selector))
      continue;
    rows.push_back({id, one.sandbox_id, status.metadata, status.image, status.image_ref, status.state,
                    status.created_at, status.labels, status.annotations});
  }
  return rows;
}

void FakeWorld::require_running(const std::string& id, const char* method) const {
  if (container_status(id, method).state != ContainerState::kRunning)
    refuse(method, "container \"" + id + "\" is not in running state");
}

void FakeWorld::exit(const std::string& id, std::int32_t code, const std::string& reason,
                     const std::string& message) {
  auto& one = box(id, "test");
  if (one.status.state != ContainerState::kRunning) throw Error("the container " + id + " is not running");
  end(one, code, reason, message);
}

// ---- Images

const Image* FakeWorld::find_image(const std::string& reference) const {
  for (const auto& [id, image] : images_) {
    const auto& tags = image.repo_tags;
    if (id == reference || std::find(tags.begin(), tags.end(), reference) != tags.end()) return &image;
  }
  return nullptr;
}

std::string FakeWorld::add_image(const std::string& reference, std::uint64_t size) {
  if (const auto* known = find_image(reference)) return known->id;
  Image image;
  image.id = "sha256:" + make_id('e', ++made_);
  image.repo_tags = {reference};
  image.repo_digests = {reference.substr(0, reference.rfind(':')) + "@" + image.id};
  image.size = size;
  image.uid = 0;
  const auto id = image.id;
  images_.emplace(id, std::move(image));
  return id;
}

std::vector<Image> FakeWorld::list_images(const std::string& reference) const {
  std::vector<Image> rows;
  for (const auto& [id, image] : images_)
    if (reference.empty() || find_image(reference) == &image) rows.push_back(image);
  return rows;
}

std::optional<Image> FakeWorld::image_status(const std::string& reference) const {
  const auto* found = find_image(reference);
  return found != nullptr ? std::optional<Image>(*found) : std::nullopt;
}

std::string FakeWorld::pull_image(const std::string& reference, const std::optional<AuthConfig>& auth) {
  const auto found = remote_.find(reference);
  if (found == remote_.end())
    throw CallError("PullImage", Code::kNotFound,
                    "failed to resolve reference \"" + reference + "\": not found");
  if (found->second.need_auth && (!auth || auth->username != *found->second.need_auth))
    refuse("PullImage", "failed to authorize: 401 Unauthorized");
  return add_image(reference, found->second.size);
}

void FakeWorld::remove_image(const std::string& reference) {
  const auto* found = find_image(reference);
  if (found != nullptr) images_.erase(images_.find(found->id));
}

}  // namespace edgecore::cri
