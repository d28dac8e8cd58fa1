// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "edgecore/beehive/message.hpp"
#include "metamanager/objects/object_rows.hpp"

namespace edgecore::metamanager {

/// What to do with a message that the cloud sent on its own (group resource or func), or with a reply that
/// came too late for its request. It is made on the module's thread, before the store is used.
struct Push {
  enum class Kind {
    kStore,    ///< insert, update, late reply with an object
    kRemove,   ///< delete
    kVolume,   ///< a CSI request, which this node does not serve
    kNothing,  ///< store nothing: a reply without an object, or a message that cannot be used
  } kind = Kind::kNothing;
  beehive::ResourcePath path;
  std::shared_ptr<const ObjectWrite> write;
  std::shared_ptr<const ObjectRemoval> removal;
  std::string target;           ///< the module that gets it once it is on disk; "": none
  beehive::MessagePtr forward;  ///< what that module gets: the message itself, if it can be used as it came
  std::string complaint;        ///< why nothing of it is used, a clause for the log; "" if it is used
};

/// True for a CSI request.
[[nodiscard]] bool is_volume_operation(std::string_view operation);

/// The module that acts on such an object; "" if no module of this node does.
[[nodiscard]] std::string acting_module(const std::string& type, const Json& object,
                                        std::string_view node_name);

/// Decides what to do with a message. Never throws for what the cloud may send (protocol/02-metamanager.md
/// §3.1, §3.10, §3.14 to §3.17, §4.1 to §4.7, §5.4). Rules that are ours: an empty or undecodable content is
/// never a deletion, and no pod is deleted without a uid (pains.md row 16); devices and models go to the
/// device module whatever the source (§5.4 item 4); `delete` of a volume attachment with a minimal object is
/// the cloud's mistake and leaves the row (§5.4 item 5).
[[nodiscard]] Push plan_push(ServedKinds& kinds, const beehive::MessagePtr& message,
                             std::string_view node_name);

}  // namespace edgecore::metamanager
