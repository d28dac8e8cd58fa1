// SPDX-License-Identifier: Apache-2.0
#include "edged/cgroups/systemd_manager.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cerrno>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"

namespace edgecore::edged {
namespace {

constexpr char kName[] = "org.freedesktop.systemd1";
constexpr char kPath[] = "/org/freedesktop/systemd1";
constexpr char kManager[] = "org.freedesktop.systemd1.Manager";
constexpr std::string_view kUnitExists = "org.freedesktop.systemd1.UnitExists";
constexpr std::string_view kNoSuchUnit = "org.freedesktop.systemd1.NoSuchUnit";
constexpr std::string_view kAlreadySubscribed = "org.freedesktop.systemd1.AlreadySubscribed";
/// Longest text from systemd that goes into an error.
constexpr std::size_t kSystemdTextBytes = 300;

/// Throws SystemError for a negative result of building or reading messages, or of the connection.
int checked(int result, const char* what) {
  if (result < 0) throw SystemError(std::string("D-Bus: ") + what, -result);
  return result;
}

const char* signature_of(const UnitProperty& property) {
  static constexpr const char* kSignatures[] = {"b", "t", "s", "as"};
  return kSignatures[property.value.index()];
}

[[noreturn]] void fail(const char* verb, const std::string& unit, const std::string& error,
                       const std::string& text) {
  throw Error(fmt::format("systemd did not {} {}: {} ({})", verb, unit, log::quote(text, kSystemdTextBytes),
                          log::quote(error, kSystemdTextBytes)));
}

}  // namespace

SystemdManager::SystemdManager(const SdBus& sd, const std::vector<SystemdAddress>& addresses,
                               std::chrono::milliseconds patience)
    : sd_(sd), deadline_(steady_now() + patience), bus_(nullptr, CloseBus{&sd_}) {
  std::string tried;
  for (const SystemdAddress& address : addresses) {
    try {
      connect(address);
      listen(address.direct);
      return;
    } catch (const Error& error) {
      tried += fmt::format("{}{}: {}", tried.empty() ? "" : "; ", address.address, error.what());
    }
    bus_.reset();
  }
  throw Error("systemd cannot be reached: " + tried);
}

void SystemdManager::connect(const SystemdAddress& to) {
  sd_bus* made = nullptr;
  checked(sd_.bus_new(&made), "no memory");
  bus_.reset(made);
  checked(sd_.set_address(made, to.address.c_str()), "address");
  checked(sd_.set_bus_client(made, to.direct ? 0 : 1), "client");
  checked(sd_.start(made), "connect");
  while (checked(sd_.is_ready(made), "connect") == 0) turn();
}

void SystemdManager::turn() {
  if (checked(sd_.process(bus_.get(), nullptr), "the connection is lost") > 0) return;
  if (microseconds_left() == 0) throw SystemError("D-Bus: no answer", ETIMEDOUT);
  const int waited = sd_.wait(bus_.get(), microseconds_left());
  if (waited != -EINTR) checked(waited, "the connection is lost");
}

void SystemdManager::listen(bool direct) {
  checked(sd_.match_signal_async(bus_.get(), nullptr, direct ? nullptr : kName, kPath, kManager, "JobRemoved",
                                 &SystemdManager::on_job_removed, nullptr, this),
          "match");
  const Answer subscribed = call(make("Subscribe"));
  if (!subscribed.error.empty() && subscribed.error != kAlreadySubscribed)
    throw Error(fmt::format("{} ({})", log::quote(subscribed.text, kSystemdTextBytes),
                            log::quote(subscribed.error, kSystemdTextBytes)));
}

int SystemdManager::on_job_removed(sd_bus_message* message, void* self, sd_bus_error*) {
  auto& manager = *static_cast<SystemdManager*>(self);
  std::uint32_t id = 0;
  const char* job = nullptr;
  const char* unit = nullptr;
  const char* result = nullptr;
  if (manager.sd_.read(message, "uoss", &id, &job, &unit, &result) < 0) return 0;
  if (manager.unit_ == unit) manager.ended_jobs_[job] = result;
  return 0;
}

SystemdManager::Message SystemdManager::make(const char* method) const {
  sd_bus_message* made = nullptr;
  checked(sd_.new_method_call(bus_.get(), &made, kName, kPath, kManager, method), method);
  return Message(made, UnrefMessage{&sd_});
}

void SystemdManager::write_value(const Message& message, const UnitProperty& property) const {
  sd_bus_message* const to = message.get();
  if (const auto* flag = std::get_if<bool>(&property.value)) {
    checked(sd_.append(to, "b", static_cast<int>(*flag)), "property");
  } else if (const auto* number = std::get_if<std::uint64_t>(&property.value)) {
    checked(sd_.append(to, "t", *number), "property");
  } else if (const auto* text = std::get_if<std::string>(&property.value)) {
    checked(sd_.append(to, "s", text->c_str()), "property");
  } else {
    checked(sd_.open_container(to, 'a', "s"), "property");
    for (const std::string& each : std::get<std::vector<std::string>>(property.value))
      checked(sd_.append(to, "s", each.c_str()), "property");
    checked(sd_.close_container(to), "property");
  }
}

void SystemdManager::write(const Message& message, const std::vector<UnitProperty>& properties) const {
  sd_bus_message* const to = message.get();
  checked(sd_.open_container(to, 'a', "(sv)"), "properties");
  for (const UnitProperty& property : properties) {
    checked(sd_.open_container(to, 'r', "sv"), "property");
    checked(sd_.append(to, "s", property.name.c_str()), "property");
    checked(sd_.open_container(to, 'v', signature_of(property)), "property");
    write_value(message, property);
    checked(sd_.close_container(to), "property");
    checked(sd_.close_container(to), "property");
  }
  checked(sd_.close_container(to), "properties");
}

SystemdManager::Answer SystemdManager::call(const Message& message) {
  sd_bus_error error{};
  sd_bus_message* reply = nullptr;
  // 0 would mean the default of 25 s.
  const std::uint64_t left = std::max<std::uint64_t>(microseconds_left(), 1);
  const int result = sd_.call(bus_.get(), message.get(), left, &error, &reply);
  Answer answer{Message(reply, UnrefMessage{&sd_}), {}, {}};
  if (result < 0) {
    answer.error = error.name != nullptr ? error.name : "org.freedesktop.DBus.Error.Failed";
    answer.text = error.message != nullptr ? error.message : SystemError("the call failed", -result).what();
  }
  sd_.error_free(&error);
  return answer;
}

SystemdManager::Answer SystemdManager::order(const char* method, const std::string& unit) {
  unit_ = unit;
  const Message message = make(method);
  checked(sd_.append(message.get(), "ss", unit.c_str(), "replace"), method);
  return call(message);
}

void SystemdManager::wait_for_job(const Answer& begun, const char* verb, const std::string& unit) {
  const char* job = nullptr;
  checked(sd_.read(begun.reply.get(), "o", &job), "job");
  const std::string path = job;
  try {
    while (!ended_jobs_.contains(path)) turn();
  } catch (const Error& error) {
    throw Error(fmt::format("no answer from systemd to the request to {} {}: {}", verb, unit, error.what()));
  }
  const std::string& result = ended_jobs_.at(path);
  if (result != "done") fail(verb, unit, "result of its job", result);
}

bool SystemdManager::start_transient(const std::string& unit, const std::vector<UnitProperty>& properties) {
  unit_ = unit;
  const Message message = make("StartTransientUnit");
  checked(sd_.append(message.get(), "ss", unit.c_str(), "replace"), "StartTransientUnit");
  write(message, properties);
  checked(sd_.open_container(message.get(), 'a', "(sa(sv))"), "StartTransientUnit");  // no auxiliary units
  checked(sd_.close_container(message.get()), "StartTransientUnit");
  const Answer begun = call(message);
  if (begun.error == kUnitExists) return false;
  if (!begun.error.empty()) fail("make", unit, begun.error, begun.text);
  wait_for_job(begun, "make", unit);
  return true;
}

void SystemdManager::start(const std::string& unit) {
  const Answer begun = order("StartUnit", unit);
  if (!begun.error.empty()) fail("start", unit, begun.error, begun.text);
  wait_for_job(begun, "start", unit);
}

void SystemdManager::set_properties(const std::string& unit, const std::vector<UnitProperty>& properties) {
  const Message message = make("SetUnitProperties");
  checked(sd_.append(message.get(), "sb", unit.c_str(), 1), "SetUnitProperties");
  write(message, properties);
  const Answer done = call(message);
  if (!done.error.empty()) fail("limit", unit, done.error, done.text);
}

bool SystemdManager::stop(const std::string& unit) {
  const Answer begun = order("StopUnit", unit);
  if (begun.error == kNoSuchUnit) return false;
  if (!begun.error.empty()) fail("stop", unit, begun.error, begun.text);
  wait_for_job(begun, "stop", unit);
  return true;
}

void SystemdManager::reset_failed(const std::string& unit) {
  const Message message = make("ResetFailedUnit");
  checked(sd_.append(message.get(), "s", unit.c_str()), "ResetFailedUnit");
  const Answer done = call(message);
  if (!done.error.empty() && done.error != kNoSuchUnit) fail("forget", unit, done.error, done.text);
}

std::uint64_t SystemdManager::microseconds_left() const {
  const auto left = std::chrono::duration_cast<std::chrono::microseconds>(deadline_ - steady_now());
  return left.count() > 0 ? static_cast<std::uint64_t>(left.count()) : 0;
}

}  // namespace edgecore::edged
