// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>

#include "edgecore/net/http_server.hpp"
#include "metaserver/api/answers.hpp"
#include "metaserver/api/api_parts.hpp"
#include "metaserver/api/call.hpp"
#include "metaserver/api/documents.hpp"
#include "metaserver/api/identity.hpp"
#include "metaserver/api/list_answers.hpp"
#include "metaserver/api/object_reader.hpp"
#include "metaserver/api/open_streams.hpp"
#include "metaserver/api/pod_requests.hpp"
#include "metaserver/api/read_requests.hpp"
#include "metaserver/api/write_requests.hpp"

namespace edgecore::metaserver {

/// A request's way: identified, permitted, counted, and handed to the part that answers it. Owned by the
/// module, on its thread; outlives the listeners and with them every request.
class Api {
 public:
  explicit Api(ApiParts parts);
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  /// Judges a request by its head: who is it, may he do that, has he not too much under way? The refusal;
  /// nullopt if the request is admitted.
  boost::asio::awaitable<std::optional<net::Response>> admit(net::Request& head);
  /// The handler of the HTTP servers, for admitted requests. Always answers, unless the client is gone.
  boost::asio::awaitable<void> handle(net::Request& request, net::Responder& responder);
  /// Ends the open streams whose client may not have them any longer. To be called when rights, tokens or
  /// pods change, and now and then: tokens and certificates end by themselves.
  void judge_streams();

 private:
  using Handler = Done (*)(Api&, Call&);
  struct VerbHandler;
  struct SubresourceHandler;

  /// What admit() found out about a request, for handle().
  struct Admission;

  Done judge(const net::Request& head, Admission& into);
  [[nodiscard]] ClientLimits::Ticket enter(const net::Request& head, const Admission& admission);
  Done serve(Call& call);
  Done serve_resource(Call& call);
  Done find_resource(Call& call);
  [[nodiscard]] static Handler handler_of(const Call& call);

  // The later ones use the earlier ones.
  ApiParts parts_;
  Answers answers_{parts_};
  Identity identity_{parts_};
  Documents documents_{parts_, answers_};
  ObjectReader reader_{parts_};
  ListAnswers lists_{parts_, answers_};
  OpenStreams streams_;
  ReadRequests reads_{parts_, answers_, identity_, reader_, lists_, streams_};
  WriteRequests writes_{parts_, answers_, reader_, lists_};
  PodRequests pods_{parts_, answers_, identity_, reader_, streams_};
};

}  // namespace edgecore::metaserver
