// SPDX-License-Identifier: Apache-2.0
#include "unit/edged/fake_systemd.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>

namespace edgecore::edged {
namespace {

using namespace std::chrono_literals;

constexpr char kName[] = "org.freedesktop.systemd1";
constexpr char kPath[] = "/org/freedesktop/systemd1";
constexpr char kManager[] = "org.freedesktop.systemd1.Manager";
constexpr std::uint64_t kTurn = 20'000;  // microseconds

std::string read_value(sd_bus_message* message) {
  const char* type = nullptr;
  sd_bus_message_peek_type(message, nullptr, &type);
  const std::string signature = type;
  sd_bus_message_enter_container(message, 'v', type);
  std::string text = "?" + signature;
  if (signature == "b") {
    int flag = 0;
    sd_bus_message_read(message, "b", &flag);
    text = flag != 0 ? "true" : "false";
  } else if (signature == "t") {
    std::uint64_t number = 0;
    sd_bus_message_read(message, "t", &number);
    text = number == ~std::uint64_t{0} ? "infinity" : std::to_string(number);
  } else if (signature == "s") {
    const char* word = nullptr;
    sd_bus_message_read(message, "s", &word);
    text = word;
  } else if (signature == "as") {
    text.clear();
    sd_bus_message_enter_container(message, 'a', "s");
    for (const char* word = nullptr; sd_bus_message_read(message, "s", &word) > 0;)
      text += (text.empty() ? "" : " ") + std::string(word);
    sd_bus_message_exit_container(message);
  }
  sd_bus_message_exit_container(message);
  return text;
}

std::map<std::string, std::string> read_properties(sd_bus_message* message) {
  std::map<std::string, std::string> properties;
  sd_bus_message_enter_container(message, 'a', "(sv)");
  while (sd_bus_message_enter_container(message, 'r', "sv") > 0) {
    const char* name = nullptr;
    sd_bus_message_read(message, "s", &name);
    const std::string key = name;
    properties[key] = read_value(message);
    sd_bus_message_exit_container(message);
  }
  sd_bus_message_exit_container(message);
  return properties;
}

FileDescriptor listen_on(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  FileDescriptor made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (::bind(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(made.get(), 8) != 0)
    made.reset();
  return made;
}

}  // namespace

FakeSystemd::FakeSystemd(std::string address, const std::filesystem::path& socket)
    : address_(std::move(address)) {
  if (!socket.empty()) listener_ = listen_on(socket);
  thread_ = std::thread([this] { address_.empty() ? run_on_socket() : run_on_bus(); });
  while (!ready_ && !failed_) std::this_thread::sleep_for(1ms);
}

FakeSystemd::~FakeSystemd() {
  stopping_ = true;
  thread_.join();
}

void FakeSystemd::set(const Faults& faults) {
  const std::lock_guard lock(mutex_);
  faults_ = faults;
}

void FakeSystemd::add_unit(const std::string& unit) {
  const std::lock_guard lock(mutex_);
  units_.insert(unit);
}

std::vector<FakeSystemd::Call> FakeSystemd::calls() {
  const std::lock_guard lock(mutex_);
  return calls_;
}

std::vector<std::string> FakeSystemd::words() {
  std::vector<std::string> list;
  for (const Call& call : calls()) list.push_back(call.method + " " + call.unit);
  return list;
}

void FakeSystemd::run_on_bus() {
  sd_bus* bus = nullptr;
  sd_bus_new(&bus);
  failed_ = sd_bus_set_address(bus, address_.c_str()) < 0 || sd_bus_set_bus_client(bus, 1) < 0 ||
            sd_bus_start(bus) < 0 ||
            sd_bus_add_object(bus, nullptr, kPath, &FakeSystemd::on_message, this) < 0 ||
            sd_bus_request_name(bus, kName, 0) < 0;
  if (!failed_) serve(bus);
  sd_bus_flush_close_unref(bus);
}

void FakeSystemd::run_on_socket() {
  failed_ = !listener_.valid();
  ready_ = true;
  while (!stopping_ && !failed_) {
    pollfd waited{listener_.get(), POLLIN, 0};
    if (::poll(&waited, 1, 20) <= 0) continue;
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) continue;
    sd_bus* bus = nullptr;
    sd_id128_t id{};
    sd_id128_randomize(&id);
    sd_bus_new(&bus);
    failed_ = sd_bus_set_fd(bus, fd, fd) < 0 || sd_bus_set_server(bus, 1, id) < 0 || sd_bus_start(bus) < 0 ||
              sd_bus_add_object(bus, nullptr, kPath, &FakeSystemd::on_message, this) < 0;
    if (!failed_) serve(bus);
    sd_bus_close(bus);
    sd_bus_unref(bus);
  }
}

/// Until it is stopped or the connection is lost.
void FakeSystemd::serve(sd_bus* bus) {
  ready_ = true;
  while (!stopping_) {
    const int busy = sd_bus_process(bus, nullptr);
    if (busy < 0) return;
    if (busy == 0) sd_bus_wait(bus, kTurn);
  }
}

int FakeSystemd::on_message(sd_bus_message* message, void* self, sd_bus_error*) {
  if (sd_bus_message_is_method_call(message, kManager, nullptr) <= 0) return 0;
  return static_cast<FakeSystemd*>(self)->answer(message);
}

int FakeSystemd::answer(sd_bus_message* message) {
  const std::string method = sd_bus_message_get_member(message);
  if (method == "Subscribe") return sd_bus_reply_method_return(message, "");
  Call call;
  call.method = method;
  const char* unit = "";
  const char* mode = "";
  int runtime = 0;
  if (method == "SetUnitProperties") {
    sd_bus_message_read(message, "sb", &unit, &runtime);
  } else if (method == "ResetFailedUnit") {
    sd_bus_message_read(message, "s", &unit);
  } else {
    sd_bus_message_read(message, "ss", &unit, &mode);
  }
  call.unit = unit;
  if (method == "StartTransientUnit" || method == "SetUnitProperties")
    call.properties = read_properties(message);

  const std::lock_guard lock(mutex_);
  calls_.push_back(call);
  if (faults_.silent) return 1;
  if (faults_.refuse == method)
    return sd_bus_reply_method_errorf(message, "org.freedesktop.DBus.Error.AccessDenied", "not\nyou");
  const bool known = units_.contains(call.unit);
  if (method == "StartTransientUnit" && known)
    return sd_bus_reply_method_errorf(message, "org.freedesktop.systemd1.UnitExists",
                                      "Unit %s was already loaded or has a fragment file.", unit);
  if (method != "StartTransientUnit" && !known)
    return sd_bus_reply_method_errorf(message, "org.freedesktop.systemd1.NoSuchUnit", "Unit %s not loaded.",
                                      unit);
  if (method == "SetUnitProperties" || method == "ResetFailedUnit")
    return sd_bus_reply_method_return(message, "");
  if (method == "StopUnit" && !faults_.lose_jobs) units_.erase(call.unit);
  if (method == "StartTransientUnit") units_.insert(call.unit);
  return answer_job(message, call.unit, faults_);
}

int FakeSystemd::answer_job(sd_bus_message* message, const std::string& unit, const Faults& faults) {
  sd_bus* const bus = sd_bus_message_get_bus(message);
  const unsigned id = ++jobs_;
  const auto path = [](unsigned number) { return std::string(kPath) + "/job/" + std::to_string(number); };
  const auto removed = [&](unsigned number, const std::string& of, const std::string& result) {
    sd_bus_emit_signal(bus, kPath, kManager, "JobRemoved", "uoss", number, path(number).c_str(), of.c_str(),
                       result.c_str());
  };
  if (faults.others_too) {
    for (unsigned other = 1; other < 200; ++other) removed(id + other, "other.service", "failed");
    removed(id + 1000, unit, "canceled");  // an older job of the same unit
  }
  if (faults.job_done_before_reply) removed(id, unit, faults.job_result);
  const int sent = sd_bus_reply_method_return(message, "o", path(id).c_str());
  if (!faults.job_done_before_reply && !faults.lose_jobs) removed(id, unit, faults.job_result);
  return sent;
}

}  // namespace edgecore::edged
