// SPDX-License-Identifier: Apache-2.0
#include "edgecore/cri/container_logs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

#include "edgecore/base/error.hpp"
#include "support/temporary_directory.hpp"

namespace edgecore::cri {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST(LogNames, AreTheKubelets) {
  EXPECT_EQ(pod_log_directory("default", "web-0", "u-1"), "default_web-0_u-1");
  EXPECT_EQ(container_log_name(3), "3.log");
  EXPECT_EQ(log_stamp(1'718'000'000), "20240610-061320");
  EXPECT_EQ(log_stamp_time("20240610-061320"), 1'718'000'000);
  EXPECT_EQ(log_stamp_time("20240610-0613"), std::nullopt);
  EXPECT_EQ(log_stamp_time("tomorrow-at-six"), std::nullopt);
}

TEST(RotatedLogs, AreListedOldestFirstAndOnce) {
  const auto logs = rotated_logs(
      "0.log", {"0.log", "0.log.20240103-000000", "0.log.20240101-000000.gz", "1.log.20240101-000000",
                "0.log.20240102-000000.gz", "0.log.20240103-000000.gz", "0.log.20240104-000000.tmp"});
  EXPECT_THAT(logs, ElementsAre(RotatedLog{"0.log.20240101-000000.gz", "20240101-000000", true},
                                RotatedLog{"0.log.20240102-000000.gz", "20240102-000000", true},
                                RotatedLog{"0.log.20240103-000000", "20240103-000000", false}));
}

TEST(LogHeader, IsWhatStandsBeforeTheText) {
  const auto header = parse_log_header("2024-05-01T10:00:00.123456789Z stderr P hello");
  ASSERT_TRUE(header);
  EXPECT_EQ(header->time, "2024-05-01T10:00:00.123456789Z");
  EXPECT_TRUE(header->is_stderr);
  EXPECT_TRUE(header->partial);
  EXPECT_EQ(header->size, std::string_view("2024-05-01T10:00:00.123456789Z stderr P ").size());
  EXPECT_FALSE(parse_log_header("t stdout F:more:tags x")->partial);
  EXPECT_TRUE(parse_log_header("t stdout F"));
  EXPECT_FALSE(parse_log_header("t stdout F", false)) << "the tags may go on";
  for (const char* none : {"", "hello", "t stdin F x", "t stdout X x", " stdout F x", "t stdout"})
    EXPECT_FALSE(parse_log_header(none)) << none;
}

TEST(FixedLogTime, HasNineDigitsAndKeepsTheZone) {
  EXPECT_EQ(fixed_log_time("2024-05-01T10:00:00.5Z"), "2024-05-01T10:00:00.500000000Z");
  EXPECT_EQ(fixed_log_time("2024-05-01T10:00:00+08:00"), "2024-05-01T10:00:00.000000000+08:00");
  EXPECT_EQ(fixed_log_time("noon"), "noon");
}

/// The scanner's pieces as text: "[time tag" at the beginning of a line, "]" at its end.
std::string scanned(std::string_view bytes, std::size_t at_a_time) {
  LogScanner scanner;
  std::string out;
  const LogScanner::Take take = [&](const LogPiece& piece) {
    if (piece.begins)
      out.append("[")
          .append(piece.time)
          .append(piece.is_stderr ? " e" : " o")
          .append(piece.partial ? "P:" : "F:");
    out += piece.text;
    if (piece.ends) out += "]";
  };
  for (std::size_t at = 0; at < bytes.size(); at += at_a_time)
    scanner.feed(bytes.substr(at, at_a_time), take);
  return out;
}

TEST(LogScanner, TellsTheSameWhereverTheBytesAreCut) {
  const std::string log = std::string("1 stdout F one\n2 stderr P tw\n\n") +
                          "garbage\n3 stdout F \n4 stdout F" + "\n" + std::string(500, 'x') + "\n" +
                          std::string(3, '\0') + "\n5 stdout F last";
  const std::string expected = "[1 oF:one][2 eP:tw][3 oF:][4 oF:][5 oF:last";
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{127}, log.size()})
    EXPECT_EQ(scanned(log, size), expected) << size;
}

TEST(LogScanner, HandsOverALineOfAnyLengthAsItComes) {
  LogScanner scanner;
  std::size_t bytes = 0, pieces = 0;
  const LogScanner::Take take = [&](const LogPiece& piece) {
    bytes += piece.text.size();
    ++pieces;
  };
  scanner.feed("1 stdout F ", take);
  const std::string slice(1 << 16, 'y');
  for (int i = 0; i < 100; ++i) scanner.feed(slice, take);
  EXPECT_TRUE(scanner.within_line());
  EXPECT_EQ(bytes, 100U << 16U);
  EXPECT_EQ(pieces, 100U);
}

class LogFiles : public ::testing::Test {
 protected:
  LogFiles() { fs::create_directories(root_ / "ns_pod_u" / "c"); }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(root_ / "ns_pod_u" / "c" / name, std::ios::binary) << text;
  }
  LogDirectory directory() { return *LogDirectory::open(root_, "ns_pod_u", "c"); }
  edgecore::test::TemporaryDirectory root_;
};

TEST_F(LogFiles, LinksAndDirectoriesAreNotFollowed) {
  write("0.log", "x");
  write("0.log.1", "y");
  const fs::path inside = root_ / "ns_pod_u" / "c";
  fs::create_symlink("/etc/passwd", inside / "1.log");
  fs::create_directory(inside / "0.log.2");
  fs::create_directory_symlink(inside, root_ / "ns_pod_u" / "d");
  const LogDirectory logs = directory();
  EXPECT_THAT(logs.files("0.log"), UnorderedElementsAre("0.log", "0.log.1"));
  EXPECT_EQ(logs.open_file("2.log"), nullptr);
  EXPECT_THROW(static_cast<void>(logs.open_file("1.log")), Error);
  EXPECT_THROW(static_cast<void>(logs.open_file("0.log.2")), Error);
  EXPECT_THROW(static_cast<void>(logs.open_file("../c/0.log")), BadInput);
  EXPECT_THROW(LogDirectory::open(root_, "ns_pod_u", "d"), SystemError);
  EXPECT_THROW(LogDirectory::open(root_, "..", "c"), BadInput);
  EXPECT_FALSE(LogDirectory::open(root_, "ns_other_u", "c"));
}

TEST_F(LogFiles, AFileStaysReadableAfterItWasRenamed) {
  write("0.log", "before");
  const LogDirectory logs = directory();
  const LogFilePtr file = logs.open_file("0.log");
  fs::rename(root_ / "ns_pod_u" / "c" / "0.log", root_ / "ns_pod_u" / "c" / "0.log.1");
  write("0.log", "after");
  char text[16];
  EXPECT_EQ(std::string(text, file->read_at(2, text, sizeof text)), "fore");
  EXPECT_FALSE(file->is_same_as(*logs.open_file("0.log")));
  EXPECT_TRUE(file->is_same_as(*logs.open_file("0.log.1")));
}

TEST_F(LogFiles, ACompressedLogThatIsCutOffEndsThere) {
  const std::string text(100'000, 'z');
  const std::string path = (root_ / "ns_pod_u" / "c" / "0.log.1.gz").string();
  const gzFile packed = ::gzopen(path.c_str(), "wb");
  ASSERT_EQ(::gzwrite(packed, text.data(), static_cast<unsigned>(text.size())), 100'000);
  ::gzclose(packed);
  const auto all = [&] {
    GzipReader reader(directory().open_file("0.log.1.gz"));
    std::string out, buffer(1000, '\0');
    while (const std::size_t count = reader.read(buffer.data(), buffer.size())) out.append(buffer, 0, count);
    return out;
  };
  EXPECT_EQ(all(), text);
  fs::resize_file(path, fs::file_size(path) / 2);
  EXPECT_LT(all().size(), text.size());
  write("0.log.1.gz", "this is not gzip");
  EXPECT_EQ(all(), "");
}

}  // namespace
}  // namespace edgecore::cri
