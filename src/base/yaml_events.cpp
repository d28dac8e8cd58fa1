// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/yaml_events.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <string>

namespace edgecore {
namespace {

YamlPlace place(const YAML::Mark& mark) {
  return {mark.line + 1, mark.column};
}

/// yaml-cpp reads all of a list in brackets before it sends the first event, because the list may be a key:
/// it holds up to 260 bytes for each mark. So brackets are limited before it sees them: in depth, and in
/// marks until all are closed. Brackets in texts are counted as well, which the limits leave room for.
constexpr std::size_t kBracketDepth = 1000;
constexpr std::size_t kBracketMarks = 250'000;

void check_brackets(std::string_view text, YamlEvents& events) {
  constexpr std::string_view kMarks = "[]{},:?&*!\"'";
  YamlPlace at{1, 0};
  std::size_t depth = 0;
  std::size_t marks = 0;
  for (const char c : text) {
    at = c == '\n' ? YamlPlace{at.line + 1, 0} : YamlPlace{at.line, at.column + 1};
    // yaml-cpp would take such a text for UTF-16 or UTF-32, and make invalid UTF-8 of it.
    if (c == '\0') events.too_much(at, "holds a NUL byte");
    if (c == '[' || c == '{') ++depth;
    if (depth == 0 || kMarks.find(c) == std::string_view::npos) continue;
    if (c == ']' || c == '}') --depth;
    marks = depth == 0 ? 0 : marks + 1;
    if (depth > kBracketDepth) events.too_much(at, "has more than 1000 brackets open");
    if (marks > kBracketMarks) events.too_much(at, "has brackets with too much between them");
  }
}

class Translator final : public YAML::EventHandler {
 public:
  explicit Translator(YamlEvents& events) : events_(events) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    events_.scalar(place(mark), anchor, "?", "");
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override { events_.alias(place(mark), anchor); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    events_.scalar(place(mark), anchor, tag, text);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    events_.begin_list(place(mark), anchor);
  }
  void OnSequenceEnd() override { events_.end_list(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    events_.begin_map(place(mark), anchor);
  }
  void OnMapEnd() override { events_.end_map(); }

 private:
  YamlEvents& events_;
};

}  // namespace

void read_yaml(std::string_view text, YamlEvents& events) {
  check_brackets(text, events);
  Translator translator(events);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    parser.HandleNextDocument(translator);
  } catch (const YAML::Exception& error) {
    // In the parser's texts the part after a colon quotes the input: cut it.
    events.broken(place(error.mark), error.msg.substr(0, error.msg.find(':')));
  }
}

}  // namespace edgecore
