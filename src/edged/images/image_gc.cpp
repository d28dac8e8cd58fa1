// SPDX-License-Identifier: Apache-2.0
#include "edged/images/image_gc.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <limits>

#include "edgecore/kube/image_reference.hpp"
#include "edgecore/kube/json.hpp"

namespace edgecore::edged {
namespace {

/// The canonical form of a reference, so that two names of an image compare equal; `reference` itself if it
/// cannot be parsed.
std::string canonical(const std::string& reference) {
  try {
    return kube::parse_image_reference(reference).canonical();
  } catch (const BadInput&) {
    return reference;
  }
}

double mebibytes(std::uint64_t bytes) {
  return static_cast<double>(bytes) / (1024.0 * 1024.0);
}

}  // namespace

ImageGcPolicy image_gc_policy(const config::Edged& config) {
  ImageGcPolicy policy;
  policy.high_percent = config.kubelet.image_gc_high_threshold_percent.value_or(policy.high_percent);
  policy.low_percent = config.kubelet.image_gc_low_threshold_percent.value_or(policy.low_percent);
  policy.minimum_age = config.kubelet.image_minimum_gc_age;
  policy.sandbox_image = config.pod_sandbox_image;
  return policy;
}

Outcome<ImageDiskVerdict> judge_image_disk(const cri::FilesystemUsage& usage, const DiskUsage& disk,
                                           const ImageGcPolicy& policy) {
  if (disk.capacity == 0)
    return Failure(fmt::format("the file system of {} has no capacity", log::quote(usage.mountpoint)));
  if (usage.used_bytes && *usage.used_bytes > disk.capacity) {
    return Failure(fmt::format(
        "the runtime counts {:.0f} MiB of images in {}, but the file system there holds only {:.0f} MiB",
        mebibytes(*usage.used_bytes), log::quote(usage.mountpoint), mebibytes(disk.capacity)));
  }
  ImageDiskVerdict verdict;
  const std::uint64_t available = std::min(disk.available, disk.capacity);
  // Divides first if the product would not fit 64 bits (petabytes).
  const bool huge = disk.capacity > std::numeric_limits<std::uint64_t>::max() / 100;
  const auto percent_of = [&](std::uint64_t percent) {
    return huge ? disk.capacity / 100 * percent : disk.capacity * percent / 100;
  };
  verdict.used_percent = 100 - (huge ? available / (disk.capacity / 100) : available * 100 / disk.capacity);
  if (policy.high_percent >= 100 ||
      verdict.used_percent < static_cast<std::uint64_t>(std::max(0, policy.high_percent)))
    return verdict;
  const std::uint64_t wanted =
      percent_of(static_cast<std::uint64_t>(100 - std::clamp(policy.low_percent, 0, 100)));
  verdict.to_free = wanted > available ? wanted - available : 0;
  return verdict;
}

std::string runtime_sandbox_image(const cri::RuntimeStatus& status) {
  const auto config = status.info.find("config");
  if (config == status.info.end()) return {};
  return kube::string_or(kube::stored_json(config->second), "sandboxImage");
}

// ---- Records

void ImageRecords::take(const std::vector<cri::Image>& images, const std::set<std::string>& used_ids,
                        SteadyTime now) {
  std::map<std::string, Record> next;
  for (const auto& image : images) {
    const auto known = records_.find(image.id);
    Record record = known != records_.end() ? known->second : Record();
    if (known == records_.end() && !first_) record.detected = now;
    record.size = image.size;
    record.pinned = image.pinned;
    record.used_now = used_ids.contains(image.id);
    if (record.used_now) record.last_used = now;
    next[image.id] = record;
  }
  records_ = std::move(next);
  first_ = false;
}

std::vector<ImageRecords::Candidate> ImageRecords::candidates(std::chrono::nanoseconds minimum_age,
                                                              SteadyTime now) const {
  std::vector<const std::pair<const std::string, Record>*> rows;
  for (const auto& row : records_) {
    const Record& record = row.second;
    const bool young = record.detected && now - *record.detected < minimum_age;
    if (!record.used_now && !record.pinned && !young) rows.push_back(&row);
  }
  // nullopt sorts first: never used, or there since before the first look.
  std::stable_sort(rows.begin(), rows.end(), [](const auto* a, const auto* b) {
    if (a->second.last_used != b->second.last_used) return a->second.last_used < b->second.last_used;
    return a->second.detected < b->second.detected;
  });
  std::vector<Candidate> out;
  for (const auto* row : rows) out.push_back({row->first, row->second.size});
  return out;
}

std::set<std::string> used_images(const std::vector<cri::Image>& images,
                                  const std::vector<cri::Container>& containers,
                                  const std::set<std::string>& references) {
  // A container names its image by id, or by a name that may be spelled differently from the image's.
  std::set<std::string> names;
  for (const auto& container : containers) {
    for (const auto& name :
         {container.image_ref, container.image.image, container.image.user_specified_image}) {
      if (name.empty()) continue;
      names.insert(name);
      names.insert(canonical(name));
    }
  }
  for (const auto& reference : references) {
    if (reference.empty()) continue;
    names.insert(reference);
    names.insert(canonical(reference));
  }
  std::set<std::string> used;
  for (const auto& image : images) {
    bool is_used = names.contains(image.id);
    for (const auto* list : {&image.repo_tags, &image.repo_digests}) {
      for (const auto& name : *list)
        is_used = is_used || names.contains(name) || names.contains(canonical(name));
    }
    if (is_used) used.insert(image.id);
  }
  return used;
}

std::set<std::string> images_of(const std::vector<kube::PodPtr>& pods) {
  std::set<std::string> names;
  for (const auto& pod : pods) {
    const auto& spec = pod->spec;
    for (const auto* list : {&spec.init_containers, &spec.containers, &spec.ephemeral_containers}) {
      for (const auto& container : *list) names.insert(container.image);
    }
  }
  return names;
}

// ---- Acting on it

ImageGc::ImageGc(Deps deps) : deps_(std::move(deps)), wakeup_(deps_.executor) {}

boost::asio::awaitable<void> ImageGc::run() {
  for (;;) {
    try {
      co_await collect();
      complaints_.reset();
    } catch (const Error& error) {  // of the runtime, the disk or the pool
      if (complaints_.now()) deps_.log->warn("unused images could not be collected: {}", error.what());
    }
    const auto next = steady_now() + deps_.period;
    co_await wakeup_.sleep_until(next);
  }
}

boost::asio::awaitable<std::uint64_t> ImageGc::collect() {
  co_await track();
  if (!deps_.sources_ready() || deps_.policy.high_percent >= 100) co_return 0;
  const Outcome<ImageDiskVerdict> judged = co_await judge();
  if (!judged) {
    throw Error("the figures of the image file system are not to be trusted, nothing is removed: " +
                judged.failure().message());
  }
  const ImageDiskVerdict verdict = *judged;
  if (verdict.to_free == 0) co_return 0;
  const std::uint64_t freed = co_await free(verdict.to_free);
  deps_.log->info(
      "the image file system was {} % full: removed {:.0f} MiB of unused images, {:.0f} MiB were to be freed",
      verdict.used_percent, mebibytes(freed), mebibytes(verdict.to_free));
  if (freed < verdict.to_free) {
    throw Error(
        fmt::format("the image file system is {} % full and {:.0f} MiB more should be freed, but no other "
                    "image is unused: make room in it or give it more",
                    verdict.used_percent, mebibytes(verdict.to_free - freed)));
  }
  co_return freed;
}

boost::asio::awaitable<std::uint64_t> ImageGc::remove_unused() {
  co_await track();
  if (!deps_.sources_ready()) co_return 0;
  co_return co_await free(std::numeric_limits<std::uint64_t>::max());
}

boost::asio::awaitable<void> ImageGc::track() {
  const cri::ContainerFilter everything;
  const auto images = co_await deps_.runtime.list_images("");
  const auto containers = co_await deps_.runtime.list_containers(everything);
  const auto status = co_await deps_.runtime.status(true);
  auto references = deps_.wanted();
  references.insert(deps_.policy.sandbox_image);
  references.insert(runtime_sandbox_image(status));
  records_.take(images, used_images(images, containers, references), deps_.clock.steady());
}

boost::asio::awaitable<Outcome<ImageDiskVerdict>> ImageGc::judge() {
  const auto filesystems = co_await deps_.runtime.image_fs_info();
  // Never guessed: another file system's figures would cost images that are fine, or free nothing.
  if (filesystems.empty() || !filesystems.front().mountpoint.starts_with('/'))
    co_return Failure("the container runtime does not say where its images are");
  const cri::FilesystemUsage& usage = filesystems.front();
  const DiskUsage disk = co_await deps_.disks.read(usage.mountpoint);
  co_return judge_image_disk(usage, disk, deps_.policy);
}

boost::asio::awaitable<std::uint64_t> ImageGc::free(std::uint64_t bytes) {
  std::uint64_t freed = 0;
  std::set<std::string> staying;
  for (;;) {
    const auto next = next_to_go(staying);
    if (freed >= bytes || !next) co_return freed;
    try {
      cri::ImageSpec image;
      image.image = next->id;
      co_await deps_.runtime.remove_image(image);
      records_.forget(next->id);
      freed += next->size;
    } catch (const cri::CallError& error) {
      if (error.unavailable()) throw;
      deps_.log->warn("the unused image {} stays for now: {}", log::quote(next->id), error.what());
      staying.insert(next->id);
    }
    co_await track();  // removing takes time: a pod may want another candidate by now
  }
}

std::optional<ImageRecords::Candidate> ImageGc::next_to_go(const std::set<std::string>& staying) const {
  for (const auto& one : records_.candidates(deps_.policy.minimum_age, deps_.clock.steady())) {
    if (!staying.contains(one.id)) return one;
  }
  return std::nullopt;
}

}  // namespace edgecore::edged
