// SPDX-License-Identifier: Apache-2.0
#include "cri/convert.hpp"

namespace edgecore::cri {
namespace {

/// A figure the runtime left out stays absent.
template <class Wrapper>
std::optional<std::uint64_t> figure(bool present, const Wrapper& wrapper) {
  if (!present) return std::nullopt;
  return wrapper.value();
}

CpuUsage read_cpu(const v1::CpuUsage& in) {
  CpuUsage out;
  out.timestamp = in.timestamp();
  out.usage_core_nano_seconds = figure(in.has_usage_core_nano_seconds(), in.usage_core_nano_seconds());
  out.usage_nano_cores = figure(in.has_usage_nano_cores(), in.usage_nano_cores());
  return out;
}

MemoryUsage read_memory(const v1::MemoryUsage& in) {
  MemoryUsage out;
  out.timestamp = in.timestamp();
  out.working_set_bytes = figure(in.has_working_set_bytes(), in.working_set_bytes());
  out.available_bytes = figure(in.has_available_bytes(), in.available_bytes());
  out.usage_bytes = figure(in.has_usage_bytes(), in.usage_bytes());
  out.rss_bytes = figure(in.has_rss_bytes(), in.rss_bytes());
  out.page_faults = figure(in.has_page_faults(), in.page_faults());
  out.major_page_faults = figure(in.has_major_page_faults(), in.major_page_faults());
  return out;
}

SwapUsage read_swap(const v1::SwapUsage& in) {
  SwapUsage out;
  out.timestamp = in.timestamp();
  out.swap_available_bytes = figure(in.has_swap_available_bytes(), in.swap_available_bytes());
  out.swap_usage_bytes = figure(in.has_swap_usage_bytes(), in.swap_usage_bytes());
  return out;
}

NetworkInterfaceUsage read_interface(const v1::NetworkInterfaceUsage& in) {
  NetworkInterfaceUsage out;
  out.name = in.name();
  out.rx_bytes = figure(in.has_rx_bytes(), in.rx_bytes());
  out.rx_errors = figure(in.has_rx_errors(), in.rx_errors());
  out.tx_bytes = figure(in.has_tx_bytes(), in.tx_bytes());
  out.tx_errors = figure(in.has_tx_errors(), in.tx_errors());
  return out;
}

NetworkUsage read_network(const v1::NetworkUsage& in) {
  NetworkUsage out;
  out.timestamp = in.timestamp();
  if (in.has_default_interface()) out.default_interface = read_interface(in.default_interface());
  for (const auto& one : in.interfaces()) out.interfaces.push_back(read_interface(one));
  return out;
}

ProcessUsage read_processes(const v1::ProcessUsage& in) {
  return {in.timestamp(), figure(in.has_process_count(), in.process_count())};
}

}  // namespace

ContainerStats read(const v1::ContainerStats& in) {
  ContainerStats out;
  out.id = in.attributes().id();
  out.metadata = read(in.attributes().metadata());
  out.labels = read_map(in.attributes().labels());
  out.annotations = read_map(in.attributes().annotations());
  if (in.has_cpu()) out.cpu = read_cpu(in.cpu());
  if (in.has_memory()) out.memory = read_memory(in.memory());
  if (in.has_writable_layer()) out.writable_layer = read(in.writable_layer());
  if (in.has_swap()) out.swap = read_swap(in.swap());
  return out;
}

PodSandboxStats read(const v1::PodSandboxStats& in) {
  PodSandboxStats out;
  out.id = in.attributes().id();
  out.metadata = read(in.attributes().metadata());
  out.labels = read_map(in.attributes().labels());
  out.annotations = read_map(in.attributes().annotations());
  const auto& figures = in.linux();
  if (figures.has_cpu()) out.cpu = read_cpu(figures.cpu());
  if (figures.has_memory()) out.memory = read_memory(figures.memory());
  if (figures.has_network()) out.network = read_network(figures.network());
  if (figures.has_process()) out.process = read_processes(figures.process());
  out.containers = read_each(figures.containers());
  return out;
}

}  // namespace edgecore::cri
