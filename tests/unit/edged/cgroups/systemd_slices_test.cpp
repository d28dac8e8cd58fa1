// SPDX-License-Identifier: Apache-2.0
#include "edged/cgroups/systemd_slices.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <optional>
#include <thread>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "edgecore/kube/json.hpp"
#include "support/temporary_directory.hpp"
#include "unit/edged/fake_systemd.hpp"
#include "unit/edged/memory_cgroup_files.hpp"

namespace edgecore::edged {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

CgroupLimits all_limits() {
  CgroupLimits limits;
  limits.cpu_shares = 512;
  limits.cpu_quota = 50'000;
  limits.cpu_period = 100'000;
  limits.memory_bytes = 64 << 20;
  limits.pids = 100;
  limits.huge_pages_bytes["2MB"] = 0;
  return limits;
}

TEST(SliceProperties, AreCalledAsTheCgroupVersionHasIt) {
  const std::vector<UnitProperty> v1{{"CPUShares", std::uint64_t{512}},
                                     {"CPUQuotaPerSecUSec", std::uint64_t{500'000}},
                                     {"MemoryLimit", std::uint64_t{64 << 20}},
                                     {"TasksMax", std::uint64_t{100}}};
  EXPECT_EQ(limit_properties(all_limits(), false), v1);
  const std::vector<UnitProperty> v2{{"CPUWeight", std::uint64_t{20}},
                                     {"CPUQuotaPerSecUSec", std::uint64_t{500'000}},
                                     {"MemoryMax", std::uint64_t{64 << 20}},
                                     {"TasksMax", std::uint64_t{100}}};
  EXPECT_EQ(limit_properties(all_limits(), true), v2);
}

TEST(SliceProperties, NoLimitIsInfinityAndNothingSaidIsNothingSet) {
  CgroupLimits none;
  EXPECT_TRUE(limit_properties(none, true).empty());
  none.cpu_quota = 0;
  none.memory_bytes = -1;
  none.pids = -1;
  for (const UnitProperty& each : limit_properties(none, true))
    EXPECT_EQ(std::get<std::uint64_t>(each.value), ~std::uint64_t{0}) << each.name;
}

TEST(SliceProperties, QuotasAreRoundedUpToWholePercents) {
  CgroupLimits limits;
  limits.cpu_quota = 12'345;
  limits.cpu_period = 100'000;
  EXPECT_EQ(limit_properties(limits, true),
            (std::vector<UnitProperty>{{"CPUQuotaPerSecUSec", std::uint64_t{130'000}}}));
  limits.cpu_period = 10'000;
  EXPECT_EQ(limit_properties(limits, true),
            (std::vector<UnitProperty>{{"CPUQuotaPeriodUSec", std::uint64_t{10'000}},
                                       {"CPUQuotaPerSecUSec", std::uint64_t{1'240'000}}}));
}

TEST(SystemdSlices, AMachineWithoutSystemdIsToldApart) {
  SystemdOptions options;
  options.booted = "/nowhere/run/systemd/system";
  try {
    make_systemd_slices(options);
    FAIL() << "there is no systemd";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("systemd does not run this machine"));
    EXPECT_THAT(error.what(), HasSubstr("cgroupDriver"));
  }
}

/// A D-Bus daemon of the test's own.
class SystemdSlicesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::access("/usr/bin/dbus-daemon", X_OK) != 0) GTEST_SKIP() << "dbus-daemon is not installed.";
    address_ = "unix:path=" + (dir_ / "bus").string();
    start_bus();
  }
  void TearDown() override {
    slices_.reset();
    systemd_.reset();
    stop_bus();
  }

  void start_bus() {
    const fs::path config = dir_ / "bus.conf";
    write_file_atomic(
        config,
        "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n"
        " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
        "<busconfig><type>session</type><listen>" +
            address_ +
            "</listen><auth>EXTERNAL</auth><policy context=\"default\"><allow send_destination=\"*\"/>"
            "<allow receive_sender=\"*\"/><allow own=\"*\"/></policy></busconfig>\n",
        0600);
    Command command;
    command.argv = {"/usr/bin/dbus-daemon", "--nofork", "--nopidfile", "--print-address=1",
                    "--config-file=" + config.string()};
    command.out = PipeStream{};
    bus_.emplace(Child::spawn(command));
    char first = 0;
    ASSERT_EQ(::read(bus_->out.get(), &first, 1), 1) << "dbus-daemon listens when it says its address";
  }
  void stop_bus() {
    if (bus_) bus_->stop(5s);
    bus_.reset();
    fs::remove(dir_ / "bus");
  }

  void start_systemd() {
    systemd_.reset();
    systemd_.reset(new FakeSystemd(FakeSystemd::on_bus(address_)));
    ASSERT_FALSE(systemd_->failed());
  }
  void connect(bool v2 = false, std::chrono::milliseconds patience = 20s) {
    SystemdOptions options;
    options.v2 = v2;
    options.addresses = {{address_, false}, {"unix:path=" + (dir_ / "private").string(), true}};
    options.patience = patience;
    options.booted = dir_;
    slices_ = make_systemd_slices(options);
  }
  std::string failure(const std::function<void()>& work) {
    try {
      work();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  std::string failure_to_make(const std::string& unit = "kubepods.slice") {
    return failure([&] { slices_->ensure(unit, all_limits()); });
  }

  edgecore::test::TemporaryDirectory dir_;
  std::string address_;
  std::optional<Child> bus_;
  std::unique_ptr<FakeSystemd> systemd_;
  std::unique_ptr<SliceMaker> slices_;
};

TEST_F(SystemdSlicesTest, ASliceIsMadeWithParentAccountingAndLimits) {
  start_systemd();
  connect();
  slices_->ensure("kubepods-burstable-pod0aa7_bb8.slice", all_limits());
  slices_->ensure("kubepods.slice", CgroupLimits());
  const auto calls = systemd_->calls();
  ASSERT_THAT(systemd_->words(), ElementsAre("StartTransientUnit kubepods-burstable-pod0aa7_bb8.slice",
                                             "StartTransientUnit kubepods.slice"));
  const std::map<std::string, std::string> expected{
      {"Description", "Pods of this Kubernetes node: kubepods-burstable-pod0aa7_bb8.slice"},
      {"Wants", "kubepods-burstable.slice"},
      {"DefaultDependencies", "false"},
      {"CPUAccounting", "true"},
      {"MemoryAccounting", "true"},
      {"BlockIOAccounting", "true"},
      {"TasksAccounting", "true"},
      {"CPUShares", "512"},
      {"CPUQuotaPerSecUSec", "500000"},
      {"MemoryLimit", "67108864"},
      {"TasksMax", "100"}};
  EXPECT_EQ(calls[0].properties, expected);
  EXPECT_THAT(calls[1].properties, Contains(Pair("Wants", "-.slice")));
  EXPECT_EQ(calls[1].properties.count("TasksMax"), 0U);
}

TEST_F(SystemdSlicesTest, CgroupV2HasItsOwnNames) {
  start_systemd();
  connect(true);
  CgroupLimits limits = all_limits();
  limits.memory_bytes = -1;
  slices_->ensure("kubepods.slice", limits);
  const auto properties = systemd_->calls().at(0).properties;
  EXPECT_THAT(properties, Contains(Pair("CPUWeight", "20")));
  EXPECT_THAT(properties, Contains(Pair("MemoryMax", "infinity")));
  EXPECT_THAT(properties, Contains(Pair("IOAccounting", "true")));
  EXPECT_EQ(properties.count("CPUShares") + properties.count("MemoryLimit"), 0U);
}

TEST_F(SystemdSlicesTest, ASliceThatIsThereIsLimitedAnewAndStarted) {
  start_systemd();
  connect();
  systemd_->add_unit("kubepods.slice");
  slices_->ensure("kubepods.slice", all_limits());
  EXPECT_THAT(systemd_->words(), ElementsAre("StartTransientUnit kubepods.slice",
                                             "SetUnitProperties kubepods.slice", "StartUnit kubepods.slice"));
  const std::map<std::string, std::string> expected{{"CPUShares", "512"},
                                                    {"CPUQuotaPerSecUSec", "500000"},
                                                    {"MemoryLimit", "67108864"},
                                                    {"TasksMax", "100"}};
  EXPECT_EQ(systemd_->calls().at(1).properties, expected);
}

TEST_F(SystemdSlicesTest, RemovalStopsTheSliceAndForgetsIt) {
  start_systemd();
  connect();
  slices_->ensure("kubepods-podx.slice", all_limits());
  slices_->stop("kubepods-podx.slice");
  slices_->stop("kubepods-podx.slice");
  EXPECT_THAT(systemd_->words(),
              ElementsAre("StartTransientUnit kubepods-podx.slice", "StopUnit kubepods-podx.slice",
                          "ResetFailedUnit kubepods-podx.slice", "StopUnit kubepods-podx.slice"));
}

TEST_F(SystemdSlicesTest, ARefusalIsToldInSystemdsWords) {
  start_systemd();
  connect();
  FakeSystemd::Faults faults;
  faults.refuse = "StartTransientUnit";
  systemd_->set(faults);
  EXPECT_EQ(failure_to_make(),
            "systemd did not make kubepods.slice: not\\nyou (org.freedesktop.DBus.Error.AccessDenied)");
  faults.refuse = "StopUnit";
  systemd_->set(faults);
  systemd_->add_unit("kubepods.slice");
  EXPECT_THAT(failure([&] { slices_->stop("kubepods.slice"); }), HasSubstr("did not stop kubepods.slice"));
  systemd_->set({});
  EXPECT_EQ(failure_to_make(), "");
}

TEST_F(SystemdSlicesTest, AJobThatFailsIsAnError) {
  start_systemd();
  connect();
  FakeSystemd::Faults faults;
  faults.job_result = "dependency";
  systemd_->set(faults);
  EXPECT_THAT(failure_to_make(), HasSubstr("did not make kubepods.slice: dependency"));
}

TEST_F(SystemdSlicesTest, OnlyTheJobOfThisCallCounts) {
  start_systemd();
  connect();
  FakeSystemd::Faults faults;
  faults.others_too = true;
  systemd_->set(faults);
  EXPECT_EQ(failure_to_make("a.slice"), "");
  faults.job_done_before_reply = true;
  systemd_->set(faults);
  EXPECT_EQ(failure_to_make("b.slice"), "");
}

TEST_F(SystemdSlicesTest, AJobThatNeverEndsIsGivenUpInTime) {
  start_systemd();
  connect(false, 1s);
  FakeSystemd::Faults faults;
  faults.lose_jobs = true;
  systemd_->set(faults);
  const auto before = steady_now();
  EXPECT_THAT(failure_to_make(), HasSubstr("no answer from systemd to the request to make kubepods.slice"));
  EXPECT_GE(steady_now() - before, 1s);
  systemd_->set({});
  connect();
  EXPECT_EQ(failure_to_make(), "");
}

TEST_F(SystemdSlicesTest, ASilentSystemdIsGivenUpInTime) {
  start_systemd();
  connect(false, 1s);
  FakeSystemd::Faults faults;
  faults.silent = true;
  systemd_->set(faults);
  EXPECT_THAT(failure_to_make(), HasSubstr("systemd did not make kubepods.slice"));
  systemd_->set({});
  connect();
  EXPECT_EQ(failure_to_make(), "");
}

TEST_F(SystemdSlicesTest, ABusThatDoesNotSpeakIsGivenUpInTime) {
  stop_bus();
  const int silent = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  std::strncpy(where.sun_path, (dir_ / "bus").c_str(), sizeof where.sun_path - 1);
  ASSERT_EQ(::bind(silent, reinterpret_cast<const sockaddr*>(&where), sizeof where), 0);
  ASSERT_EQ(::listen(silent, 8), 0);
  connect(false, 500ms);
  EXPECT_THAT(failure_to_make(), HasSubstr("systemd cannot be reached"));
  ::close(silent);
}

TEST_F(SystemdSlicesTest, NobodyOnTheBusIsToldWithEveryAddress) {
  connect();
  const std::string told = failure_to_make();
  EXPECT_THAT(told, HasSubstr("systemd cannot be reached: " + address_));
  EXPECT_THAT(told, HasSubstr("ServiceUnknown"));
  EXPECT_THAT(told, HasSubstr("/private: "));
}

TEST_F(SystemdSlicesTest, ABusAndASystemdThatWentAwayAreFoundAgain) {
  start_systemd();
  connect();
  EXPECT_EQ(failure_to_make(), "");
  systemd_.reset();
  stop_bus();
  EXPECT_THAT(failure_to_make(), HasSubstr("systemd cannot be reached"));
  start_bus();
  start_systemd();
  EXPECT_EQ(failure_to_make(), "");
  EXPECT_THAT(systemd_->words(), ElementsAre("StartTransientUnit kubepods.slice"));
}

TEST_F(SystemdSlicesTest, ABusThatGoesInTheMiddleIsAnErrorAtOnce) {
  start_systemd();
  connect(false, 100s);
  FakeSystemd::Faults faults;
  faults.lose_jobs = true;
  systemd_->set(faults);
  std::thread later([this] {
    while (systemd_->calls().empty()) std::this_thread::sleep_for(1ms);
    bus_->kill_group(SIGKILL);
  });
  const auto before = steady_now();
  EXPECT_THAT(failure_to_make(), HasSubstr("kubepods.slice"));
  EXPECT_LT(steady_now() - before, 90s);
  later.join();
}

TEST_F(SystemdSlicesTest, MachinesWithoutBusHaveSystemdsOwnSocket) {
  stop_bus();
  systemd_.reset(new FakeSystemd(FakeSystemd::on_socket(dir_ / "private")));
  ASSERT_FALSE(systemd_->failed());
  connect();
  EXPECT_EQ(failure_to_make(), "");
  slices_->stop("kubepods.slice");
  EXPECT_THAT(systemd_->words(), ElementsAre("StartTransientUnit kubepods.slice", "StopUnit kubepods.slice",
                                             "ResetFailedUnit kubepods.slice"));
}

TEST_F(SystemdSlicesTest, NothingIsKeptOpenBetweenCalls) {
  const auto open = [] {
    return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  };
  start_systemd();
  connect();
  slices_->ensure("a.slice", all_limits());
  const auto before = open();
  for (int i = 0; i < 20; ++i) slices_->ensure("a" + std::to_string(i) + ".slice", all_limits());
  EXPECT_EQ(open(), before);
}

/// From the start of the node to the end of a pod.
TEST_F(SystemdSlicesTest, CgroupsOfTheNodeAndItsPodsAreSlices) {
  start_systemd();
  connect(true);
  auto files = MemoryCgroupFiles::unified();
  CgroupOptions options;
  options.driver = CgroupOptions::Driver::kSystemd;
  options.allocatable_memory = 1'000'000'000;
  options.allocatable_milli_cpu = 2000;
  Cgroups cgroups(options, files, slices_.get());
  cgroups.ensure_node();
  const kube::PodPtr pod =
      kube::parse_pod({{"metadata", {{"name", "p"}, {"namespace", "ns"}, {"uid", "0aa7-bb8"}}},
                       {"spec", {{"containers", Json::array({{{"name", "c"}, {"image", "i"}}})}}}});
  cgroups.ensure_pod(*pod);
  cgroups.ensure_pod(*pod);
  EXPECT_TRUE(cgroups.remove_pod(pod_cgroup(*pod)));
  const std::string unit = "kubepods-besteffort-pod0aa7_bb8.slice";
  EXPECT_THAT(systemd_->words(),
              ElementsAre("StartTransientUnit kubepods.slice", "StartTransientUnit kubepods-burstable.slice",
                          "StartTransientUnit kubepods-besteffort.slice", "StartTransientUnit " + unit,
                          "StartTransientUnit " + unit, "SetUnitProperties " + unit, "StartUnit " + unit,
                          "StopUnit " + unit, "ResetFailedUnit " + unit));
  EXPECT_THAT(systemd_->calls().at(3).properties, Contains(Pair("CPUWeight", "1")));
}

}  // namespace
}  // namespace edgecore::edged
