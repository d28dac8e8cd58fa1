// SPDX-License-Identifier: Apache-2.0
#include "devicetwin/dmi/dmi_inbox.hpp"

#include <utility>

#include "edgecore/beehive/names.hpp"

namespace edgecore::devicetwin {
namespace {

/// Source, operation and resource.
constexpr char kDmi[] = "dmi";

/// The memory it takes, about: the mailbox counts it with its message.
std::size_t weigh(const DmiRequest& request) {
  std::size_t bytes = sizeof request + request.device_namespace.size() + request.device_name.size();
  for (const ReportedTwin& twin : request.twins) {
    bytes += sizeof twin + twin.property.size();
    bytes += twin.observed_desired.value_or("").size() + twin.reported.value_or("").size();
  }
  return bytes;
}

}  // namespace

bool DmiInbox::put(beehive::Bus& bus, DmiRequest request) {
  beehive::Message notice = beehive::make_message(kDmi, names::group::kTwin, kDmi, kDmi, nullptr);
  notice.weight = beehive::weigh(notice) + weigh(request);
  const std::string id = notice.header.id;
  {
    const std::scoped_lock lock(mutex_);
    waiting_.emplace(id, std::move(request));
  }
  if (bus.try_send(names::module::kTwin, std::move(notice))) return true;
  const std::scoped_lock lock(mutex_);
  waiting_.erase(id);
  return false;
}

bool DmiInbox::is_notice(const beehive::Message& message) {
  return message.route.source == kDmi && message.route.operation == kDmi;
}

std::optional<DmiRequest> DmiInbox::take(const beehive::Message& notice) {
  const std::scoped_lock lock(mutex_);
  auto taken = waiting_.extract(notice.header.id);
  if (taken.empty()) return std::nullopt;
  return std::move(taken.mapped());
}

}  // namespace edgecore::devicetwin
