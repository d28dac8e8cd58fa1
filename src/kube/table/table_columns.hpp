// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/kube/api_resources.hpp"
#include "edgecore/kube/json.hpp"

namespace edgecore::kube {

/// One column of a table.
struct Column {
  std::string name;
  std::string type = "string";
  int priority = 0;  ///< above 0: only with `kubectl get -o wide`
  std::function<Json(const Json& object, WallTime now)> cell;
  std::string format, description;
};
using Columns = std::vector<Column>;

/// The columns of a resource; never empty.
Columns columns_of(const ApiResource& resource);

// The columns of built-in kinds, in groups; empty for a kind that is not among them.
Columns pod_columns();
Columns workload_columns(const ApiResource& resource);  ///< deployments, jobs, …
Columns core_columns(const ApiResource& resource);      ///< nodes, volumes, events, …
Columns group_columns(const ApiResource& resource);     ///< access rules, storage, autoscaling, …
Columns network_columns(const ApiResource& resource);   ///< services, endpoints, ingresses, …
/// The columns of additionalPrinterColumns.
Columns custom_columns(const Json& definitions);

// Columns that several kinds share.
Column name_column();
Column age_column();
/// The string at `path`, or `absent`.
Column text_column(std::string name, std::string path, int priority = 0, std::string absent = "<none>");
/// The whole number at `path`, 0 when absent.
Column number_column(std::string name, std::string path);
/// Number of members of the array or object at `path`.
Column size_column(std::string name, std::string path);
/// True, False or <unset>.
Column flag_column(std::string name, std::string path, std::string absent = "<unset>");

/// Time since the time at `path`, or <unknown>.
std::string since(const Json& object, std::string_view path, WallTime now);
/// "a=b,c=d" of a map of strings at `path`, or <none>.
std::string labels_text(const Json& object, std::string_view path);
/// A LabelSelector in the string form, or <none>.
std::string selector_text(const Json& object, std::string_view path);
/// The strings at `member` of each entry of the array at `path`, joined.
std::string joined(const Json& object, std::string_view path, std::string_view member,
                   std::string_view separator = ",");
std::string or_none(std::string text);
/// "RWO,ROX" of the access modes at `path`.
std::string access_modes(const Json& object, std::string_view path);
/// A quantity, port or replica count, which may be a number or a string; "" when absent.
std::string scalar_text(const Json* value);

}  // namespace edgecore::kube
