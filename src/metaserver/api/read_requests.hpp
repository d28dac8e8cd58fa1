// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "metaserver/api/answers.hpp"
#include "metaserver/api/api_parts.hpp"
#include "metaserver/api/call.hpp"
#include "metaserver/api/identity.hpp"
#include "metaserver/api/list_answers.hpp"
#include "metaserver/api/object_reader.hpp"
#include "metaserver/api/open_streams.hpp"
#include "metaserver/cache/watch.hpp"

namespace edgecore::metaserver {

/// No watch is longer: what it was allowed by is judged anew when its client comes back.
inline constexpr std::chrono::seconds kLongestWatch{3600};

/// How long a watch is open that asks for so many seconds (`timeoutSeconds`): at most kLongestWatch. Without
/// a wish a random time, so that clients do not come back all at once.
[[nodiscard]] std::chrono::seconds watch_timeout(std::optional<std::uint64_t> asked);

/// The verbs get, list and watch. Owned by the Api, on the module's thread; keeps nothing between requests.
class ReadRequests {
 public:
  ReadRequests(const ApiParts& parts, const Answers& answers, Identity& identity, ObjectReader& reader,
               ListAnswers& lists, OpenStreams& streams)
      : parts_(parts),
        answers_(answers),
        identity_(identity),
        reader_(reader),
        lists_(lists),
        streams_(streams) {}

  Done get(Call& call);
  Done list(Call& call);
  Done watch(Call& call);

 private:
  boost::asio::awaitable<bool> is_served_here(Call& call, const ObjectFilter& filter);
  [[nodiscard]] WatchQuery watch_query(const Call& call, const Representation& wanted) const;
  boost::asio::awaitable<Scopes::Hold> hold_current(Call& call, const ObjectFilter& filter);

  const ApiParts& parts_;
  const Answers& answers_;
  Identity& identity_;
  ObjectReader& reader_;
  ListAnswers& lists_;
  OpenStreams& streams_;
};

}  // namespace edgecore::metaserver
