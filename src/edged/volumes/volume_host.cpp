// SPDX-License-Identifier: Apache-2.0
#include "edged/volumes/volume_host.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "edgecore/async/attempt.hpp"
#include "edgecore/async/on_pool.hpp"
#include "edgecore/async/semaphore.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/base/files.hpp"
#include "edged/volumes/pod_directories.hpp"
#include "edged/volumes/token_cache.hpp"
#include "edged/volumes/volume_content.hpp"
#include "edged/volumes/volume_setup.hpp"

namespace edgecore::edged {
namespace {

using boost::asio::awaitable;

/// Whether both versions of a pod have the same volumes: compares the parts that volumes are made from.
bool same_for_volumes(const kube::Pod& a, const kube::Pod& b) {
  static const Json none = nullptr;
  const auto spec = [](const kube::Pod& pod) -> const Json& {
    const Json* found = kube::find_path(pod.raw, "spec");
    return found != nullptr ? *found : none;
  };
  return &a == &b || (a.labels == b.labels && a.annotations == b.annotations && spec(a) == spec(b));
}

/// If a link leads to the root, the mount table lists the root by its real path.
std::filesystem::path real_path(const std::filesystem::path& root) {
  std::error_code unknown;
  auto real = std::filesystem::weakly_canonical(root, unknown);
  return unknown ? root : real;
}

/// A pod's calls take turns on the pool as well, because one whose caller was cancelled may still hang. Its
/// removal does not wait for such a call, whose results it removes as an orphan's.
async::PoolWait in_turn(std::string_view owner) {
  async::PoolWait wait = async::kInTurn;
  wait.owner = owner;
  return wait;
}

std::string joined_problems(const std::vector<std::string>& problems) {
  std::string out;
  for (const auto& one : problems) out += (out.empty() ? "" : "; ") + one;
  return out;
}

awaitable<void> fetch_object(ObjectSource& source, std::string ns, ConfigRef ref,
                             std::shared_ptr<ContentObjects> into) {
  MetaAnswer answer;
  if (ref.kind == kube::EnvFrom::Kind::kConfigMap) {
    answer = co_await source.config_map(ns, ref.name);
  } else {
    answer = co_await source.secret(ns, ref.name);
  }
  into->objects[ref] = std::move(answer);
}

awaitable<void> fetch_token(ObjectSource& source, kube::PodPtr pod,
                            kube::ServiceAccountTokenProjection projection,
                            std::shared_ptr<ContentObjects> into) {
  TokenAnswer answer = co_await source.token(pod, projection);
  into->tokens[{projection.audience, projection.expiration_seconds}] = std::move(answer);
}

}  // namespace

struct VolumeHost::Impl {
  /// A pod as known in this life of the module.
  struct Entry {
    async::Semaphore turn{1};
    kube::PodPtr pod;             ///< as last given; nullptr: none, or its volumes are gone
    kube::StringMap allocatable;  ///< of the last set-up
    bool complete = false;        ///< every volume was made
    bool current = false;         ///< the content volumes show the latest known objects
    std::uint64_t changes = 0;    ///< counts object_changed
  };
  using EntryPtr = std::shared_ptr<Entry>;

  Impl(Options with, Deps of)
      : options(std::move(with)), deps(std::move(of)), directories(real_path(options.root)) {}

  Options options;
  Deps deps;
  PodDirectories directories;
  TokenCache tokens;
  std::map<std::string, EntryPtr> entries;

  EntryPtr entry(const std::string& uid) {
    auto& found = entries[uid];
    if (!found) found = std::make_shared<Entry>();
    return found;
  }

  [[nodiscard]] bool token_due(const kube::Pod& pod, const ContentNeeds& needs) const {
    const WallTime now = deps.clock.wall();
    return std::any_of(needs.tokens.begin(), needs.tokens.end(), [&](const auto& one) {
      return tokens.due(pod.uid, {one.audience, one.expiration_seconds}, now);
    });
  }

