// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "cri/grpc_link.hpp"
#include "edgecore/cri/runtime.hpp"

namespace edgecore::cri {

std::unique_ptr<EventStream> open_event_stream(std::shared_ptr<Link> link);
std::unique_ptr<TaskEventStream> open_task_event_stream(std::shared_ptr<Link> link);

}  // namespace edgecore::cri
