// SPDX-License-Identifier: Apache-2.0
#include "metamanager/requests/request_kind.hpp"

#include <algorithm>
#include <array>

#include "edgecore/beehive/names.hpp"

namespace edgecore::metamanager {
namespace {

namespace op = names::operation;
namespace type = names::resource;

struct Row {
  std::string_view operation;
  std::string_view type;
  RequestKind kind;
};

constexpr auto kTable = std::to_array<Row>({
    {op::kQuery, type::kPod, RequestKind::kGetPod},
    {op::kQuery, type::kConfigMap, RequestKind::kTracked},
    {op::kQuery, type::kSecret, RequestKind::kTracked},
    {op::kQuery, type::kPersistentVolume, RequestKind::kTracked},
    {op::kQuery, type::kPersistentVolumeClaim, RequestKind::kTracked},
    {op::kQuery, type::kVolumeAttachment, RequestKind::kTracked},
    {op::kQuery, type::kNode, RequestKind::kNode},
    {op::kQuery, type::kServiceAccount, RequestKind::kServiceAccount},
    {op::kQuery, type::kServiceAccountToken, RequestKind::kToken},
    {op::kDelete, type::kServiceAccountToken, RequestKind::kDropTokens},
    {op::kQuery, type::kLease, RequestKind::kGetLease},
    {op::kInsert, type::kLease, RequestKind::kWriteLease},
    {op::kUpdate, type::kLease, RequestKind::kWriteLease},
    {op::kInsert, type::kNode, RequestKind::kCreateNode},
    {op::kPatch, type::kNodePatch, RequestKind::kPatchNode},
    {op::kPatch, type::kPodPatch, RequestKind::kPatchPod},
    {op::kUpdate, type::kPodStatus, RequestKind::kShowPodStatus},
    {op::kInsert, type::kPod, RequestKind::kCreatePod},
    {op::kDelete, type::kPod, RequestKind::kDeletePod},
    {op::kInsert, type::kCertificateSigningRequest, RequestKind::kCreateCsr},
    {op::kQuery, type::kCertificateSigningRequest, RequestKind::kGetCsr},
});

}  // namespace

RequestKind request_kind(std::string_view operation, const beehive::ResourcePath& path) {
  if (operation == op::kQuery && path.type == type::kPod && path.name.empty()) return RequestKind::kListPods;
  if (path.name.empty()) return RequestKind::kUnknown;
  for (const Row& row : kTable) {
    if (row.operation == operation && row.type == path.type) return row.kind;
  }
  if (operation == op::kPatch) return RequestKind::kPatchStored;
  return operation == op::kQuery ? RequestKind::kLocal : RequestKind::kUnknown;
}

bool is_tracked(std::string_view wanted) {
  return std::any_of(kTable.begin(), kTable.end(), [wanted](const Row& row) {
    return row.type == wanted && row.kind == RequestKind::kTracked;
  });
}

}  // namespace edgecore::metamanager
