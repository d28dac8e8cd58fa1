// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "edgecore/beehive/message.hpp"

namespace edgecore::metamanager {

/// How to serve a request from a module of this node (docs/messages.md, protocol/02-metamanager.md §4.5, §6).
enum class RequestKind {
  kUnknown,
  kListPods,        ///< from the database
  kGetPod,          ///< from the database; while a lost database is being refilled, from the cloud
  kTracked,         ///< from the database if the row is current, else from the cloud
  kNode,            ///< our own Node
  kServiceAccount,  ///< from its ServiceAccountAccess
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
  kGetCsr,         ///< always from the cloud: it changes until it is signed
  kPatchStored,    ///< from metaserver: a change of the node's own copy
  kShowPodStatus,  ///< from edged: the status that lists show until the cloud has it
  kLocal,          ///< any other stored object
};
[[nodiscard]] RequestKind request_kind(std::string_view operation, const beehive::ResourcePath& path);

/// Whether the cloud, after it has answered a query of this type, keeps the copy current by pushes. It wants
/// such an answer acknowledged (§0 item 1, §3.10, §3.11).
[[nodiscard]] bool is_tracked(std::string_view type);

}  // namespace edgecore::metamanager
