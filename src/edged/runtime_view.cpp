// SPDX-License-Identifier: Apache-2.0
#include "edged/runtime_view.hpp"

#include <string>

namespace edgecore::edged {

RuntimeView::RuntimeView(const beehive::ModuleContext& context, const EdgedDeps& deps, PodEvents& pods,
                         NodeEvents& node)
    : pods_(pods),
      node_(node),
      client_(deps.runtime()),
      health_(deps.health ? deps.health() : nullptr),
      processes_(deps.processes ? deps.processes() : nullptr),
      cache_(
          *client_, processes_.get(), context.executor, context.log,
          [this](const std::string& uid) { pods_.pod_changed(uid); }, [this] { pods_.something_died(); }),
      state_(*client_, context.executor, context.log, [this] { state_changed(); }) {}

void RuntimeView::start(async::TaskGroup& tasks) {
  tasks.spawn("container runtime", state_.run());
  tasks.spawn("pod cache", cache_.run());
}

void RuntimeView::state_changed() {
  node_.node_facts_changed();
  if (state_.usable()) cache_.look_now();
  pods_.all_pods_changed();
}

}  // namespace edgecore::edged
