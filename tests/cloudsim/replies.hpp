// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cloudsim/api_error.hpp"
#include "cloudsim/cluster.hpp"
#include "cloudsim/downstream.hpp"
#include "edgecore/kube/json.hpp"

namespace edgecore::cloudsim {

/// The forms of CloudCore's answers (protocol/01-tunnel.md §1.5, protocol/02-metamanager.md §2.6, §3.18).
/// Pure functions.

/// `{"ErrStatus":…}`: the encoding of an API server's error.
Json api_error_content(const kube::Status& status);
/// The NotFound of an informer cache: singular type, Status without kind and apiVersion. `type` is "node",
/// "lease.coordination.k8s.io", …
Json cache_miss_content(const std::string& type, const std::string& name);

/// `{"Object":…,"Err":null}`, without kind and apiVersion unless `keep_kind`.
Json wrapped(Json object, bool keep_kind = false);
/// `{"Object":<zero object of kind>,"Err":…}`; an empty kind gives null.
Json wrapped_error(const std::string& kind, Json error);

/// An answer of the edgecontroller to `request`; `version` becomes header.resourceversion.
Downstream edge_answer(const beehive::Message& request, Json content, const std::string& version = {},
                       bool error_content = false);
/// The operation of the push for a change.
const char* operation_of(ChangeType type);
/// A push of a controller, with the object's version in the header.
Downstream push(const char* source, const char* operation, const std::string& resource, Json object);

}  // namespace edgecore::cloudsim
