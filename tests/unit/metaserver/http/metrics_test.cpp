// SPDX-License-Identifier: Apache-2.0
#include "metaserver/http/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace edgecore::metaserver {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

Metrics metrics_of(Metrics::State state) {
  return Metrics([state] { return state; });
}

TEST(MetricsTest, RequestsAreCountedByVerbAndCode) {
  Metrics metrics = metrics_of({});
  metrics.request(metric_verb("get"), 200, 50us);
  metrics.request(metric_verb("get"), 200, 50us);
  metrics.request(metric_verb("get"), 404, 50us);
  metrics.request(metric_verb("deletecollection"), 403, 1ms);
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("edgecore_metaserver_requests_total{code=\"200\",verb=\"get\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("edgecore_metaserver_requests_total{code=\"404\",verb=\"get\"} 1\n"));
  EXPECT_THAT(text,
              HasSubstr("edgecore_metaserver_requests_total{code=\"403\",verb=\"deletecollection\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE edgecore_metaserver_requests_total counter\n"));
  EXPECT_THAT(text, Not(HasSubstr("verb=\"list\"")));
}

TEST(MetricsTest, WhatClientsSendMakesNoNewLabels) {
  Metrics metrics = metrics_of({});
  metrics.request(metric_verb("propfind\"} 7\n"), 207, 1ms);
  metrics.request(metric_verb("proxy"), 999, 1ms);
  metrics.request(metric_verb(""), -1, 1ms);
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("edgecore_metaserver_requests_total{code=\"200\",verb=\"other\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("edgecore_metaserver_requests_total{code=\"500\",verb=\"other\"} 2\n"));
  EXPECT_THAT(text, Not(HasSubstr("propfind")));
}

TEST(MetricsTest, DurationsAreCumulativeAndWatchesAreNotAmongThem) {
  Metrics metrics = metrics_of({});
  metrics.request(MetricVerb::kGet, 200, 100us);
  metrics.request(MetricVerb::kGet, 200, 600us);
  metrics.request(MetricVerb::kGet, 504, 100s);
  metrics.request(MetricVerb::kWatch, 200, 3600s);
  const std::string text = metrics.text();
  const std::string name = "edgecore_metaserver_request_duration_seconds";
  EXPECT_THAT(text, HasSubstr("# TYPE " + name + " histogram\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{verb=\"get\",le=\"0.0001\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{verb=\"get\",le=\"0.0005\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{verb=\"get\",le=\"0.001\"} 2\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{verb=\"get\",le=\"60\"} 2\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{verb=\"get\",le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr(name + "_count{verb=\"get\"} 3\n"));
  EXPECT_THAT(text, HasSubstr(name + "_sum{verb=\"get\"} 100.0007"));
  EXPECT_THAT(text, Not(HasSubstr(name + "_count{verb=\"watch\"}")));
  EXPECT_THAT(text, HasSubstr("edgecore_metaserver_requests_total{code=\"200\",verb=\"watch\"} 1\n"));
}

TEST(MetricsTest, WatchesEventsAndDenialsAreCounted) {
  Metrics metrics = metrics_of({});
  metrics.watch_opened();
  metrics.watch_opened();
  metrics.watch_closed();
  metrics.events_sent(7);
  metrics.denied();
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("edgecore_metaserver_watches 1\n"));
  EXPECT_THAT(text, HasSubstr("edgecore_metaserver_watch_events_total 7\n"));
  EXPECT_THAT(text, HasSubstr("edgecore_metaserver_denials_total 1\n"));
}

TEST(MetricsTest, TheStateOfTheOtherPartsIsAskedForEachText) {
  Metrics::State state;
  const Metrics metrics([&state] { return state; });
  std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("edgecore_cloud_connected 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("data_age")));
  EXPECT_THAT(text, Not(HasSubstr("certificate_expiry")));

  state.cache_objects = 120;
  state.cache_bytes = 4'000'000'000;
  state.cache_collections = 5;
  state.scopes = 3;
  EXPECT_THAT(text, HasSubstr("edgecore_metaserver_open_to_network 0\n"));
  state.connected = true;
  state.open_to_network = true;
  state.data_age = 1500ms;
  state.certificate_expiry = WallTime(1800000000s);
  text = metrics.text();
  EXPECT_THAT(text, HasSubstr("edgecore_metaserver_cache_objects 120\n"));
  EXPECT_THAT(text, HasSubstr("edgecore_metaserver_cache_bytes 4000000000\n"));
  EXPECT_THAT(text, HasSubstr("edgecore_metaserver_cache_collections 5\n"));
  EXPECT_THAT(text, HasSubstr("edgecore_metaserver_scopes 3\n"));
  EXPECT_THAT(text, HasSubstr("edgecore_cloud_connected 1\n"));
  EXPECT_THAT(text, HasSubstr("edgecore_metaserver_open_to_network 1\n"));
  EXPECT_THAT(text, HasSubstr("edgecore_metaserver_data_age_seconds 1.5\n"));
  EXPECT_THAT(text, HasSubstr("edgecore_metaserver_certificate_expiry_timestamp_seconds 1800000000\n"));
}

TEST(MetricsTest, TheProcessIsInTheText) {
  const std::string text = metrics_of({}).text();
  EXPECT_THAT(text, HasSubstr("\nprocess_resident_memory_bytes "));
  EXPECT_THAT(text, HasSubstr("\nprocess_cpu_seconds_total "));
  EXPECT_THAT(text, HasSubstr("\nprocess_start_time_seconds "));
}

TEST(ProcessUsageTest, TheFieldsBehindAnyProgramNameAreRead) {
  const std::string self =
      "42 (a) b (c) S 1 42 42 0 -1 4194560 900 0 0 0 150 50 0 0 20 0 9 0 12345 999999 700 "
      "18446744073709551615 1";
  const auto usage = process_usage(self, "cpu  1 2 3\nintr 5\nbtime 1700000000\nprocesses 3\n");
  ASSERT_TRUE(usage);
  const double ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  EXPECT_EQ(usage->resident_bytes, 700U * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
  EXPECT_DOUBLE_EQ(usage->cpu_seconds, 200 / ticks);
  EXPECT_DOUBLE_EQ(usage->started_at, 1700000000 + 12345 / ticks);
}

TEST(ProcessUsageTest, TextsThatAreCutOffGiveNothing) {
  EXPECT_FALSE(process_usage("", "\nbtime 1\n"));
  EXPECT_FALSE(process_usage("42 (a) S 1 2 3", "\nbtime 1\n"));
  const std::string self = "42 (a) S 1 42 42 0 -1 4194560 900 0 0 0 150 50 0 0 20 0 9 0 12345 999999 700 1";
  EXPECT_FALSE(process_usage(self, "cpu 1\n"));
  EXPECT_FALSE(process_usage(self, "cpu 1\nbtime x\n"));
}

TEST(ProcessUsageTest, ThisProcessIsReadable) {
  const auto usage = process_usage();
  ASSERT_TRUE(usage);
  EXPECT_GT(usage->resident_bytes, 1U << 20U);
  EXPECT_GT(usage->started_at, 1.6e9);
}

}  // namespace
}  // namespace edgecore::metaserver
