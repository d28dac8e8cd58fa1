// SPDX-License-Identifier: Apache-2.0
#include "kube/pod/pod_field.hpp"

#include <spdlog/fmt/fmt.h>

#include "edgecore/base/error.hpp"
#include "edgecore/kube/names.hpp"
#include "edgecore/kube/quantity.hpp"

namespace edgecore::kube {

Field::Field(const Json* value, const Field* parent, std::string_view key, std::size_t index)
    : value_(value == nullptr || value->is_null() ? nullptr : value),
      parent_(parent),
      key_(key),
      index_(index) {}

Field Field::operator[](std::string_view key) const {
  constexpr auto kNoIndex = std::numeric_limits<std::size_t>::max();
  if (!has()) return Field(nullptr, this, key, kNoIndex);
  if (!value_->is_object()) fail(fmt::format("must be an object, not {}", value_->type_name()));
  const auto found = value_->find(key);
  return Field(found == value_->end() ? nullptr : &*found, this, key, kNoIndex);
}

std::string Field::path() const {
  if (parent_ == nullptr) return "the pod";
  std::string above = parent_->parent_ == nullptr ? std::string() : parent_->path();
  if (index_ != std::numeric_limits<std::size_t>::max()) return fmt::format("{}[{}]", above, index_);
  if (!above.empty()) above += '.';
  return above.append(key_);
}

void Field::fail(std::string_view problem) const {
  throw BadInput(fmt::format("The pod is not usable: {} {}", path(), problem));
}

std::string Field::text(std::string_view fallback) const {
  if (!has()) return std::string(fallback);
  if (!value_->is_string()) fail(fmt::format("must be text, not {}", value_->type_name()));
  const auto& found = value_->get_ref<const std::string&>();
  if (found.size() > PodLimits::kText) fail(fmt::format("is longer than {} bytes", PodLimits::kText));
  if (found.find('\0') != found.npos) fail("holds a NUL byte");
  return found;
}

std::string Field::required_text() const {
  if (!has()) fail("is missing");
  std::string found = text();
  if (found.empty()) fail("is empty");
  return found;
}

std::optional<bool> Field::boolean() const {
  if (!has()) return std::nullopt;
  if (!value_->is_boolean()) fail(fmt::format("must be true or false, not {}", value_->type_name()));
  return value_->get<bool>();
}

std::optional<std::int64_t> Field::integer(std::int64_t least, std::int64_t most) const {
  if (!has()) return std::nullopt;
  const auto number = to_int(*value_);
  if (!number) fail("must be a whole number");
  if (*number < least || *number > most) {
    fail(fmt::format("is {}; it must lie between {} and {}", *number, least, most));
  }
  return number;
}

std::optional<std::int32_t> Field::small(std::int32_t least, std::int32_t most) const {
  const auto number = integer(least, most);
  if (!number) return std::nullopt;
  return static_cast<std::int32_t>(*number);
}

IntOrString Field::port() const {
  if (!has()) fail("is missing");
  if (value_->is_string()) return {required_text()};
  return {*small(1, 65535)};
}

std::string Field::dns_label() const {
  std::string found = required_text();
  if (!is_dns_label(found)) fail("must be lower-case letters, digits and '-', at most 63");
  return found;
}

std::string Field::dns_subdomain() const {
  std::string found = required_text();
  if (!is_dns_subdomain(found)) fail("must be lower-case letters, digits, '-' and '.', at most 253");
  return found;
}

std::string Field::relative_path() const {
  std::string found = required_text();
  if (found.size() > PodLimits::kPath) fail(fmt::format("is longer than {} bytes", PodLimits::kPath));
  if (found.front() == '/') fail("must be a relative path");
  if (climbs(found)) fail("must not hold '..'");
  return found;
}

std::vector<std::string> Field::texts() const {
  std::vector<std::string> found;
  each([&](const Field& one) { found.push_back(one.text()); });
  return found;
}

void Field::check_map(std::size_t limit) const {
  if (!value_->is_object()) fail(fmt::format("must be an object, not {}", value_->type_name()));
  if (value_->size() > limit) fail(fmt::format("holds more than {} entries", limit));
}

StringMap Field::text_map() const {
  StringMap found;
  if (!has()) return found;
  check_map(PodLimits::kEntries);
  for (const auto& [key, value] : value_->items()) found.emplace(key, (*this)[key].text());
  return found;
}

StringMap Field::quantities() const {
  StringMap found;
  if (!has()) return found;
  check_map(PodLimits::kEntries);
  for (const auto& [key, value] : value_->items()) found.emplace(key, (*this)[key].quantity());
  return found;
}

std::string Field::quantity() const {
  std::string spelled = has() && value_->is_number() ? value_->dump() : required_text();
  if (spelled.front() == '-') fail("must not be negative");
  if (!Quantity::try_parse(spelled))
    fail(fmt::format("is \"{}\", which is not a quantity", spelled.substr(0, 64)));
  return spelled;
}

std::size_t Field::list_size(std::size_t limit) const {
  if (!has()) return 0;
  if (!value_->is_array()) fail(fmt::format("must be a list, not {}", value_->type_name()));
  if (value_->size() > limit)
    fail(fmt::format("holds {} entries; at most {} are accepted", value_->size(), limit));
  return value_->size();
}

Field Field::element(std::size_t index) const {
  return Field(&(*value_)[index], this, {}, index);
}

bool climbs(std::string_view path) {
  while (true) {
    const auto slash = path.find('/');
    if (path.substr(0, slash) == "..") return true;
    if (slash == path.npos) return false;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace edgecore::kube
