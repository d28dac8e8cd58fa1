// SPDX-License-Identifier: Apache-2.0
#include "servicebus/service_exchange.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/net/http_client.hpp"

namespace edgecore::servicebus {
namespace {

/// Thrown to stop reading a body.
class EnoughRead : public std::exception {};

struct Received {
  ServiceAnswer answer;
  std::optional<ServiceRequest> next;  ///< set: follow this redirect, ignore the body
  bool begun = false;                  ///< status and headers have arrived
  std::string failure;
};

net::ClientRequest client_request(const ServiceRequest& request) {
  net::ClientRequest out;
  out.method = request.method;
  out.url = "http://" + request.url.authority() + request.url.target;
  if (iequals(request.url.host, "localhost")) out.connect_to = "127.0.0.1";
  out.headers = request.headers;
  out.body = request.body;
  return out;
}

void receive(Received& into, ByteShare& share, std::string_view piece) {
  if (into.next) throw EnoughRead();
  std::string& body = into.answer.body;
  const std::size_t taken = std::min(piece.size(), kAnswerBytes - body.size());
  if (!share.grow(taken)) throw Error("too many large answers wait to be sent to the cloud");
  body.append(piece.substr(0, taken));
  if (taken < piece.size()) throw EnoughRead();
}

boost::asio::awaitable<void> exchange(const ServiceRequest& request, ByteShare& share, SteadyTime deadline,
                                      Received& into) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady_now());
  net::ClientRequest call = client_request(request);
  call.timeout = std::max(left, std::chrono::milliseconds(1));
  call.on_head = [&into, &request](int status, const net::Headers& headers) {
    into.begun = true;
    into.next = follow_redirect(request, status, headers);
    into.answer.status = status;
    into.answer.headers = headers;
  };
  call.on_body = [&into, &share](std::string_view piece) { receive(into, share, piece); };
  try {
    co_await net::fetch(std::move(call));
  } catch (const EnoughRead&) {
    into.answer.headers.remove("Content-Length");
  } catch (const Error& error) {
    into.failure = error.what();
  }
}

}  // namespace

boost::asio::awaitable<ServiceAnswer> ask_service(ServiceRequest request, ByteShare& share,
                                                  std::chrono::milliseconds timeout) {
  const SteadyTime deadline = steady_now() + timeout;
  for (int redirects = 0; redirects <= kRedirects; ++redirects) {
    Received received;
    co_await exchange(request, share, deadline, received);
    if (!received.begun) break;
    if (!received.next) {
      if (!received.failure.empty())
        co_return refusal(500, "error to receive response, err: " + received.failure);
      co_return std::move(received.answer);
    }
    request = std::move(*received.next);
  }
  co_return refusal(404, "error to call service");
}

}  // namespace edgecore::servicebus
