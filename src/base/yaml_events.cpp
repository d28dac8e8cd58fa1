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
