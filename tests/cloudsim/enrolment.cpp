// SPDX-License-Identifier: Apache-2.0
#include "cloudsim/enrolment.hpp"

#include "cloudsim/responses.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/net/url.hpp"

namespace edgecore::cloudsim {
namespace {

net::HttpServer::Options enrolment_options(const Authority& authority, std::uint16_t port) {
  net::HttpServer::Options made;
  made.port = port;
  made.tls = authority.server(net::ClientCertificate::kAsked, Authority::ServerIdentity::kRight);
  return made;
}

boost::asio::awaitable<void> serve(const Enrolment& enrolment, const net::Request& request,
                                   net::Responder& responder) {
  net::Response response = enrolment.answer(request);
  co_await responder.send(std::move(response));
}

/// Why a certificate may not be used to renew for `node`; "" if it may (protocol/01-tunnel.md §3.4).
std::string objection(const net::Certificate& certificate, const net::Certificate& ca,
                      const std::string& node, WallTime now) {
  if (const auto why = net::verify(certificate, {ca}, net::CertificatePurpose::kClient, now))
    return "failed to verify edge certificate: " + *why;
  const std::string organization = net::name_value(certificate.subject(), "O");
  if (organization == "system:nodes" && certificate.common_name() == "system:node:" + node) return {};
  if (organization == "KubeEdge" && certificate.common_name() == "kubeedge.io") return {};
  return "request node name is not match with the certificate";
}

}  // namespace

Enrolment::Enrolment(boost::asio::any_io_executor executor, const Authority& authority, const Faults& faults,
                     const Clock& clock, std::uint16_t port)
    : authority_(authority),
      faults_(faults),
      clock_(clock),
      server_(std::move(executor), enrolment_options(authority, port),
              [this](net::Request& request, net::Responder& responder) {
                return serve(*this, request, responder);
              }) {}

net::Response Enrolment::answer(const net::Request& request) const {
  const net::Target target = net::Target::parse(request.target);
  if (target.path == "/ca.crt" && request.method == "GET") return text_response(200, authority_.ca().der());
  if (target.path == "/edge.crt" && request.method == "GET") return edge_certificate(request);
  const bool report = target.path == "/nodeupgrade" || target.path.starts_with("/task/");
  if (!report) return text_response(404, "404: Page Not Found");
  if (request.method != "POST") return text_response(405, "405: Method Not Allowed");
  try {
    kube::parse_json(request.body, "The report");
  } catch (const BadInput& bad) {
    return text_response(400, bad.what());
  }
  return text_response(200, "ok");
}

net::Response Enrolment::edge_certificate(const net::Request& request) const {
  if (request.peer_certificate) {
    const std::string node(request.headers.get("NodeName"));
    const std::string why = objection(*request.peer_certificate, authority_.ca(), node, clock_.wall());
    if (!why.empty()) return text_response(401, why);
  } else {
    TokenVerdict verdict = authority_.judge(request.headers.get("Authorization"));
    if (verdict == TokenVerdict::kGood && faults_.expired_tokens) verdict = TokenVerdict::kRefused;
    // v1.17 answers 400 for a refused token.
    if (verdict == TokenVerdict::kMalformed) return text_response(401, "Invalid authorization token");
    if (verdict == TokenVerdict::kRefused) return text_response(400, "Invalid authorization token");
  }
  try {
    return text_response(200, authority_.sign_node(request.body).der());
  } catch (const BadInput&) {
    return text_response(200, "");  // v1.17 logs the reason and answers without one
  }
}

}  // namespace edgecore::cloudsim
