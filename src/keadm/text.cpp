// SPDX-License-Identifier: Apache-2.0
#include "keadm/text.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "edgecore/base/ascii.hpp"
#include "edgecore/kube/time.hpp"

namespace edgecore::keadm {
namespace {

constexpr std::size_t kBetweenColumns = 3;
/// Names are never cut at this length; it keeps a hostile text from filling the terminal.
constexpr std::size_t kLongestCell = 1000;

/// The columns of a text: its number of characters.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string cell_text(const Json& cell, bool date, WallTime now) {
  if (cell.is_null()) return "";
  if (!cell.is_string()) return one_line(kube::dump_json(cell));
  const auto& text = cell.get_ref<const std::string&>();
  if (date && kube::parse_time(text)) return age_since(text, now);
  return one_line(text);
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c; });
  return text;
}

}  // namespace

std::string one_line(std::string_view text) {
  const auto end = text.find_first_of("\n\r\f");
  std::string out(text.substr(0, std::min(end, kLongestCell)));
  if (out.size() < text.size()) out += "...";
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  return out;
}

std::string age(std::chrono::seconds passed) {
  const std::int64_t s = passed.count();
  constexpr std::int64_t kMinute = 60, kHour = 3600, kDay = 24 * kHour, kYear = 365 * kDay;
  const auto two = [](std::int64_t a, char unit_a, std::int64_t b, char unit_b) {
    return b == 0 ? fmt::format("{}{}", a, unit_a) : fmt::format("{}{}{}{}", a, unit_a, b, unit_b);
  };
  if (s < 0) return s < -1 ? "<invalid>" : "0s";
  if (s < 2 * kMinute) return fmt::format("{}s", s);
  if (s < 10 * kMinute) return two(s / kMinute, 'm', s % kMinute, 's');
  if (s < 3 * kHour) return fmt::format("{}m", s / kMinute);
  if (s < 8 * kHour) return two(s / kHour, 'h', s / kMinute % 60, 'm');
  if (s < 2 * kDay) return fmt::format("{}h", s / kHour);
  if (s < 8 * kDay) return two(s / kDay, 'd', s / kHour % 24, 'h');
  if (s < 2 * kYear) return fmt::format("{}d", s / kDay);
  if (s < 8 * kYear) return two(s / kYear, 'y', s / kDay % 365, 'd');
  return fmt::format("{}y", s / kYear);
}

std::string age_since(std::string_view time, WallTime now) {
  const auto when = kube::parse_time(time);
  if (!when) return "<unknown>";
  return age(std::chrono::floor<std::chrono::seconds>(now - *when));
}

std::string columns(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      line.append(widths[i] - width(row[i]) + kBetweenColumns, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

std::string print_tables(const std::vector<Json>& tables, const TableStyle& style, WallTime now) {
  std::vector<std::vector<std::string>> lines;
  for (const Json& table : tables) {
    const Json& definitions = kube::array_or_empty(table, "columnDefinitions");
    std::vector<std::string> header;
    if (style.with_namespace) header.emplace_back("NAMESPACE");
    std::vector<std::size_t> shown;
    for (std::size_t i = 0; i < definitions.size(); ++i) {
      if (!style.wide && kube::int_or(definitions[i], "priority", 0) != 0) continue;
      shown.push_back(i);
      header.push_back(upper(one_line(kube::string_or(definitions[i], "name"))));
    }
    if (lines.empty() && !kube::array_or_empty(table, "rows").empty()) lines.push_back(std::move(header));
    for (const auto& row : kube::array_or_empty(table, "rows")) {
      const Json& cells = kube::array_or_empty(row, "cells");
      std::vector<std::string> line;
      if (style.with_namespace) line.push_back(one_line(kube::string_or(row, "object.metadata.namespace")));
      for (const std::size_t i : shown) {
        const bool date = kube::string_or(definitions[i], "type") == "date";
        line.push_back(i < cells.size() ? cell_text(cells[i], date, now) : std::string());
      }
      lines.push_back(std::move(line));
    }
  }
  return columns(lines);
}

std::string print_objects(const std::vector<Json>& objects, const TableStyle& style, WallTime now) {
  std::vector<std::vector<std::string>> lines;
  for (const Json& object : objects) {
    if (lines.empty()) {
      lines.push_back({"NAME", "AGE"});
      if (style.with_namespace) lines.back().insert(lines.back().begin(), "NAMESPACE");
    }
    lines.push_back({one_line(kube::string_or(object, "metadata.name")),
                     age_since(kube::string_or(object, "metadata.creationTimestamp"), now)});
    if (style.with_namespace)
      lines.back().insert(lines.back().begin(), one_line(kube::string_or(object, "metadata.namespace")));
  }
  return columns(lines);
}

std::string print_json(const Json& value) {
  return value.dump(4, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace edgecore::keadm
