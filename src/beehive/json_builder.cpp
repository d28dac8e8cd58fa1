// SPDX-License-Identifier: Apache-2.0
#include "beehive/json_builder.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "edgecore/base/ascii.hpp"

namespace edgecore::beehive {
namespace {

constexpr std::array<std::string_view, 3> kEnvelopeNames = {"header", "route", "content"};
constexpr std::array<std::string_view, 6> kHeaderNames = {"msg_id",          "parent_msg_id", "timestamp",
                                                          "resourceversion", "sync",          "type"};
constexpr std::array<std::string_view, 5> kRouteNames = {"source", "destination", "group", "operation",
                                                         "resource"};

void spell(std::string& name, std::span<const std::string_view> known) {
  const auto found =
      std::find_if(known.begin(), known.end(), [&](std::string_view word) { return iequals(word, name); });
  if (found != known.end()) name = *found;
}

}  // namespace

bool JsonBuilder::key(string_t& name) {
  key_ = std::move(name);
  switch (part()) {
    case Part::kEnvelope:
      spell(key_, kEnvelopeNames);
      break;
    case Part::kHeader:
      spell(key_, kHeaderNames);
      break;
    case Part::kRoute:
      spell(key_, kRouteNames);
      break;
    case Part::kOther:
      break;
  }
  return true;
}

bool JsonBuilder::parse_error(std::size_t position, const std::string&,
                              const nlohmann::json::exception& error) {
  // nlohmann's text quotes the input; the position says as much and is short.
  error_ = error.id == 406 ? "a number is out of range near byte " + std::to_string(position)
                           : "invalid JSON at byte " + std::to_string(position);
  return false;
}

bool JsonBuilder::put(nlohmann::json value) {
  place(std::move(value));
  return true;
}

nlohmann::json* JsonBuilder::place(nlohmann::json value) {
  if (open_.empty()) {
    root_ = std::move(value);
    return &root_;
  }
  nlohmann::json& parent = *open_.back();
  if (parent.is_array()) {
    parent.push_back(std::move(value));
    return &parent.back();
  }
  nlohmann::json& member = parent[key_];
  const bool envelope_part = part() == Part::kEnvelope && key_ != "content";
  const bool in_envelope = envelope_part || part() == Part::kHeader || part() == Part::kRoute;
  // As in Go, null does not change a field of the envelope, and a second object adds to the first.
  if (in_envelope && value.is_null()) return &member;
  if (envelope_part && member.is_object() && value.is_object()) return &member;
  member = std::move(value);
  return &member;
}

bool JsonBuilder::open(nlohmann::json::value_t type) {
  if (open_.size() >= kMaxDepth) {
    error_ = "nested deeper than " + std::to_string(kMaxDepth) + " levels";
    return false;
  }
  Part inner = Part::kOther;
  if (open_.empty()) {
    inner = Part::kEnvelope;
  } else if (part() == Part::kEnvelope && open_.back()->is_object()) {
    inner = key_ == "header" ? Part::kHeader : key_ == "route" ? Part::kRoute : Part::kOther;
  }
  open_.push_back(place(nlohmann::json(type)));
  parts_.push_back(inner);
  return true;
}

bool JsonBuilder::close() {
  open_.pop_back();
  parts_.pop_back();
  return true;
}

}  // namespace edgecore::beehive