  awaitable<ContentObjects> gather(kube::PodPtr pod, ContentNeeds needs);
  awaitable<Outcome<bool>> apply(EntryPtr entry, kube::PodPtr pod, PodFacts facts);
  awaitable<void> remove(std::string uid, bool whole_pod);
};

/// Fetches all objects at once: a pod waits for the slowest, not for the sum (pains.md row 20).
awaitable<ContentObjects> VolumeHost::Impl::gather(kube::PodPtr pod, ContentNeeds needs) {
  const auto found = std::make_shared<ContentObjects>();
  const WallTime now = deps.clock.wall();
  async::TaskGroup tasks(deps.executor);
  for (const auto& ref : needs.objects) {
    tasks.spawn("object of a volume", fetch_object(deps.objects, pod->ns, ref, found));
  }
  for (const auto& one : needs.tokens) {
    const TokenKey key{one.audience, one.expiration_seconds};
    if (tokens.due(pod->uid, key, now)) {
      tasks.spawn("token of a volume", fetch_token(deps.objects, pod, one, found));
    }
  }
  co_await tasks.join();
  for (const auto& one : needs.tokens) {
    const TokenKey key{one.audience, one.expiration_seconds};
    const auto fresh = found->tokens.find(key);
    if (fresh != found->tokens.end()) {
      fresh->second = tokens.put(pod->uid, key, std::move(fresh->second), deps.clock.wall());
    } else if (const TokenAnswer* kept = tokens.find(pod->uid, key)) {
      found->tokens[key] = *kept;
    }
  }
  co_return std::move(*found);
}

awaitable<Outcome<bool>> VolumeHost::Impl::apply(EntryPtr entry, kube::PodPtr pod, PodFacts facts) {
  const std::uint64_t seen = entry->changes;
  entry->current = false;
  entry->complete = false;
  entry->pod = pod;
  entry->allocatable = facts.allocatable;
  ContentNeeds needs = content_needs(*pod);
  ContentObjects found = co_await gather(pod, std::move(needs));
  const auto plan =
      std::make_shared<const SetupPlan>(SetupPlan{pod, std::move(facts), std::move(found), directories});
  auto work = [mounter = deps.mounter, &clock = deps.clock, plan] {
    return set_up_volumes(*mounter, clock, *plan);
  };
  const auto result =
      co_await async::attempt(async::on_pool(deps.pool, std::move(work), in_turn(plan->pod->uid)));
  if (!result) co_return result.failure();
  if (!result->problems.empty()) co_return Failure(joined_problems(result->problems));
  entry->complete = true;
  entry->current = seen == entry->changes;
  co_return result->changed;
}

awaitable<void> VolumeHost::Impl::remove(std::string uid, bool whole_pod) {
  const EntryPtr held = entry(uid);
  const async::Semaphore::Permit permit = co_await held->turn.acquire();
  held->complete = false;
  auto work = [mounter = deps.mounter, directories = directories, uid, whole_pod] {
    if (whole_pod) {
      directories.remove_pod(*mounter, uid);
    } else {
      directories.remove_volumes(*mounter, uid);
    }
  };
  const std::string owner = uid + " removal";
  co_await async::on_pool(deps.pool, std::move(work), in_turn(owner));
  held->pod = nullptr;
  tokens.forget(uid);
  // Keep the entry while other calls wait for its turn.
  if (held->turn.waiting() == 0) entries.erase(uid);
}

VolumeHost::VolumeHost(Options options, Deps deps)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(deps))) {}

VolumeHost::~VolumeHost() = default;

awaitable<Outcome<void>> VolumeHost::prepare() {
  auto work = [mounter = impl_->deps.mounter, directories = impl_->directories] {
    make_directories(directories.root(), 0750);
    make_directories(directories.pods(), 0750);
    Outcome<void> shared;
    try {
      mounter->make_shared(directories.root());
    } catch (const Error& error) {
      shared = Failure(error.what());
    }
    return shared;
  };
  co_return co_await async::on_pool(impl_->deps.pool, std::move(work), async::kInTurn);
}

