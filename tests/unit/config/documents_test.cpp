// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "config/kubelet_fields.hpp"
#include "edgecore/base/ascii.hpp"
#include "edgecore/base/files.hpp"
#include "edgecore/base/go_duration.hpp"
#include "edgecore/config/load.hpp"
#include "support/paths.hpp"
#include "unit/config/fake_host.hpp"

// Checks that config/edgecore.yaml and docs/configuration.md agree with the code.

namespace edgecore::config {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::string source(const std::string& path) {
  return read_file(edgecore::test::source_dir() / path, 1 << 20).value_or("");
}

/// The section of the reference with this heading.
std::string section(const std::string& document, const std::string& heading) {
  const std::size_t start = document.find("\n### " + heading + "\n");
  if (start == std::string::npos) return {};
  const std::size_t end = document.find("\n### ", start + 1);
  return document.substr(start, end - start);
}

/// The row of `key` in a section's table; a test failure if it is missing.
std::string row_of(const std::string& section, const std::string& key) {
  const std::size_t at = section.find("\n| `" + key + "` | ");
  if (at == std::string::npos) {
    ADD_FAILURE() << key << " is not documented in" << section.substr(0, section.find('\n', 1));
    return {};
  }
  return section.substr(at + 1, section.find('\n', at + 1) - at - 1);
}

/// The default that the table must show; "" for types that it shows in another way.
template <class Type>
std::string shown_default(const Type& member) {
  if constexpr (std::is_same_v<Type, bool>) {
    return member ? "| `true` |" : "| `false` |";
  } else if constexpr (std::is_integral_v<Type>) {
    return "| `" + std::to_string(member) + "` |";
  } else if constexpr (std::is_same_v<Type, std::string>) {
    return member.empty() ? "" : member;
  } else if constexpr (std::is_same_v<Type, Duration>) {
    return "| `" + format_go_duration(member) + "` |";
  } else if constexpr (requires { member.has_value(); }) {
    return member ? shown_default(*member) : "";
  }
  return {};
}

/// What the table must say of a key that does not work.
std::string shown_effect(Effect effect) {
  if (effect == Effect::kNotYet || effect == Effect::kOnlyOff) return "not yet";
  return effect == Effect::kNever ? "no effect" : "";
}

template <class Object>
void expect_documented(const std::string& document, const Object& object, const std::string& path) {
  constexpr bool kModules =
      std::is_same_v<Object, Modules>;  // these have sections of their own instead of rows
  const std::string text = section(document, path.empty() ? "Top level" : "`" + path + "`");
  EXPECT_TRUE(kModules || !text.empty()) << "there is no section for " << path;
  fields(object, [&]<class Type>(const char* name, const Type& member, Print, Effect effect) {
    if constexpr (!kModules) {
      EXPECT_THAT(row_of(text, name), HasSubstr(shown_default(member))) << path;
      EXPECT_THAT(lower_case(row_of(text, name)), HasSubstr(shown_effect(effect))) << path;
    }
    if constexpr (Section<const Type>) {
      expect_documented(document, member, path.empty() ? name : path + "." + name);
    }
  });
}

TEST(Documents, TheReferenceHasEveryKeyWithItsDefault) {
  EdgeCoreConfig config;  // without values of the machine; the reference has <NODE> and <IP>
  expect_documented(source("docs/configuration.md"), config, "");
}

/// All sources that may read a key: the modules, and what this room computes for them.
std::string sources_that_read_keys() {
  const std::filesystem::path src = edgecore::test::source_dir() / "src";
  const auto in_config = src / "config";
  std::string all = source("include/edgecore/config/model.hpp");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(src)) {
    const auto path = entry.path();
    const bool table = path.filename().string().find("fields") != std::string::npos;
    const bool checks = path.filename().string().starts_with("validate") || path.filename() == "effects.cpp";
    if (!entry.is_regular_file() || (path.parent_path() == in_config && (table || checks))) continue;
    all += read_file(path, 1 << 20).value_or("");
  }
  return all;
}

TEST(Documents, AKeyThatIsSaidToWorkIsReadSomewhere) {
  const std::string all = sources_that_read_keys();
  std::size_t rows = 0;
  for (const char* table : {"src/config/fields.hpp", "src/config/kubelet_fields.hpp"}) {
    const std::string text = source(table);
    for (std::size_t at = text.find(", o."); at != std::string::npos; at = text.find(", o.", at + 1)) {
      const std::size_t name = at + 4;
      const std::string member = text.substr(name, text.find(',', name) - name);
      if (text.substr(at, text.find(';', at) - at).find("Effect::kWorks") == std::string::npos) continue;
      ++rows;
      const bool read = all.find("." + member) != std::string::npos;
      EXPECT_TRUE(read || member == "time_added") << member << " of " << table << " is read by nobody";
    }
  }
  EXPECT_GT(rows, 100U);
}

TEST(Documents, TheCommentedFileIsExactlyTheDefaults) {
  const test::FakeHost host;
  const std::string text = source("config/edgecore.yaml");
  ASSERT_FALSE(text.empty());
  const LoadedConfig loaded = load(text, host);
  EXPECT_EQ(loaded.config, defaults(host));
  EXPECT_THAT(loaded.warnings, IsEmpty());
}

TEST(Documents, EverySettingThatTheCommentedFileOnlyMentionsIsOne) {
  // With its commented-out settings enabled, the file must still have no unknown keys and wrong types.
  static const std::vector<std::string> mentioned{"httpServer",   "server",         "hostnameOverride",
                                                  "nodeIP",       "nodeLabels",     "customInterfaceName",
                                                  "clusterDNS",   "systemReserved", "registerWithTaints",
                                                  "featureGates", "moduleRestart",  "requireAuthorization"};
  std::string text;
  std::size_t switched_on = 0;
  std::istringstream lines(source("config/edgecore.yaml"));
  for (std::string line; std::getline(lines, line);) {
    for (const std::string& key : mentioned) {
      const std::size_t mark = line.find("# ");
      if (mark == std::string::npos || line.find_first_not_of(' ') != mark) continue;
      const std::size_t name = line.find_first_not_of(' ', mark + 1);
      if (name == std::string::npos || line.compare(name, key.size() + 1, key + ":") != 0) continue;
      line.erase(mark, 2);
      ++switched_on;
      break;
    }
    text += line + "\n";
  }
  EXPECT_EQ(switched_on, mentioned.size() + 1);  // `server` is there for websocket and for quic
  const LoadedConfig loaded = load(text, test::FakeHost());
  EXPECT_THAT(loaded.warnings, IsEmpty());
  EXPECT_EQ(loaded.config.modules.edge_hub.websocket.server, "cloud.example.com:10000");
  EXPECT_EQ(loaded.config.feature_gates.size(), 2u);
}

}  // namespace
}  // namespace edgecore::config
