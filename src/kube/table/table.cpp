// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/table.hpp"

#include <spdlog/fmt/fmt.h>

#include <utility>

#include "edgecore/kube/time.hpp"
#include "kube/table/table_columns.hpp"

namespace edgecore::kube {
namespace {

std::string two_units(std::int64_t large, const char* large_unit, std::int64_t small,
                      const char* small_unit) {
  return small == 0 ? fmt::format("{}{}", large, large_unit)
                    : fmt::format("{}{}{}{}", large, large_unit, small, small_unit);
}

Json definitions(const Columns& columns) {
  Json list = Json::array();
  for (const Column& column : columns) {
    list.push_back({{"name", column.name},
                    {"type", column.type},
                    {"format", column.format},
                    {"description", column.description.empty() ? column.name : column.description},
                    {"priority", column.priority}});
  }
  return list;
}

/// Marks a pod that has ended, so that clients can hide it.
void mark_completed(Json& row, const Json& object) {
  const std::string phase = string_or(object, "status.phase");
  if (phase != "Succeeded" && phase != "Failed") return;
  row["conditions"] = Json::array(
      {{{"type", "Completed"},
        {"status", "True"},
        {"reason", phase},
        {"message", phase == "Failed" ? "The pod failed." : "The pod has completed successfully."}}});
}

}  // namespace

std::string human_duration(std::chrono::seconds span) {
  constexpr std::int64_t kHoursOfYear = 24 * 365;
  const std::int64_t seconds = span.count();
  if (seconds < -1) return "<invalid>";  // tolerates clocks that differ a little
  if (seconds < 0) return "0s";
  const std::int64_t minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
  if (seconds < 120) return fmt::format("{}s", seconds);
  if (minutes < 10) return two_units(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return fmt::format("{}m", minutes);
  if (hours < 8) return two_units(hours, "h", minutes % 60, "m");
  if (hours < 48) return fmt::format("{}h", hours);
  if (hours < 24 * 8) return two_units(days, "d", hours % 24, "h");
  if (hours < 2 * kHoursOfYear) return fmt::format("{}d", days);
  if (hours < 8 * kHoursOfYear) return two_units(days / 365, "y", days % 365, "d");
  return fmt::format("{}y", days / 365);
}

std::string human_age(WallTime then, WallTime now) {
  using std::chrono::floor;
  using std::chrono::seconds;
  // The difference of two times always fits in seconds, but not in nanoseconds.
  return human_duration(floor<seconds>(now).time_since_epoch() - floor<seconds>(then).time_since_epoch());
}

Json partial_metadata(const Json& object, std::string_view version) {
  return {{"kind", "PartialObjectMetadata"},
          {"apiVersion", "meta.k8s.io/" + std::string(version)},
          {"metadata", object_or_empty(object, "metadata")}};
}

Json make_table(const ApiResource& resource, std::span<const Json* const> objects, WallTime now,
                IncludeObject include, bool with_columns, std::string_view version) {
  const Columns columns = columns_of(resource);
  const bool pods = resource.kind == "Pod" && resource.group.empty();
  Json rows = Json::array();
  for (const Json* object : objects) {
    Json cells = Json::array();
    for (const Column& column : columns) cells.push_back(column.cell(*object, now));
    Json row = {{"cells", std::move(cells)}, {"object", nullptr}};
    if (include == IncludeObject::kObject) row["object"] = *object;
    if (include == IncludeObject::kMetadata) row["object"] = partial_metadata(*object, version);
    if (pods) mark_completed(row, *object);
    rows.push_back(std::move(row));
  }
  return {{"kind", "Table"},
          {"apiVersion", "meta.k8s.io/" + std::string(version)},
          {"metadata", Json::object()},
          {"columnDefinitions", with_columns ? definitions(columns) : Json::array()},
          {"rows", std::move(rows)}};
}

}  // namespace edgecore::kube