awaitable<Outcome<bool>> VolumeHost::set_up(kube::PodPtr pod, PodFacts facts) {
  const Impl::EntryPtr entry = impl_->entry(pod->uid);
  const async::Semaphore::Permit permit = co_await entry->turn.acquire();
  const ContentNeeds needs = content_needs(*pod);
  if (entry->complete && entry->current && entry->pod && same_for_volumes(*entry->pod, *pod) &&
      entry->allocatable == facts.allocatable && !impl_->token_due(*pod, needs)) {
    entry->pod = std::move(pod);
    co_return false;
  }
  co_return co_await impl_->apply(entry, std::move(pod), std::move(facts));
}

awaitable<ContainerMounts> VolumeHost::mounts_for(kube::PodPtr pod, const kube::Container& container,
                                                  std::vector<cri::KeyValue> environment) {
  const auto plan =
      std::make_shared<ContainerMountPlan>(ContainerMountPlan{pod, container, {}, impl_->directories});
  for (const auto& mount : container.volume_mounts) {
    plan->sub_paths.push_back(
        mount.sub_path_expr.empty() ? mount.sub_path : expand_sub_path(mount.sub_path_expr, environment));
  }
  const Impl::EntryPtr entry = impl_->entry(pod->uid);
  const async::Semaphore::Permit permit = co_await entry->turn.acquire();
  struct Found {
    std::vector<std::string> paths;
    std::string log;
  };
  auto work = [mounter = impl_->deps.mounter, plan] {
    Found made;
    made.paths = mount_paths(*mounter, *plan);
    if (plan->container.termination_message_path.empty()) return made;
    try {
      made.log = plan->directories.make_termination_log(plan->pod->uid, plan->container.name).string();
    } catch (const Error& error) {
      throw ContainerConfigError(error.what());
    }
    return made;
  };
  Found found = co_await async::on_pool(impl_->deps.pool, std::move(work), in_turn(plan->pod->uid));
  ContainerMounts out;
  out.termination_log = std::move(found.log);
  for (std::size_t i = 0; i < found.paths.size(); ++i) {
    const kube::Volume* volume = find_volume(*pod, plan->container.volume_mounts[i].name);
    const bool host = std::holds_alternative<kube::HostPathSource>(volume->source);
    ResolvedMount mount;
    mount.host_path = std::move(found.paths[i]);
    mount.volume_read_only = is_content(*volume);
    mount.selinux_relabel = impl_->options.selinux && !host;
    out.volumes.push_back(std::move(mount));
  }
  co_return out;
}

awaitable<void> VolumeHost::tear_down(std::string uid) {
  return impl_->remove(std::move(uid), false);
}

awaitable<void> VolumeHost::remove_pod(std::string uid) {
  return impl_->remove(std::move(uid), true);
}

awaitable<std::vector<std::string>> VolumeHost::orphans(std::set<std::string> known) {
  auto work = [directories = impl_->directories, known = std::move(known)] {
    return directories.unknown(known);
  };
  co_return co_await async::on_pool(impl_->deps.pool, std::move(work));
}

std::vector<std::string> VolumeHost::object_changed(kube::EnvFrom::Kind kind, const std::string& ns,
                                                    const std::string& name) {
  std::vector<std::string> uids;
  for (const auto& [uid, entry] : impl_->entries) {
    if (!entry->pod || entry->pod->ns != ns || !uses(*entry->pod, {kind, name})) continue;
    entry->current = false;
    ++entry->changes;
    uids.push_back(uid);
  }
  return uids;
}

std::optional<WallTime> VolumeHost::next_refresh(const std::string& uid) const {
  return impl_->tokens.next(uid);
}

std::filesystem::path VolumeHost::pod_directory(const std::string& uid) const {
  return impl_->directories.pod(uid);
}

std::filesystem::path VolumeHost::hosts_path(const std::string& uid) const {
  return impl_->directories.hosts(uid);
}

bool uses(const kube::Pod& pod, const ConfigRef& object) {
  const auto all = volume_references(pod);
  return std::find(all.begin(), all.end(), object) != all.end();
}

std::vector<ConfigRef> volume_references(const kube::Pod& pod) {
  return content_needs(pod).objects;
}

}  // namespace edgecore::edged
