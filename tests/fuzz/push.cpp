// SPDX-License-Identifier: Apache-2.0
// What a frame from the cloud becomes: where it goes, what is stored, how it is answered.
#include "metamanager/pushes/push.hpp"

#include "edgecore/metamanager/ack.hpp"
#include "edgehub/node_task.hpp"
#include "edgehub/routing.hpp"
#include "input.hpp"
#include "metamanager/requests/request_kind.hpp"

// The message as a tree, the text that is stored, and that text as a tree again.
const edgecore::fuzz::MemoryBudget edgecore::fuzz::kMemory{.per_byte = 8 * kJsonTree, .fixed = 64 * kKiB};

void edgecore::fuzz::take(std::string_view text) {
  beehive::Message message;
  if (!fuzz::accepted([&] { message = beehive::decode(text); })) return;

  // None of these throws for what the cloud may send.
  edgehub::destination_of(message);
  edgehub::refuse_node_task(message, "edge1");
  edgehub::refuse_node_job(message, "edge1", WallTime());
  static metamanager::ServedKinds kinds;
  const auto push = metamanager::plan_push(kinds, beehive::share(message), "edge1");
  using Kind = metamanager::Push::Kind;
  if (push.kind == Kind::kStore) fuzz::hold(push.write != nullptr && !push.write->text->empty());
  if (push.kind == Kind::kRemove) {
    fuzz::hold(push.removal != nullptr);
    // No pod is deleted without a uid.
    if (push.removal->path.type == "pod") fuzz::hold(!push.removal->uid.empty());
  }
  if (push.write) {
    // What is stored is read back as the same object.
    const auto row = metamanager::read_row(*push.write->text, push.write->path.type);
    if (row) metamanager::identity_of(*row);
  }
  if (metamanager::wants_ack(message)) {
    const auto ack = metamanager::make_ack(message);
    fuzz::hold(ack.header.parent_id == message.header.id);
    fuzz::hold(!beehive::encode(ack).empty());
  }
  if (const auto path = beehive::parse_resource(message.route.resource))
    metamanager::request_kind(message.route.operation, *path);
}
