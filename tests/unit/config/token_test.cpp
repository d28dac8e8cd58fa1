// SPDX-License-Identifier: Apache-2.0
#include "edgecore/config/token.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "edgecore/config/load.hpp"
#include "support/temporary_directory.hpp"
#include "unit/config/fake_host.hpp"

namespace edgecore::config {
namespace {

using edgecore::test::TemporaryDirectory;

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}
using testing::HasSubstr;
using testing::Not;

/// `text` with TOKEN in place of the value, cleaned.
std::string cleaned(const std::string& text) {
  return without_token(text).value_or("nothing to clean");
}

TEST(Token, OnlyTheTokensLineChanges) {
  EXPECT_EQ(cleaned("# our gateway\nmodules:\n  edgeHub:\n    heartbeat: 20   # slow link\n"
                    "    token: 1a2b.eyJ.c-d_e # from keadm\n    rotateCertificates: false\n  # end\n"),
            "# our gateway\nmodules:\n  edgeHub:\n    heartbeat: 20   # slow link\n"
            "    token: \"\" # from keadm\n    rotateCertificates: false\n  # end\n");
}

TEST(Token, EveryWayToWriteOneIsCleaned) {
  const std::string before = "modules:\n  edgeHub:\n    ";
  const std::string after = "\n    heartbeat: 1\n";
  EXPECT_EQ(cleaned(before + "token: 's''x # y'" + after), before + "token: \"\"" + after);
  EXPECT_EQ(cleaned(before + "token: \"s\\\"x\"   # c" + after), before + "token: \"\"   # c" + after);
  EXPECT_EQ(cleaned(before + "token:   a,b}c" + after), before + "token:   \"\"" + after);
  EXPECT_EQ(cleaned(before + "token: a#b" + after), before + "token: \"\"" + after);
  EXPECT_EQ(cleaned(before + "TOKEN: 12345" + after), before + "TOKEN: \"\"" + after);
  EXPECT_EQ(cleaned(before + "\"token\": !!str abc" + after), before + "\"token\": \"\"" + after);
  EXPECT_EQ(cleaned(before + "token:\n      abc" + after), before + "token:\n      \"\"" + after);
  EXPECT_EQ(cleaned(before + "token: abc"), before + "token: \"\"");
  EXPECT_EQ(cleaned("{\"modules\":{\"edgeHub\":{\"token\":\"a,b}\",\"heartbeat\":1}}}"),
            "{\"modules\":{\"edgeHub\":{\"token\":\"\",\"heartbeat\":1}}}");
  EXPECT_EQ(cleaned("modules: {edgeHub: {token: abc, heartbeat: 1}}\n"),
            "modules: {edgeHub: {token: \"\", heartbeat: 1}}\n");
  EXPECT_EQ(cleaned("modules: {edgeHub: {heartbeat: 1, token: abc }}\n"),
            "modules: {edgeHub: {heartbeat: 1, token: \"\" }}\n");
}

TEST(Token, TokensOfSeveralLinesAreRemovedWhole) {
  const std::string before = "modules:\n  edgeHub:\n    ";
  const std::string after = "\n    heartbeat: 1\n";
  for (const char* value : {"token: |\n      s3cret\n      s3cret", "token: >-\n      s3cret\n\n      s3cret",
                            "token: \"s3cret\n      s3cret\"", "token: s3cret\n      s3cret"}) {
    const std::string edited = cleaned(before + value + after);
    EXPECT_THAT(edited, Not(HasSubstr("s3cret"))) << edited;
    const auto loaded = load(edited, test::FakeHost());
    EXPECT_EQ(loaded.config.modules.edge_hub.token, "") << edited;
    EXPECT_EQ(loaded.config.modules.edge_hub.heartbeat, 1) << edited;
  }
}

TEST(Token, WindowsLineEndsAndAByteOrderMarkStay) {
  EXPECT_EQ(cleaned("modules:\r\n  edgeHub:\r\n    token: abc\r\n    heartbeat: 1\r\n"),
            "modules:\r\n  edgeHub:\r\n    token: \"\"\r\n    heartbeat: 1\r\n");
  EXPECT_EQ(cleaned("\xEF\xBB\xBFmodules: {edgeHub: {token: abc}}\n"),
            "\xEF\xBB\xBFmodules: {edgeHub: {token: \"\"}}\n");
  EXPECT_EQ(cleaned("# \u00e4\u00f6\nmodules: {'\u00e4\u00f6': 1, edgeHub: {token: abc}}\n"),
            "# \u00e4\u00f6\nmodules: {'\u00e4\u00f6': 1, edgeHub: {token: \"\"}}\n");
}

TEST(Token, EveryOccurrenceIsCleanedAndOthersAreLeftAlone) {
  EXPECT_EQ(cleaned("modules:\n  edgeHub:\n    token: a\n    Token: b\n    token: c\n"
                    "  other:\n    token: mine\ntoken: top\n"),
            "modules:\n  edgeHub:\n    token: \"\"\n    Token: \"\"\n    token: \"\"\n"
            "  other:\n    token: mine\ntoken: top\n");
}

TEST(Token, NothingToCleanIsNotAnEdit) {
  for (const char* text :
       {"", "modules: {}", "modules: {edgeHub: null}", "modules: {edgeHub: {token: ''}}",
        "modules: {edgeHub: {token: }}", "modules: {edgeHub: {token: null}}", "token: abc"}) {
    EXPECT_EQ(without_token(text), std::nullopt) << text;
  }
}

TEST(Token, OneThatOtherSettingsReferToIsNotTouched) {
  const char* text = "modules: {edgeHub: {token: &t abc, projectID: *t}}";
  try {
    without_token(text);
    FAIL() << "the alias lost its anchor unnoticed";
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("by hand"));
    EXPECT_THAT(e.what(), Not(HasSubstr("abc")));
  }
}

