// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <compare>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

#include "edgecore/async/task_group.hpp"
#include "edgecore/beehive/module.hpp"
#include "metaserver/cache/cloud_calls.hpp"
#include "metaserver/cache/object_cache.hpp"

namespace edgecore::metaserver {

/// The objects that have to be current for a request: "" for all namespaces, all names. Without selectors:
/// the cloud does not tell a listener with a label selector of objects that leave it.
struct ScopeKey {
  kube::ApiResourcePtr resource;
  std::string ns;
  std::string name;
};

/// Keeps parts of resources equal to the cloud (docs/metaserver.md "What is current"). Owned by the module,
/// on its thread.
class Scopes {
 public:
  struct Limits {
    std::size_t scopes = 512;                   ///< listeners in the cloud for this node
    std::size_t objects = 50'000;               ///< of one list
    std::size_t bytes = std::size_t{96} << 20;  ///< of all collections
    int page = 500;
    std::chrono::seconds linger{60};  ///< without users
    std::chrono::seconds poll{30};    ///< where CloudCore may list but not watch
    std::chrono::seconds doubt{300};  ///< after which the listeners are compared with the cloud's again
  };
  Scopes(beehive::ModuleContext& context, CloudCalls& cloud, ObjectCache& cache, async::TaskGroup& tasks);
  Scopes(beehive::ModuleContext& context, CloudCalls& cloud, ObjectCache& cache, async::TaskGroup& tasks,
         Limits limits);
  Scopes(const Scopes&) = delete;
  Scopes& operator=(const Scopes&) = delete;

  /// True if a current scope contains these objects; the scope counts as used.
  [[nodiscard]] bool covers(const kube::ApiResource& resource, std::string_view ns, std::string_view name);

  enum class Outcome {
    kCurrent,
    kLocal,    ///< the cloud cannot be asked now, or did not answer in time: answer from local state
    kRefused,  ///< the cloud does not let this node list it, or it is too large to keep: `why`
  };
  struct Answer {
    Outcome outcome = Outcome::kLocal;
    kube::Status why;
  };
  /// Makes a scope current, and waits for that up to `patience`. Single flight: all callers for one scope
  /// share one run.
  boost::asio::awaitable<Answer> bring_current(ScopeKey key, std::chrono::milliseconds patience);
  /// Starts to make a scope current, without waiting. Does nothing if all scopes are in use.
  void want(const ScopeKey& key);

  /// Keeps a scope in use as long as it lives.
  class Hold {
   public:
    Hold() = default;
    explicit Hold(std::shared_ptr<struct Scope> scope);
    Hold(Hold&&) noexcept = default;
    Hold& operator=(Hold&&) noexcept = default;
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold();

   private:
    std::shared_ptr<struct Scope> scope_;
  };
  /// Throws ApiError (429) if the client holds as many scopes as are left for all others, or none are left.
  [[nodiscard]] Hold hold(const ScopeKey& key, const std::string& client);

  /// When these objects were last known to be equal to the cloud's; nullopt: never since the start.
  [[nodiscard]] std::optional<WallTime> as_of(const kube::ApiResource& resource, std::string_view ns,
                                              std::string_view name) const;

  /// The connection was made or lost.
  void on_link(bool up);
  /// Gives up unused scopes and polls those without a listener. To be called every few seconds.
  void tend();

  [[nodiscard]] std::size_t size() const { return scopes_.size(); }

 private:
  using ScopePtr = std::shared_ptr<struct Scope>;
  struct Gvr {
    std::string group, version, plural;
    auto operator<=>(const Gvr&) const = default;
  };
  struct Id {
    Gvr gvr;
    std::string ns, name;
    auto operator<=>(const Id&) const = default;
  };
  struct Probe {
    bool done = false;
    bool may_watch = false;
    kube::Status refusal;
  };
  static Gvr gvr_of(const kube::ApiResource& resource);
  static ScopeKey normalized(ScopeKey key);

  ScopePtr find_or_make(const ScopeKey& key);
  void check_share(const std::string& client) const;
  void start(const ScopePtr& scope);
  boost::asio::awaitable<void> run(ScopePtr scope);
  boost::asio::awaitable<bool> synchronize(ScopePtr scope);
  boost::asio::awaitable<std::optional<Probe>> probe(kube::ApiResourcePtr resource);
  boost::asio::awaitable<bool> list(ScopePtr scope);
  boost::asio::awaitable<void> resume_all();
  boost::asio::awaitable<void> sync_listeners();
  void settle_list(Scope& scope, const std::unordered_set<std::string>& seen, std::uint64_t version);
  [[nodiscard]] beehive::Application watch_call(const Scope& scope) const;
  [[nodiscard]] beehive::Application list_call(const Scope& scope, const std::string& continuation) const;
  void listeners_changed();
  bool make_room();

  beehive::ModuleContext& context_;
  CloudCalls& cloud_;
  ObjectCache& cache_;
  async::TaskGroup& tasks_;
  Limits limits_;
  std::map<Id, ScopePtr> scopes_;
  std::map<Gvr, Probe> probes_;  ///< of this connection
  unsigned probes_session_ = 0;
  bool listeners_changed_ = false;
  bool syncing_listeners_ = false;
  SteadyTime last_sync_{};
};

}  // namespace edgecore::metaserver
