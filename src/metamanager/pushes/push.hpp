// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "edgecore/beehive/message.hpp"
#include "metamanager/objects/object_rows.hpp"

namespace edgecore::metamanager {

/// What is to be done with a message the cloud sent on its own (group resource or func), or with a reply that
/// came too late for its asker. Everything in it is settled on the module's thread before the store is
/// touched.
struct Push {
  enum class Kind {
    kStore,    ///< insert, update, late reply with an object
    kRemove,   ///< delete
    kVolume,   ///< a CSI request, which this node does not serve
    kNothing,  ///< nothing to store: a reply without an object, or a message that cannot be used
  } kind = Kind::kNothing;
  beehive::ResourcePath path;
  std::shared_ptr<const ObjectWrite> write;
  std::shared_ptr<const ObjectRemoval> removal;
  std::string target;        ///< module that gets it once it is on disk; "": none
  beehive::Message forward;  ///< what that module gets
  std::string complaint;     ///< why nothing of it is used, a sentence for the log; "" when all is well
};

/// Whether it is one of the CSI requests of the cloud.
[[nodiscard]] bool is_volume_operation(std::string_view operation);

/// The module that acts on such an object; "" when none on this node does.
[[nodiscard]] std::string acting_module(const std::string& type, const Json& object,
                                        std::string_view node_name);

/// Thinks; never throws for what the cloud may send (protocol/02-metamanager.md §3.1, §3.10, §3.14 to §3.17,
/// §4.1 to §4.7, §5.4). Rules that are ours: an empty or undecodable content is never a deletion, and no pod
/// is deleted without a uid (pains.md row 16); devices and models go to the device module whatever the source
/// (§5.4 item 4); `delete` of a volume attachment with a minimal object is the cloud's mistake and leaves the
/// row (§5.4 item 5).
[[nodiscard]] Push plan_push(ServedKinds& kinds, const beehive::Message& message, std::string_view node_name);

}  // namespace edgecore::metamanager
