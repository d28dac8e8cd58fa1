// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "edgecore/beehive/message.hpp"

namespace edgecore::metamanager {

/// How a request from a module of this node is served (docs/messages.md, protocol/02-metamanager.md §4.5,
/// §6).
enum class RequestKind {
  kUnknown,
  kListPods,        ///< from the database
  kGetPod,          ///< from the database; while a lost database is being refilled, from the cloud
  kTracked,         ///< the cloud keeps our copy current: local when it is, else the cloud
  kNode,            ///< our own Node
  kServiceAccount,  ///< out of its ServiceAccountAccess
  kToken,
  kDropTokens,
  kGetLease,
  kWriteLease,
  kCreateNode,
  kPatchNode,
  kPatchPod,
  kCreatePod,
  kDeletePod,
  kCreateCsr,
  kGetCsr,         ///< always the cloud: the answer changes until it is signed
  kPatchStored,    ///< of metaserver: a change of the node's own copy
  kShowPodStatus,  ///< of edged: what lists show while the cloud has not got it
  kLocal,          ///< any other stored object
};
[[nodiscard]] RequestKind request_kind(std::string_view operation, const beehive::ResourcePath& path);

/// Whether the cloud answers a query of this type once and then keeps the copy up to date by pushes, for
/// which it wants that answer acknowledged (§0 item 1, §3.10, §3.11).
[[nodiscard]] bool is_tracked(std::string_view type);

}  // namespace edgecore::metamanager
