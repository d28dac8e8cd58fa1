// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cloudsim/api_error.hpp"
#include "cloudsim/cluster.hpp"
#include "cloudsim/downstream.hpp"
#include "edgecore/kube/json.hpp"

namespace edgecore::cloudsim {

/// The shapes in which CloudCore's controllers answer (protocol/01-tunnel.md §1.5, protocol/02-metamanager.md
/// §2.6, §3.18). Pure functions.

/// `{"ErrStatus":…}` as an API server's error is encoded.
Json api_error_content(const kube::Status& status);
/// The NotFound of an informer cache: singular type, no kind and apiVersion of the Status.
/// `type` is "node", "lease.coordination.k8s.io", …
Json cache_miss_content(const std::string& type, const std::string& name);

/// `{"Object":…,"Err":null}`; kind and apiVersion are not in it unless `keep_kind`.
Json wrapped(Json object, bool keep_kind = false);
/// `{"Object":<zero object of kind>,"Err":…}`; an empty kind gives null.
Json wrapped_error(const std::string& kind, Json error);

/// An answer of the edgecontroller to `request`; `version` becomes header.resourceversion.
Downstream edge_answer(const beehive::Message& request, Json content, const std::string& version = {},
                       bool error_content = false);
/// What a push tells of a change.
const char* operation_of(ChangeType type);
/// A push of a controller, with the object's version in the header.
Downstream push(const char* source, const char* operation, const std::string& resource, Json object);

}  // namespace edgecore::cloudsim