TEST(Token, CleaningKeepsModeAndLinkAndRemovesTheBootstrapFile) {
  const TemporaryDirectory directory;
  const auto config = directory / "edgecore.yaml", link = directory / "link.yaml",
             bootstrap = directory / "boot.conf";
  write_file_atomic(config, "modules: {edgeHub: {token: abc}}\n", 0640);
  write_file_atomic(bootstrap, "abc\n", 0600);
  std::filesystem::create_symlink(config, link);
  clean_up_token(link, bootstrap);
  EXPECT_EQ(read_file(config, 1000), "modules: {edgeHub: {token: \"\"}}\n");
  EXPECT_EQ(mode_of(config), 0640u);
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_FALSE(std::filesystem::exists(bootstrap));
  clean_up_token(link, bootstrap);  // a second call has nothing to do
  EXPECT_EQ(read_file(config, 1000), "modules: {edgeHub: {token: \"\"}}\n");
}

TEST(Token, ACleanFileIsNotWrittenAgain) {
  const TemporaryDirectory directory;
  write_file_atomic(directory / "c", "modules: {}\n", 0640);
  const auto inode = [&] {
    struct stat status {};
    ::stat((directory / "c").c_str(), &status);
    return status.st_ino;
  };
  const auto before = inode();
  clean_up_token(directory / "c", directory / "none");
  EXPECT_EQ(inode(), before);
}

TEST(Token, TheBootstrapFileIsTrimmed) {
  const TemporaryDirectory directory;
  EXPECT_EQ(read_bootstrap_token(directory / "none"), std::nullopt);
  write_file_atomic(directory / "b", " 1a.2b \r\n\n", 0600);
  EXPECT_EQ(read_bootstrap_token(directory / "b"), "1a.2b");
  write_file_atomic(directory / "b", "\n", 0600);
  EXPECT_EQ(read_bootstrap_token(directory / "b"), std::nullopt);
  EXPECT_THROW(read_bootstrap_token(directory / ""), SystemError);  // a directory cannot be read
}

}  // namespace
}  // namespace edgecore::config
