// SPDX-License-Identifier: Apache-2.0
#include "bare_server.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <memory>
#include <optional>

namespace edgecore::bench {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Tcp = asio::ip::tcp;
using boost::system::error_code;

struct Shared {
  http::response<http::string_body> response{http::status::ok, 11};
  std::optional<asio::ssl::context> tls;
  std::optional<Tcp::acceptor> acceptor;
};

template <class Stream>
struct Session : std::enable_shared_from_this<Session<Stream>> {
  template <class... Arguments>
  explicit Session(std::shared_ptr<Shared> with, Arguments&&... arguments)
      : stream(std::forward<Arguments>(arguments)...), shared(std::move(with)) {}

  void read() {
    request = {};
    http::async_read(stream, buffer, request,
                     [self = this->shared_from_this()](const error_code& error, std::size_t) {
                       if (!error) self->write();
                     });
  }
  void write() {
    http::async_write(stream, shared->response,
                      [self = this->shared_from_this()](const error_code& error, std::size_t) {
                        if (!error) self->read();
                      });
  }

  Stream stream;
  std::shared_ptr<Shared> shared;
  boost::beast::flat_buffer buffer;
  http::request<http::string_body> request;
};

void accept(const std::shared_ptr<Shared>& shared) {
  shared->acceptor->async_accept([shared](const error_code& error, Tcp::socket socket) {
    if (error) return;
    socket.set_option(Tcp::no_delay(true));
    if (shared->tls) {
      using Stream = asio::ssl::stream<Tcp::socket>;
      auto session = std::make_shared<Session<Stream>>(shared, std::move(socket), *shared->tls);
      session->stream.async_handshake(asio::ssl::stream_base::server, [session](const error_code& failed) {
        if (!failed) session->read();
      });
    } else {
      std::make_shared<Session<Tcp::socket>>(shared, std::move(socket))->read();
    }
    accept(shared);
  });
}

}  // namespace

std::uint16_t start_bare_server(asio::io_context& io, const std::string& body,
                                const std::string& certificate_pem, const std::string& key_pem) {
  auto shared = std::make_shared<Shared>();
  shared->response.set(http::field::content_type, "application/json");
  shared->response.body() = body;
  shared->response.prepare_payload();
  if (!certificate_pem.empty()) {
    auto& tls = shared->tls.emplace(asio::ssl::context::tls_server);
    tls.use_certificate_chain(asio::buffer(certificate_pem));
    tls.use_private_key(asio::buffer(key_pem), asio::ssl::context::pem);
  }
  const Tcp::endpoint loopback(asio::ip::address_v4::loopback(), 0);
  auto& acceptor = shared->acceptor.emplace(io, loopback);
  accept(shared);
  return acceptor.local_endpoint().port();
}

}  // namespace edgecore::bench
