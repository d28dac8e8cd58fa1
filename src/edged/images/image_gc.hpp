// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "edgecore/async/event.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/base/outcome.hpp"
#include "edgecore/config/model.hpp"
#include "edgecore/cri/runtime.hpp"
#include "edgecore/kube/pod.hpp"
#include "edged/host/disk_stats.hpp"

namespace edgecore::edged {

/// protocol/05-edged.md §1.14 "Images".
struct ImageGcPolicy {
  std::int32_t high_percent = 85;  ///< use of the image file system that starts a collection; 100 = never
  std::int32_t low_percent = 80;   ///< use at which it stops
  std::chrono::nanoseconds minimum_age = std::chrono::minutes(2);
  std::string sandbox_image;  ///< reference of the sandbox image; never removed
};
ImageGcPolicy image_gc_policy(const config::Edged& config);

/// How many bytes to free.
struct ImageDiskVerdict {
  std::uint64_t to_free = 0;  ///< bytes; 0 = below the high threshold
  std::uint64_t used_percent = 0;
};
/// `usage` is what the runtime says of its image file system, `disk` what the kernel says of the same mount
/// point. Figures that cannot belong to one file system (no capacity, more used by images than it holds) are
/// a Failure, and nothing is removed then: collecting by a wrong file system's figures has emptied nodes
/// (pains row 45). Pure.
Outcome<ImageDiskVerdict> judge_image_disk(const cri::FilesystemUsage& usage, const DiskUsage& disk,
                                           const ImageGcPolicy& policy);

/// The sandbox image of the runtime, from its verbose Status; "" if it does not report one. It may differ
/// from the one in edgecore's configuration, and without it no pod starts while offline. Pure.
std::string runtime_sandbox_image(const cri::RuntimeStatus& status);

/// Records when images were first seen and last used. Uses the steady clock, so that a jump of the date
/// neither spares nor condemns an image. Pure bookkeeping; one thread.
class ImageRecords {
 public:
  /// Takes one list of the runtime. Images of the first list count as the oldest.
  void take(const std::vector<cri::Image>& images, const std::set<std::string>& used_ids, SteadyTime now);

  /// Ids and sizes to remove, in this order, until `to_free` bytes are covered: unused, not pinned, detected
  /// at least `minimum_age` ago; least recently used first, then longest there.
  struct Candidate {
    std::string id;
    std::uint64_t size = 0;
    bool operator==(const Candidate&) const = default;
  };
  [[nodiscard]] std::vector<Candidate> candidates(std::chrono::nanoseconds minimum_age, SteadyTime now) const;

  void forget(const std::string& id) { records_.erase(id); }
  [[nodiscard]] std::size_t size() const { return records_.size(); }

 private:
  struct Record {
    std::optional<SteadyTime> detected;  ///< nullopt = in the first list
    std::optional<SteadyTime> last_used;
    std::uint64_t size = 0;
    bool pinned = false, used_now = false;
  };
  std::map<std::string, Record> records_;
  bool first_ = true;
};

/// Ids of images in use: by a container (running or dead), or by name in `references` (the sandbox image, the
/// images of pods that are to run, which could not be pulled again offline). Pure.
std::set<std::string> used_images(const std::vector<cri::Image>& images,
                                  const std::vector<cri::Container>& containers,
                                  const std::set<std::string>& references);

/// The images of all containers of these pods. Pure.
std::set<std::string> images_of(const std::vector<kube::PodPtr>& pods);

/// Garbage collection of images: frees space in the image file system. Part of edged; belongs to its thread.
class ImageGc {
 public:
  struct Deps {
    cri::Runtime& runtime;
    DiskStats& disks;
    boost::asio::any_io_executor executor;
    const Clock& clock;
    log::Logger log;
    ImageGcPolicy policy;
    /// Whether all pods of the node are known; until then nothing is removed.
    std::function<bool()> sources_ready;
    /// Images of the specs of all known pods.
    std::function<std::set<std::string>()> wanted;
    std::chrono::milliseconds period = std::chrono::minutes(5);
  };
  explicit ImageGc(Deps deps);

  /// A pass every `period` until cancelled. Throws only when cancelled.
  boost::asio::awaitable<void> run();

  /// Wakes the collector for a pass now: all pods are known, or the disk is filling.
  void look_now() { wakeup_.notify(); }

  /// One pass: records use, and frees down to the low threshold if the high one is reached. Returns the bytes
  /// freed. Throws CallError and what DiskStats::read throws.
  boost::asio::awaitable<std::uint64_t> collect();

  /// Removes every unused image of the minimum age, whatever the thresholds say (disk pressure). Returns the
  /// bytes freed.
  boost::asio::awaitable<std::uint64_t> remove_unused();

 private:
  boost::asio::awaitable<void> track();
  [[nodiscard]] std::optional<ImageRecords::Candidate> next_to_go(const std::set<std::string>& staying) const;
  boost::asio::awaitable<Outcome<ImageDiskVerdict>> judge();
  boost::asio::awaitable<std::uint64_t> free(std::uint64_t bytes);

  Deps deps_;
  async::Event wakeup_;
  ImageRecords records_;
  log::Quiet complaints_;
};

}  // namespace edgecore::edged
