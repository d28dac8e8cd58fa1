// SPDX-License-Identifier: Apache-2.0
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <variant>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/yaml_scalar.hpp"
#include "keadm/text.hpp"

namespace edgecore::keadm {
namespace {

/// Characters with a meaning at the beginning of a plain scalar.
constexpr std::string_view kIndicators = "-?:,[]{}#&*!|>'\"%@`=<~";
/// "2024-06-10…" would read as a time.
bool is_date(std::string_view text) {
  return text.size() >= 10 && text[4] == '-' && text[7] == '-' &&
         std::all_of(text.begin(), text.begin() + 4, is_digit);
}

bool is_plain(std::string_view text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.back() == ':') return false;
  if (kIndicators.find(text.front()) != std::string_view::npos) return false;
  if (text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos) return false;
  if (is_date(text) || text == "<<") return false;
  const bool printable = std::all_of(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F; });
  return printable && std::holds_alternative<std::string>(resolve_plain_scalar(text));
}

/// Whether the text can be written as a block ("|") and read back unchanged.
bool is_block(std::string_view text) {
  if (text.size() < 2 || text.back() != '\n' || text[text.size() - 2] == '\n') return false;
  if (text.front() == ' ' || text.front() == '\n') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
  });
}

void emit_text(YAML::Emitter& out, const std::string& text) {
  if (is_block(text)) {
    out << YAML::Literal << text.substr(0, text.size() - 1);
  } else if (is_plain(text)) {
    out << text;
  } else {
    out << YAML::DoubleQuoted << text;
  }
}

void emit(YAML::Emitter& out, const Json& value) {
  switch (value.type()) {
    case Json::value_t::object:
      if (value.empty()) out << YAML::Flow;
      out << YAML::BeginMap;
      for (const auto& [key, member] : value.items()) {
        out << YAML::Key;
        if (is_plain(key)) {
          out << key;
        } else {
          out << YAML::DoubleQuoted << key;
        }
        out << YAML::Value;
        emit(out, member);
      }
      out << YAML::EndMap;
      break;
    case Json::value_t::array:
      if (value.empty()) out << YAML::Flow;
      out << YAML::BeginSeq;
      for (const auto& member : value) emit(out, member);
      out << YAML::EndSeq;
      break;
    case Json::value_t::string:
      emit_text(out, value.get_ref<const std::string&>());
      break;
    case Json::value_t::null:
      out << YAML::Null;
      break;
    default:
      out << value.dump();  // numbers, true and false are spelled the same in JSON and YAML
      break;
  }
}

}  // namespace

std::string print_yaml(const Json& value) {
  YAML::Emitter out;
  out.SetOutputCharset(YAML::EmitNonAscii);
  out.SetNullFormat(YAML::LowerNull);
  emit(out, value);
  return std::string(out.c_str(), out.size()) + "\n";
}

}  // namespace edgecore::keadm
