// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/names.hpp"

#include <algorithm>

#include "edgecore/base/ascii.hpp"

namespace edgecore::kube {
namespace {

constexpr bool is_name_char(char c) {
  return is_alnum(c) || c == '-' || c == '_' || c == '.';
}

bool is_qualified_part(std::string_view part) {
  return !part.empty() && part.size() <= 63 && is_alnum(part.front()) && is_alnum(part.back()) &&
         std::all_of(part.begin(), part.end(), is_name_char);
}

bool has_dotted_beginning(std::string_view name) {
  return name == "." || name.starts_with("..");
}

}  // namespace

bool is_dns_label(std::string_view name) {
  return !name.empty() && name.size() <= 63 && name.front() != '-' && name.back() != '-' &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
}

bool is_dns_subdomain(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  // The parts have the form of labels but no length limit of their own, as in Kubernetes.
  char before = '.';
  for (const char c : name) {
    const bool alnum = is_lower(c) || is_digit(c);
    if (!alnum && c != '-' && c != '.') return false;
    if (!alnum && before == '.') return false;
    if (c == '.' && before == '-') return false;
    before = c;
  }
  return before != '.' && before != '-';
}

bool is_service_name(std::string_view name) {
  return is_dns_label(name) && is_lower(name.front());
}

bool is_qualified_name(std::string_view name) {
  const auto slash = name.find('/');
  if (slash == name.npos) return is_qualified_part(name);
  return is_dns_subdomain(name.substr(0, slash)) && is_qualified_part(name.substr(slash + 1));
}

bool is_label_value(std::string_view value) {
  return value.empty() || is_qualified_part(value);
}

bool is_path_segment(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && std::none_of(name.begin(), name.end(), [](char c) {
    return c == '/' || c == '%' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
}

bool is_config_key(std::string_view key) {
  return !key.empty() && key.size() <= 253 && !has_dotted_beginning(key) &&
         std::all_of(key.begin(), key.end(), is_name_char);
}

bool is_env_name(std::string_view name) {
  return !name.empty() && !is_digit(name.front()) && !has_dotted_beginning(name) &&
         std::all_of(name.begin(), name.end(), is_name_char);
}

}  // namespace edgecore::kube
